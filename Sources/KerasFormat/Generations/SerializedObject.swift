/// Keras's `{"class_name", "config"}` objects, with or without the `module` and `registered_name`
/// that later generations put beside them.
///
/// Nothing here is ever looked up or called: modules are compared with constants, so that a file
/// cannot name code.
enum SerializedObject {
  /// Classes that carry code or reach for files; refused whatever else the file says.
  private static let refused: Set<String> = [
    "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "__lambda__", "function",
    "__typespec__", "__bytes__",
  ]

  /// The value with every object in it reduced to `class_name` and `config`, and a dtype policy to
  /// its name.
  static func reduced(_ value: JSON) throws(KerasError) -> JSON {
    switch value {
    case .array(let values):
      var reducedValues: [JSON] = []
      for value in values { reducedValues.append(try reduced(value)) }
      return .array(reducedValues)
    case .object(let object):
      guard let name = object["class_name"] else {
        var result = JSONObject()
        for (key, value) in object.members {
          do { result[key] = try reduced(value) } catch { throw error.inside(key) }
        }
        return .object(result)
      }
      guard let className = name.string else {
        throw KerasError(.invalidJSON, "class_name is \(name.kind), expected a text")
      }
      return try reduced(object, className: className)
    default: return value
    }
  }

  private static func reduced(
    _ object: JSONObject, className: String
  ) throws(KerasError) -> JSON {
    try check(object, className: className)
    if ["DTypePolicy", "Policy", "PolicyV1"].contains(className) {
      guard let name = object["config"]?.object?["name"]?.string else {
        throw KerasError(.invalidJSON, "a \(className) without a name")
      }
      return .string(name)
    }
    var config = object["config"] ?? [:]
    do { config = try reduced(config) } catch { throw error.inside(className) }
    return ["class_name": .string(stripped(className)), "config": config]
  }

  /// Refuses what Keras itself did not write.
  static func check(_ object: JSONObject, className: String) throws(KerasError) {
    guard !refused.contains(className) else {
      throw KerasError(
        .unsupportedConfiguration, "\(className) holds code of its own, which is never run",
        hint: "rebuild the model without it")
    }
    if let module = object["module"], !module.isNull {
      guard let text = module.string, isKnown(module: text) else {
        throw KerasError(
          .unsupportedConfiguration,
          "\(className) is of module \(module.kind); expected one of Keras's own")
      }
    }
    if let registered = object["registered_name"], !registered.isNull {
      let names = [className, "Custom>\(className)", "keras>\(className)"]
      guard let text = registered.string, names.contains(text) else {
        throw KerasError(
          .unsupportedConfiguration,
          "\(className) is registered as \(registered.kind), which is not Keras's own")
      }
    }
  }

  private static func isKnown(module: String) -> Bool {
    let parts = module.split(separator: ".", omittingEmptySubsequences: false)
    var rest = parts[...]
    if rest.first == "tensorflow" || rest.first == "tf_keras" { rest = rest.dropFirst() }
    if rest.first == "keras" {
      rest = rest.dropFirst()
    } else if parts.first != "tf_keras" {
      return false
    }
    if rest.first == "src" || rest.first == "api" { rest = rest.dropFirst() }
    guard let area = rest.first else { return true }
    return [
      "layers", "initializers", "regularizers", "constraints", "optimizers", "metrics", "losses",
      "activations", "models", "engine", "mixed_precision", "dtype_policies", "ops", "legacy",
      "legacy_tf_layers", "random",
    ].contains(area)
  }

  static func stripped(_ className: String) -> String {
    className.hasPrefix("Custom>") ? String(className.dropFirst(7)) : className
  }

  /// The object as Keras 2.15 and 3 write it.
  static func wrapped(_ object: JSONObject, module: String) -> JSON {
    var result: JSONObject = ["module": .string(module)]
    for (key, value) in object.members { result[key] = value }
    result["registered_name"] = .null
    return .object(result)
  }
}
