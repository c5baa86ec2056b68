/// One generation's way of writing what ``ModelRecord`` holds in Keras 3's words.
///
/// A dialect is data: the keys that its layers and optimizers have, in file order and with the
/// value that a missing key means. `LayerDecoder`, `LayerEncoder`, `OptimizerDialect` and `SlotPlan`
/// are the code that all dialects share.
struct Dialect: Sendable {
  let generation: Generation
  /// The version that files of this generation are marked with: the last that was checked.
  let version: String
  /// Keys of each layer's config after `name`, `trainable` and `dtype`, in file order, of those that
  /// some generation words in a way of its own. A class that is not here is passed through as it
  /// is: within its own generation, and to others that ``KerasLayerNames`` knows to word it alike.
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
    /// What Keras 3 calls it.
    var canonical: String

    init(_ name: String, _ missing: JSON? = nil, own: Bool = false, canonical: String? = nil) {
      self.name = name
      self.missing = missing
      isOwn = own
      self.canonical = canonical ?? name
    }

    /// Whether its value is a function's name, or a layer that stands for one.
    var isActivation: Bool { name == "activation" || name == "recurrent_activation" }
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
