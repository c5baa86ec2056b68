/// Keras's `{"class_name", "config"}` objects, with or without the `module` and `registered_name`
/// that later generations put beside them.
///
/// Nothing here is ever looked up or called: modules are compared with constants, so that a file
/// cannot name code.
enum SerializedObject {
  /// Serialized Python that is no layer; refused whatever else the file says, as the classes of
  /// ``CodeLayers`` are.
  private static let refused: Set<String> = [
    "__lambda__", "function", "__typespec__", "__bytes__",
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

  /// Refuses what holds code, however deep; whatever else there is may be somebody's own.
  static func checkCode(in value: JSON) throws(KerasError) {
    for value in value.array ?? [] { try checkCode(in: value) }
    guard let object = value.object else { return }
    if let className = object["class_name"]?.string { try checkCode(stripped(className)) }
    for (key, value) in object.members {
      do { try checkCode(in: value) } catch { throw error.inside(key) }
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

  private static func checkCode(_ className: String) throws(KerasError) {
    if let reason = CodeLayers.reasons[className] {
      throw KerasError(
        .unsupportedConfiguration, "\(className) \(reason)",
        hint: "replace it by a built-in layer and save the model again")
    }
    guard !refused.contains(className) else {
      throw KerasError(
        .unsupportedConfiguration, "\(className) holds code of its own, which is never run",
        hint: "rebuild the model without it")
    }
  }

  /// Refuses what Keras itself did not write.
  static func check(_ object: JSONObject, className: String) throws(KerasError) {
    try checkCode(stripped(className))
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

  /// The class of a layer, whosever it is: `Dense`, `my_package>MyLayer` for one that is registered
  /// in a package, and the plain name of any other.
  ///
  /// - Throws: ``KerasError`` for a class that holds code, and for one of another module that has
  ///   the name of Keras's own, which it is not.
  static func layerClass(
    _ object: JSONObject, className: String
  ) throws(KerasError) -> String {
    let plain = stripped(className)
    try checkCode(withoutPackage(plain))
    if let registered = object["registered_name"]?.string, registered.contains(">"),
      !registered.hasPrefix("Custom>"), !registered.hasPrefix("keras>")
    {
      return registered
    }
    if KerasLayerNames.all.contains(plain) { try check(object, className: className) }
    return plain
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

  /// A layer as Keras 2.15 and 3 write it. One that is not Keras's own goes by its registered name.
  static func wrappedLayer(_ className: String, _ config: JSONObject) -> JSONObject {
    let isOwn = KerasLayerNames.all.contains(className)
    return [
      "module": isOwn ? "keras.layers" : .null,
      "class_name": .string(isOwn ? className : withoutPackage(className)),
      "config": .object(config), "registered_name": isOwn ? .null : .string(className),
    ]
  }

  /// `my_package>MyLayer` → `MyLayer`.
  static func withoutPackage(_ className: String) -> String {
    className.split(separator: ">").last.map(String.init) ?? className
  }

  /// The object as Keras 2.15 and 3 write it.
  static func wrapped(_ object: JSONObject, module: String) -> JSON {
    var result: JSONObject = ["module": .string(module)]
    for (key, value) in object.members { result[key] = value }
    result["registered_name"] = .null
    return .object(result)
  }
}
