/// Initializers, regularizers and constraints: names that Keras 3 has and what they are elsewhere.
package enum Initializers {
  private static let named: [(name: String, scale: Double, mode: String, distribution: String)] = [
    ("GlorotUniform", 1, "fan_avg", "uniform"), ("GlorotNormal", 1, "fan_avg", "normal"),
    ("HeUniform", 2, "fan_in", "uniform"), ("HeNormal", 2, "fan_in", "normal"),
    ("LecunUniform", 1, "fan_in", "uniform"), ("LecunNormal", 1, "fan_in", "normal"),
  ]

  /// Keras 1 and hand-written files give a name instead of an object.
  private static let byString: [String: JSON] = [
    "zero": object("Zeros"), "zeros": object("Zeros"), "one": object("Ones"),
    "ones": object("Ones"), "glorot_uniform": object("GlorotUniform", ["seed": nil]),
    "glorot_normal": object("GlorotNormal", ["seed": nil]),
    "he_uniform": object("HeUniform", ["seed": nil]),
    "he_normal": object("HeNormal", ["seed": nil]),
    "lecun_uniform": object("LecunUniform", ["seed": nil]),
    "lecun_normal": object("LecunNormal", ["seed": nil]),
    "uniform": object("RandomUniform", ["minval": -0.05, "maxval": 0.05, "seed": nil]),
    "random_uniform": object("RandomUniform", ["minval": -0.05, "maxval": 0.05, "seed": nil]),
    "normal": object("RandomNormal", ["mean": 0.0, "stddev": 0.05, "seed": nil]),
    "random_normal": object("RandomNormal", ["mean": 0.0, "stddev": 0.05, "seed": nil]),
    "orthogonal": object("Orthogonal", ["gain": 1.0, "seed": nil]),
    "identity": object("Identity", ["gain": 1.0]),
  ]

  private static func object(_ name: String, _ config: JSONObject = [:]) -> JSON {
    ["class_name": .string(name), "config": .object(config)]
  }

  // MARK: - To Keras 3's words

  package static func canonical(_ value: JSON) -> JSON {
    if let name = value.string { return byString[name] ?? value }
    guard var object = value.object, let name = object["class_name"]?.string,
      var config = object["config"]?.object
    else { return value }
    // Keras 3's pair of axes says nothing unless set.
    for key in ["input_axes", "output_axes"] where config[key] == .null { config[key] = nil }
    config["dtype"] = nil
    // Keras 2.15 and 3 say of an array that it is one; its numbers alone say so everywhere.
    if name == "Constant", let array = config["value"]?.object,
      ["__numpy__", "__tensor__"].contains(array["class_name"]?.string),
      let numbers = array["config"]?.object?["value"]
    {
      config["value"] = numbers
    }
    if name == "VarianceScaling" {
      let distribution = config["distribution"]?.string.map {
        $0 == "truncated_normal" ? "normal" : $0
      }
      let match = named.first {
        $0.scale == config["scale"]?.number && $0.mode == config["mode"]?.string
          && $0.distribution == distribution
      }
      if let match {
        var kept: JSONObject = ["seed": config["seed"] ?? .null]
        for key in ["input_axes", "output_axes"] { kept[key] = config[key] }
        return Self.object(match.name, kept)
      }
      if config["distribution"] == "normal" { config["distribution"] = "truncated_normal" }
    }
    object["config"] = .object(config)
    return .object(object)
  }

  // MARK: - From Keras 3's words

  static func dialect(_ value: JSON, _ dialect: Dialect) throws(KerasError) -> JSON {
    guard let object = value.object, let name = object["class_name"]?.string,
      var config = object["config"]?.object
    else { return value }
    guard !dialect.isModern else {
      let hasAxes = named.contains { $0.name == name } || name == "VarianceScaling"
      if dialect.generation == .keras3, hasAxes {
        for key in ["input_axes", "output_axes"] where config[key] == nil { config[key] = .null }
      }
      if name == "Constant", let numbers = config["value"], numbers.array != nil {
        config["value"] = Self.object("__numpy__", ["value": numbers, "dtype": "float32"])
      }
      return SerializedObject.wrapped(
        ["class_name": .string(name), "config": .object(config)], module: "keras.initializers")
    }
    if let match = named.first(where: { $0.name == name }) {
      return Self.object(
        "VarianceScaling",
        [
          "scale": .number(match.scale), "mode": .string(match.mode),
          "distribution": .string(match.distribution), "seed": config["seed"] ?? .null,
        ])
    }
    if name == "VarianceScaling" {
      guard config["distribution"] != "untruncated_normal" else {
        throw KerasError(
          .unsupportedConfiguration, "\(dialect.name) has no untruncated VarianceScaling")
      }
      if config["distribution"] == "truncated_normal" { config["distribution"] = "normal" }
    }
    let known = [
      "VarianceScaling", "Zeros", "Ones", "Constant", "RandomNormal", "RandomUniform",
      "TruncatedNormal", "Orthogonal", "Identity",
    ]
    guard known.contains(name) else {
      throw KerasError(.unsupportedConfiguration, "\(dialect.name) has no initializer \(name)")
    }
    return Self.object(name, config)
  }

  /// Regularizers and constraints: Keras 2 knows `L1L2` only.
  static func penalty(
    _ value: JSON, _ dialect: Dialect, module: String
  ) throws(KerasError) -> JSON {
    guard let object = value.object, let name = object["class_name"]?.string,
      let config = object["config"]?.object
    else { return value }
    guard !dialect.isModern else { return SerializedObject.wrapped(object, module: module) }
    switch name {
    case "L1", "L2":
      let l1 = config["l1"] ?? 0.0
      let l2 = config["l2"] ?? 0.0
      return Self.object("L1L2", ["l1": l1, "l2": l2])
    case "L1L2", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm": return value
    default:
      throw KerasError(.unsupportedConfiguration, "\(dialect.name) has no \(name)")
    }
  }
}
