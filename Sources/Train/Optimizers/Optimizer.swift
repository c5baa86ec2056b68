import KerasFormat
import KerasRuntime

/// An optimizer: how weights follow their gradients, in the arithmetic of a Keras generation.
///
/// It is a value of settings; its arrays, the slots, are kept by the training run. What
/// initializers leave out is Keras 3's; ``OptimizerRegistry/optimizer(_:config:generation:)`` knows
/// the defaults of the other generations.
public protocol Optimizer: Sendable {
  /// Keras 3's class name.
  static var className: String { get }
  /// A number, which may be changed between updates, or a schedule.
  var learningRate: any LearningRate { get set }
  /// Clipping, weight decay, averages: what all optimizers have.
  var options: OptimizerOptions { get set }
  /// The slots it needs, by Keras 3's names; at most three.
  var slotNames: [String] { get }

  /// From its canonical config, in which its generation's defaults are written out; learning rate
  /// and options are read elsewhere.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` or ``KerasError/Code/invalidArgument``
  ///   for a setting of the wrong kind or outside of its range.
  init(from config: inout ConfigReader) throws(KerasError)
  /// The keys that ``init(from:)`` reads.
  var config: JSONObject { get }

  /// Where a slot's numbers start. By default 0.
  func initialValue(ofSlot name: String) -> Float
  /// The shape of a slot of a weight of this shape; by default the weight's. A smaller one lies at the
  /// start of an array of the weight's size.
  func slotShape(_ name: String, of shape: [Int]) -> [Int]
  /// How many numbers it keeps for all weights together; each starts at 1. By default none.
  var scalarCount: Int { get }
  /// Moves these numbers on, before the update of each weight.
  ///
  /// - Parameters:
  ///   - weight: which of the `count` trainable weights comes next.
  ///   - iteration: this update: 1, 2, ….
  func advance(
    _ scalars: inout [Float], weight: Int, of count: Int, iteration: Int, rules: OptimizerRules)
  /// What its legacy form does with rows of an embedding whose ids do not occur in a batch. By
  /// default they are updated.
  var legacyUntouchedRows: UntouchedRows { get }

  /// Whether an update looks at all elements of a weight, so that no threads share one.
  var takesWholeWeights: Bool { get }

  /// Whether an update makes the gradient zero once it has used it, where that has no
  /// ``UpdateStep/squares``. By default not; it is then done afterwards.
  var clearsGradients: Bool { get }

  /// Changes one weight, or some elements of it: each by itself, since threads share large weights.
  func update(_ step: UpdateStep)
}

/// What becomes of rows of a table that no id of a batch has read.
public enum UntouchedRows: Sendable {
  /// They are updated with a gradient of zero, like everything else.
  case updated
  /// Their slots are, they themselves stay.
  case still
  /// Neither they nor their slots change.
  case skipped
}

/// Whose formulas are followed. The legacy optimizers of 2.15 compute like Keras 2 in most things.
public enum OptimizerRules: Int, Sendable, Comparable {
  /// A generation's own each; `legacy` are 2.15's `keras.optimizers.legacy`.
  case keras1, keras2, legacy, keras2_15, keras3

  init(_ generation: Generation, isLegacy: Bool) {
    self =
      switch generation {
      case .keras1: .keras1
      case .keras2: .keras2
      case .keras2_15: isLegacy ? .legacy : .keras2_15
      case .keras3: .keras3
      }
  }

  public static func < (a: OptimizerRules, b: OptimizerRules) -> Bool { a.rawValue < b.rawValue }

  /// Formulas before Keras's own of 2.11, with which tf.keras 2.15 and Keras 3 compute.
  public var isOld: Bool { self <= .legacy }
}

/// One weight, or elements of one, at one update.
public struct UpdateStep {
  /// The weight's numbers, which are changed.
  public internal(set) var weight: UnsafeMutablePointer<Float>
  /// The loss's slope by each of these numbers, clipped and scaled already. It may be made zero; see
  /// ``Optimizer/clearsGradients``.
  public internal(set) var gradient: UnsafeMutablePointer<Float>
  /// In place of `gradient²` in running means of squares, and of `|gradient|` in running maxima:
  /// their sums over the occurrences of an id, where these count one by one (Keras 3 on
  /// TensorFlow).
  public internal(set) var squares: UnsafePointer<Float>?
  /// The sums of magnitudes, where these count one by one.
  public internal(set) var magnitudes: UnsafePointer<Float>?
  /// In the order of ``Optimizer/slotNames``.
  public internal(set) var slots: [UnsafeMutablePointer<Float>]
  /// The weight's shape.
  public internal(set) var shape: [Int]
  /// How many numbers there are.
  public internal(set) var count: Int
  /// The rate of this update, decay applied.
  public internal(set) var learningRate: Float
  /// Updates including this one: 1, 2, ….
  public internal(set) var iteration: Int
  /// The first of what the optimizer keeps for all weights together.
  public internal(set) var scalar: Float
  /// Whose formula is followed.
  public let rules: OptimizerRules

  /// `1 - share`, for a running mean: where Keras keeps the share as a float32 it subtracts that;
  /// elsewhere it subtracts in Python's double precision. For 0.999 they differ by 5e-5.
  @inline(__always)
  func complement(_ share: Double) -> Float { rules.isOld ? 1 - Float(share) : Float(1 - share) }

  /// Calls `body` with a function that gives each gradient's square; it is inlined once for each
  /// case, so that neither loop has a branch.
  @inline(__always)
  func withSquares(_ body: ((Int) -> Float) -> Void) {
    if let squares { body { squares[$0] } } else { body { gradient[$0] * gradient[$0] } }
  }
}

extension Optimizer {
  public var clearsGradients: Bool { false }
  public func initialValue(ofSlot name: String) -> Float { 0 }
  public func slotShape(_ name: String, of shape: [Int]) -> [Int] { shape }
  public var scalarCount: Int { 0 }
  public func advance(
    _ scalars: inout [Float], weight: Int, of count: Int, iteration: Int, rules: OptimizerRules
  ) {}
  public var legacyUntouchedRows: UntouchedRows { .updated }
  public var takesWholeWeights: Bool { false }

  /// As Keras 3 writes it: `class_name` and `config`, learning rate and options included.
  public var serialized: JSON {
    ["class_name": .string(Self.className), "config": .object(record(iterations: nil).config)]
  }

  /// The rate of the update after `iterations` batches.
  public func rate(after iterations: Int) -> Float {
    let rate = learningRate.rate(after: iterations)
    guard options.decay > 0 else { return rate }
    return rate * (1 / (1 + Float(options.decay) * Float(iterations)))
  }

  /// As stored: Keras 3's keys, no slots yet.
  func record(iterations: Int?) -> OptimizerRecord {
    var config: JSONObject = ["learning_rate": learningRate.serialized]
    for (key, value) in options.config.members { config[key] = value }
    for (key, value) in self.config.members { config[key] = value }
    return OptimizerRecord(className: Self.className, config: config, iterations: iterations)
  }
}
