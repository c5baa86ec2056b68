import KerasFormat

/// A penalty on numbers that are better small: on a weight, or on what comes out of a layer.
public protocol Regularizer: Sendable {
  /// Keras's class name.
  static var className: String { get }

  /// From Keras's config; missing settings take Keras's defaults.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` for a setting of the wrong kind.
  init(from config: inout ConfigReader) throws(KerasError)

  /// Why it has no meaning for an array of this shape, or `nil`. By default `nil`.
  func objection(to shape: [Int]) -> String?

  /// What it adds to the loss.
  func penalty<S: Scalar>(of values: UnsafePointer<S>, shape: [Int]) -> Double

  /// Adds `scale` times the gradient of ``penalty(of:shape:)``.
  func addGradient<S: Scalar>(
    of values: UnsafePointer<S>, shape: [Int], scale: S, to gradient: UnsafeMutablePointer<S>)
}

extension Regularizer {
  public func objection(to shape: [Int]) -> String? { nil }
}

/// THE list of regularizers.
public enum RegularizerRegistry {
  /// Each class once.
  public static let builtIn: [any Regularizer.Type] = [
    L1.self, L2.self, L1L2.self, OrthogonalRegularizer.self,
  ]

  /// What Keras takes instead of an object.
  private static let byString: [String: JSON] = [
    "l1": ["class_name": "L1", "config": ["l1": 0.01]],
    "l2": ["class_name": "L2", "config": ["l2": 0.01]],
    "l1_l2": ["class_name": "L1L2", "config": ["l1": 0.01, "l2": 0.01]],
    "l1l2": ["class_name": "L1L2", "config": ["l1": 0.01, "l2": 0.01]],
    "orthogonal_regularizer": ["class_name": "OrthogonalRegularizer", "config": [:]],
  ]

  /// A regularizer from its serialized form; `nil` for `null`.
  ///
  /// - Throws: ``KerasError`` naming a class that is not known, or a setting that is not.
  public static func regularizer(_ json: JSON) throws(KerasError) -> (any Regularizer)? {
    if json.isNull { return nil }
    let json = json.string.flatMap { byString[$0.lowercased()] } ?? json
    guard let name = json.string ?? json.object?["class_name"]?.string else {
      throw KerasError(.unsupportedConfiguration, "\(json.kind) but a regularizer belongs here")
    }
    guard let type = builtIn.first(where: { $0.className == name }) else {
      throw KerasError(
        .unknownName, "unknown regularizer '\(name)'",
        hint: Suggestion.hint(for: name, among: builtIn.map { $0.className })
          ?? "known are \(builtIn.map { $0.className }.joined(separator: ", "))")
    }
    var config = ConfigReader(json.object?["config"]?.object ?? [:], of: name)
    let regularizer = try type.init(from: &config)
    try config.finish()
    return regularizer
  }
}
