import KerasFormat

/// One thing in which two stored models differ: what it is, where it is, and both values.
///
///     gru/units: 6 and 8
///     gru/cell/kernel: shape (8, 18) and (8, 24)
///     gru/cell/kernel: 0.1 and 0.35 at (3, 7), off by 0.25; 24 of 144 numbers differ
public struct ModelDifference: Sendable, Equatable, CustomStringConvertible {
  /// What kind of thing differs.
  public enum Aspect: String, Sendable, CaseIterable {
    /// A layer that only one model has, or layers in another order.
    case layers
    /// Keras's class of a layer, or whether the model is sequential.
    case className = "class_name"
    /// A name that somebody gave, to a layer or to the model.
    case name
    /// A name that differs in nothing but Keras's automatic numbering: `gru` and `gru_1`.
    case numbering
    /// A setting in a layer's config.
    case config
    /// What a layer of a functional model is called on, or what goes in and out of the model.
    case connections
    /// How many weights a layer has.
    case weightCount = "weight_count"
    /// The shape of a weight.
    case weightShape = "weight_shape"
    /// The type of a weight's numbers.
    case weightType = "weight_dtype"
    /// A weight's numbers, further apart than the tolerance.
    case weightValues = "weight_values"
    /// Loss, metrics and whether the model is compiled at all.
    case compilation
    /// The optimizer's class, a setting of it, or its updates so far.
    case optimizer
    /// An optimizer's array.
    case slot
    /// How texts become tokens.
    case textPipeline = "text_pipeline"
  }

  /// What kind of thing it is.
  public var aspect: Aspect
  /// The way to it: the layer's name in the first model, then a config key or a weight's name.
  public var place: [String]
  /// Both values as people read them.
  public var first: String
  /// The second model's.
  public var second: String
  /// How far numbers of one shape are apart.
  public var numbers: NumericDifference?
  /// The shape of these numbers.
  public var shape: [Int]?

  /// Of a kind, at a place, with both values as people read them; by default not of numbers.
  public init(
    _ aspect: Aspect, at place: [String], _ first: String, _ second: String,
    numbers: NumericDifference? = nil, shape: [Int]? = nil
  ) {
    self.aspect = aspect
    self.place = place
    self.first = first
    self.second = second
    self.numbers = numbers
    self.shape = shape
  }

  /// Numbers of one shape, the worst of them as the two values.
  init(
    _ aspect: Aspect, at place: [String], _ numbers: NumericDifference, shape: [Int]
  ) {
    self.init(
      aspect, at: place, "\(Float(numbers.largest.first))", "\(Float(numbers.largest.second))",
      numbers: numbers, shape: shape)
  }

  /// One line: the place, both values, and for numbers how far they are apart.
  public var description: String {
    let values = "\(first) and \(second)"
    let place = place.joined(separator: "/")
    guard let numbers, let shape else { return "\(place): \(values)" }
    let index = NumericDifference.indices(of: numbers.largest.position, in: shape)
    return "\(place): \(values) at \(index.tuple), \(numbers.largest.distance); "
      + "\(numbers.count) of \(shape.reduce(1, *)) numbers differ"
  }
}
