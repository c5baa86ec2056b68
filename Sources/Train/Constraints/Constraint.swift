import KerasFormat
import KerasRuntime

/// What a weight must be after every update: Keras's `kernel_constraint` and its like.
public protocol Constraint: Sendable {
  /// Keras's class name.
  static var className: String { get }

  /// From Keras's config; missing settings take Keras's defaults.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` for a setting of the wrong kind.
  init(from config: inout ConfigReader) throws(KerasError)

  /// Why it has no meaning for a weight of this shape, or `nil`.
  func objection(to shape: [Int]) -> String?

  /// Makes the weight what it must be.
  func apply(to weight: UnsafeMutablePointer<Float>, shape: [Int], generation: Generation)
}

/// THE list of constraints.
public enum ConstraintRegistry {
  /// Each class once.
  public static let builtIn: [any Constraint.Type] = [
    MaxNorm.self, NonNeg.self, UnitNorm.self, MinMaxNorm.self,
  ]

  /// What Keras takes instead of an object, besides the class names.
  private static let byString = [
    "max_norm": "MaxNorm", "maxnorm": "MaxNorm", "non_neg": "NonNeg", "nonneg": "NonNeg",
    "unit_norm": "UnitNorm", "unitnorm": "UnitNorm", "min_max_norm": "MinMaxNorm",
  ]

  /// A constraint from its serialized form; `nil` for `null`.
  ///
  /// - Throws: ``KerasError`` naming a class that is not known, or a setting that is not.
  public static func constraint(_ json: JSON) throws(KerasError) -> (any Constraint)? {
    if json.isNull { return nil }
    guard let given = json.string ?? json.object?["class_name"]?.string else {
      throw KerasError(.unsupportedConfiguration, "\(json.kind) but a constraint belongs here")
    }
    let name = byString[given] ?? given
    guard let type = builtIn.first(where: { $0.className == name }) else {
      throw KerasError(
        .unknownName, "unknown constraint '\(name)'",
        hint: Suggestion.hint(for: name, among: builtIn.map { $0.className })
          ?? "known are \(builtIn.map { $0.className }.joined(separator: ", "))")
    }
    var config = ConfigReader(json.object?["config"]?.object ?? [:], of: name)
    let constraint = try type.init(from: &config)
    try config.finish()
    return constraint
  }

  /// The constraints of a network's weights, by index.
  ///
  /// - Throws: ``KerasError`` naming the layer and the weight whose constraint is not known.
  static func constraints(of network: Network) throws(KerasError) -> [Int: any Constraint] {
    var constraints: [Int: any Constraint] = [:]
    for node in network.nodes {
      for index in node.weights {
        let spec = network.parameters.layout.specs[index]
        do throws(KerasError) {
          guard let constraint = try constraint(spec.settings.constraint) else { continue }
          if let objection = constraint.objection(to: spec.shape) {
            throw KerasError(.unsupportedConfiguration, objection)
          }
          constraints[index] = constraint
        } catch {
          throw error.inside("constraint").inside(spec.name).inside(node.name)
        }
      }
    }
    return constraints
  }
}
