/// One generation's way of writing what ``ModelRecord`` holds in Keras 3's words.
///
/// A dialect is data: the keys that its layers and optimizers have, in file order and with the value
/// that a missing key means. `LayerDecoder`, `LayerEncoder`, `OptimizerDialect` and `SlotPlan`
/// are the code that all dialects share.
struct Dialect: Sendable {
  let generation: Generation
  /// The version that files of this generation are marked with: the last that was checked.
  let version: String
  /// Keys of each layer's config after `name`, `trainable` and `dtype`, in file order. A class that
  /// is not here is passed through as it is, within its own generation only.
  let layers: [String: [Key]]
  /// The activations that have a name, in this generation's own spelling.
  let activations: Set<String>
  /// Whether every layer has a `dtype`, and objects stand with `module` and `registered_name`.
  let isModern: Bool
  /// Class names of this generation that Keras 3 spells otherwise.
  var classNames: [String: String] = [:]

  /// One key of a config.
  struct Key: Sendable {
    var name: String
    /// What a file of this generation means by leaving the key out; `nil` where it cannot.
    var missing: JSON?
    /// `true` for a key that means nothing in the canonical config; it is written with `missing`.
    var isOwn = false

    init(_ name: String, _ missing: JSON? = nil, own: Bool = false) {
      self.name = name
      self.missing = missing
      isOwn = own
    }
  }

  static func of(_ generation: Generation) -> Dialect {
    switch generation {
    case .keras1: .keras1
    case .keras2: .keras2
    case .keras2_15: .keras2_15
    case .keras3: .keras3
    }
  }

  /// What a message calls it: `Keras 2.15`.
  var name: String { "Keras \(generation.rawValue)" }
}

extension [Dialect.Key] {
  /// Keys that several layers share.
  static func initializers(recurrent: Bool, bias: Bool = true) -> [Dialect.Key] {
    let glorot: JSON = ["class_name": "GlorotUniform", "config": ["seed": nil]]
    let orthogonal: JSON = ["class_name": "Orthogonal", "config": ["gain": 1.0, "seed": nil]]
    let zeros: JSON = ["class_name": "Zeros", "config": [:]]
    return [.init("kernel_initializer", glorot)]
      + (recurrent ? [.init("recurrent_initializer", orthogonal)] : [])
      + [.init("bias_initializer", zeros)]
  }

  static let recurrentFlags: [Dialect.Key] = [
    .init("return_sequences", false), .init("return_state", false), .init("go_backwards", false),
    .init("stateful", false), .init("unroll", false),
  ]

  static let recurrentPenalties: [Dialect.Key] = [
    .init("kernel_regularizer", .null), .init("recurrent_regularizer", .null),
    .init("bias_regularizer", .null), .init("activity_regularizer", .null),
    .init("kernel_constraint", .null), .init("recurrent_constraint", .null),
    .init("bias_constraint", .null), .init("dropout", 0.0), .init("recurrent_dropout", 0.0),
  ]

  static let embedding: [Dialect.Key] = [
    .init("input_dim"), .init("output_dim"),
    .init(
      "embeddings_initializer",
      [
        "class_name": "RandomUniform",
        "config": ["minval": -0.05, "maxval": 0.05, "seed": nil],
      ]),
    .init("embeddings_regularizer", .null), .init("activity_regularizer", .null),
    .init("embeddings_constraint", .null), .init("mask_zero", false),
  ]
}
