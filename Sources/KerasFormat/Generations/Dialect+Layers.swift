/// What the generations' tables of layers have in common.
extension Dialect {
  /// A table of layers, each with its keys in parts.
  static func table(_ layers: [(className: String, parts: [[Key]])]) -> [String: [Key]] {
    var table: [String: [Key]] = [:]
    for layer in layers { table[layer.className] = layer.parts.flatMap { $0 } }
    return table
  }

  /// Layers that all generations from 2 on write alike, and Keras 1 otherwise.
  static let commonLayers: [String: [Key]] = [
    "Flatten": [Key("data_format", "channels_last")],
    "ReLU": [Key("max_value", .null), Key("negative_slope", 0.0), Key("threshold", 0.0)],
    "PReLU": [
      Key("alpha_initializer", .zeros), Key("alpha_regularizer", .null),
      Key("alpha_constraint", .null), Key("shared_axes", .null),
    ],
    "UpSampling1D": [Key("size", 2)],
    "Add": [], "Subtract": [], "Multiply": [], "Average": [], "Maximum": [], "Minimum": [],
    "Concatenate": [Key("axis", -1)],
    "Dot": [Key("axes"), Key("normalize", false)],
    "TimeDistributed": [Key("layer")],
    "StackedRNNCells": [Key("cells")],
  ]

  /// Layers that 2.15 and 3 write alike, and older ones otherwise.
  static let modernLayers: [String: [Key]] = [
    // What stops the mask of a branch of Keras 1's models.
    "Identity": [],
    "Conv1D": .convolution + .kernel + .convolutionPenalties,
    "GaussianNoise": [Key("stddev"), Key("seed", .null)],
    "GaussianDropout": [Key("rate"), Key("seed", .null)],
    "GlobalMaxPooling1D": .globalPooling, "GlobalAveragePooling1D": .globalPooling,
  ]
}

extension JSON {
  fileprivate static let zeros: JSON = ["class_name": "Zeros", "config": [:]]
  fileprivate static let ones: JSON = ["class_name": "Ones", "config": [:]]
  static let glorot: JSON = ["class_name": "GlorotUniform", "config": ["seed": nil]]
}

extension [Dialect.Key] {
  /// Keys that several layers share.
  static func initializers(recurrent: Bool, bias: Bool = true) -> [Dialect.Key] {
    let orthogonal: JSON = ["class_name": "Orthogonal", "config": ["gain": 1.0, "seed": nil]]
    return [.init("kernel_initializer", .glorot)]
      + (recurrent ? [.init("recurrent_initializer", orthogonal)] : [])
      + [.init("bias_initializer", .zeros)]
  }

  // MARK: Recurrent layers

  static let recurrentFlags: [Dialect.Key] = [
    .init("return_sequences", false), .init("return_state", false), .init("go_backwards", false),
    .init("stateful", false), .init("unroll", false),
  ]

  static let recurrentPenalties: [Dialect.Key] =
    cellPenalties(activity: true) + [.init("dropout", 0.0), .init("recurrent_dropout", 0.0)]

  private static func cellPenalties(activity: Bool) -> [Dialect.Key] {
    [
      .init("kernel_regularizer", .null), .init("recurrent_regularizer", .null),
      .init("bias_regularizer", .null),
    ] + (activity ? [.init("activity_regularizer", .null)] : []) + [
      .init("kernel_constraint", .null), .init("recurrent_constraint", .null),
      .init("bias_constraint", .null),
    ]
  }

  /// A cell by itself: its gates, weights and shares of dropout, then what its generation adds.
  static func cell(_ gates: [Dialect.Key], forgetting: [Dialect.Key] = []) -> [Dialect.Key] {
    gates + initializers(recurrent: true) + forgetting + cellPenalties(activity: false)
      + [.init("dropout", 0.0), .init("recurrent_dropout", 0.0)]
  }

  static func gates(_ recurrentActivation: JSON?) -> [Dialect.Key] {
    [.init("units"), .init("activation", "tanh")]
      + (recurrentActivation.map { [.init("recurrent_activation", $0)] } ?? [])
      + [.init("use_bias", true)]
  }

  // MARK: Others

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

  static let densePenalties: [Dialect.Key] = [
    .init("kernel_regularizer", .null), .init("bias_regularizer", .null),
    .init("activity_regularizer", .null), .init("kernel_constraint", .null),
    .init("bias_constraint", .null),
  ]

  static let globalPooling: [Dialect.Key] = [
    .init("data_format", "channels_last"), .init("keepdims", false),
  ]

  /// Windows of a convolution, without what its filters are called.
  static let windows: [Dialect.Key] = [
    .init("kernel_size"), .init("strides", [1]), .init("padding", "valid"),
    .init("data_format", "channels_last"), .init("dilation_rate", [1]),
  ]
  static let activationAndBias: [Dialect.Key] = [
    .init("activation", "linear"), .init("use_bias", true),
  ]
  static let convolution: [Dialect.Key] =
    [.init("filters")] + windows + [.init("groups", 1)] + activationAndBias
  static let kernel: [Dialect.Key] = initializers(recurrent: false)
  static let convolutionPenalties = densePenalties

  /// What the normalizations that scale and center write.
  static let scaling: [Dialect.Key] = [
    .init("epsilon", 0.001), .init("center", true), .init("scale", true),
    .init("beta_initializer", .zeros), .init("gamma_initializer", .ones),
  ]
  static let movingInitializers: [Dialect.Key] = [
    .init("moving_mean_initializer", .zeros), .init("moving_variance_initializer", .ones),
  ]
  static let scalingPenalties: [Dialect.Key] = [
    .init("beta_regularizer", .null), .init("gamma_regularizer", .null),
    .init("beta_constraint", .null), .init("gamma_constraint", .null),
  ]
  static let batchNormalization: [Dialect.Key] =
    [.init("axis", -1), .init("momentum", 0.99)] + scaling + movingInitializers + scalingPenalties

  func first(_ count: Int) -> [Dialect.Key] { Array(prefix(count)) }
  func last(_ count: Int) -> [Dialect.Key] { Array(suffix(count)) }

  /// Initializer, regularizer and constraint of a convolution's part: `depthwise_initializer`….
  static func part(_ name: String) -> [Dialect.Key] {
    ["initializer", "regularizer", "constraint"].map { .part(name, $0) }
  }
  static let biasKeys: [Dialect.Key] = [
    .init("bias_initializer", .zeros), .init("bias_regularizer", .null),
    .init("activity_regularizer", .null), .init("bias_constraint", .null),
  ]
}

extension Dialect.Key {
  /// One of what a layer's part has: `depthwise_initializer`, `depthwise_regularizer`….
  static func part(_ name: String, _ suffix: String) -> Dialect.Key {
    .init("\(name)_\(suffix)", suffix == "initializer" ? .glorot : .null)
  }
}
