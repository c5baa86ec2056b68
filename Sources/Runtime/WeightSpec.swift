import KerasFormat

/// What a layer demands of one of its weights: name, shape and how it starts.
public struct WeightSpec: Sendable, Equatable {
  /// The way from the layer to the weight in Keras 3's structure, such as `cell/recurrent_kernel`.
  public var name: String
  /// Row-major; `[]` for a single number.
  public let shape: [Int]
  /// How it starts, what penalizes it and what it is kept to.
  public let settings: WeightSettings
  /// Whether training changes it by gradients; Keras lists the others apart.
  public var isTrainable: Bool
  /// Whether it is a statistic that its layer keeps of what it has seen, such as a moving mean:
  /// what the way back adds to its gradient is then the change itself.
  public let isTracked: Bool

  /// By default it is trained by gradients.
  public init(
    _ name: String, shape: [Int], settings: WeightSettings, isTracked: Bool = false
  ) {
    self.name = name
    self.shape = shape
    self.settings = settings
    self.isTracked = isTracked
    isTrainable = !isTracked
  }

  /// How many numbers it holds.
  public var count: Int { shape.reduce(1, *) }
}

/// A weight's initializer, regularizer and constraint as its layer's config has them.
public struct WeightSettings: Sendable, Equatable {
  /// How it starts.
  public var initializer: Initializer
  /// Serialized as Keras 3 does; `null` for none.
  public var regularizer: JSON
  /// What it is kept to after each update, serialized likewise; `null` for none.
  public var constraint: JSON

  /// By default without regularizer and constraint.
  public init(_ initializer: Initializer, regularizer: JSON = .null, constraint: JSON = .null) {
    self.initializer = initializer
    self.regularizer = regularizer
    self.constraint = constraint
  }

  /// Reads `kernel_initializer`, `kernel_regularizer`, `kernel_constraint` for the prefix `kernel`.
  ///
  /// - Throws: ``KerasError/Code/unknownName`` or ``KerasError/Code/unsupportedConfiguration`` with
  ///   the key for an initializer that is not known or cannot be.
  public init(
    _ config: inout ConfigReader, _ prefix: String, default initializer: Initializer
  ) throws(KerasError) {
    if let json = config.value("\(prefix)_initializer") {
      do {
        self.initializer = try Initializer(json: json)
      } catch {
        throw config.error(
          "\(prefix)_initializer", error.message, code: error.code, hint: error.hint)
      }
    } else {
      self.initializer = initializer
    }
    regularizer = config.value("\(prefix)_regularizer") ?? .null
    constraint = config.value("\(prefix)_constraint") ?? .null
  }

  /// Writes the keys that ``init(_:_:default:)`` reads.
  public func write(_ prefix: String, to config: inout JSONObject) {
    config["\(prefix)_initializer"] = initializer.json
    config["\(prefix)_regularizer"] = regularizer
    config["\(prefix)_constraint"] = constraint
  }
}
