import KerasFormat

/// The types that a layer computes in and keeps its weights in: Keras's dtype policy, which every
/// layer has for itself.
public struct DTypePolicy: Sendable, Equatable {
  /// A type of numbers with fractions, by Keras's name.
  public enum FloatType: String, Sendable { case float16, bfloat16, float32, float64 }

  /// Keras's name, such as `mixed_float16`.
  public let name: String
  /// What inputs and weights are cast to before the layer runs, and what its outputs are.
  public let computeType: FloatType
  /// What weights are kept in.
  public let variableType: FloatType

  /// Keras's default.
  public static let float32 = DTypePolicy(
    name: "float32", computeType: .float32, variableType: .float32)

  private init(name: String, computeType: FloatType, variableType: FloatType) {
    self.name = name
    self.computeType = computeType
    self.variableType = variableType
  }

  /// Layers that look words up have the type of a whole number instead, and compute nothing in it.
  private static let others: Set<String> = [
    "string", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
  ]

  /// - Throws: ``KerasError`` for a policy that is not computed, such as a quantized one.
  public init(named name: String) throws(KerasError) {
    let plain = name.hasPrefix("mixed_") ? String(name.dropFirst("mixed_".count)) : name
    if let type = FloatType(rawValue: plain), plain == name || type.isNarrow {
      self.init(name: name, computeType: type, variableType: plain == name ? type : .float32)
    } else if Self.others.contains(name) {
      self.init(name: name, computeType: .float32, variableType: .float32)
    } else {
      throw KerasError(
        .unsupportedConfiguration, "a dtype policy '\(name)'",
        hint: "known are float16, bfloat16, float32, float64, mixed_float16 and mixed_bfloat16")
    }
  }

  /// The policy of a layer's config, after making sure that layers inside it have the same.
  ///
  /// - Parameter hasWeights: whether the layer has weights, and so cannot have the type of a whole
  ///   number.
  init(of config: JSONObject, hasWeights: Bool) throws(KerasError) {
    let name = config["dtype"]?.string ?? Self.float32.name
    guard !hasWeights || !Self.others.contains(name) else {
      throw KerasError(
        .unsupportedConfiguration, "a dtype policy '\(name)' of a layer with weights",
        hint: "known are float16, bfloat16, float32, float64, mixed_float16 and mixed_bfloat16")
    }
    try self.init(named: name)
    try checkInner(config)
  }

  private func checkInner(_ config: JSONObject) throws(KerasError) {
    for key in ["layer", "backward_layer", "cell"] {
      guard let object = config[key]?.object, let inner = object["config"]?.object else { continue }
      // A model inside has layers with policies of their own.
      if ["Sequential", "Functional"].contains(object["class_name"]?.string) { continue }
      if let dtype = inner["dtype"]?.string, try DTypePolicy(named: dtype) != self {
        throw KerasError(
          .unsupportedConfiguration, "\(dtype) inside a layer of \(name)", at: .init(path: [key]),
          hint: "a layer and the one it wraps must have one dtype policy")
      }
      try checkInner(inner)
      for cell in inner["cells"]?.array ?? [] { try checkInner(["cell": cell]) }
    }
  }
}

extension DTypePolicy.FloatType {
  /// Whether it has 16 bits.
  package var isNarrow: Bool { self == .float16 || self == .bfloat16 }

  /// The same among the types of arrays.
  var elementType: ElementType {
    switch self {
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .float32: .float32
    case .float64: .float64
    }
  }
}
