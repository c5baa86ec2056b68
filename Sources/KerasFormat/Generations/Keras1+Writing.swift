/// The way back to Keras 1's words, from those of Keras 2.
extension Dialect {
  /// How Keras 1 merges what later are layers of their own.
  private static let mergeModes = [
    "Add": "sum", "Multiply": "mul", "Average": "ave", "Maximum": "max", "Concatenate": "concat",
    "Dot": "dot", "CosineDot": "cos",
  ]

  /// The class and config of a layer in Keras 1's words.
  ///
  /// - Parameter config: in those of Keras 2.
  static func keras1(
    _ className: String, _ config: JSONObject
  ) throws(KerasError) -> (className: String, config: JSONObject) {
    if let mode = mergeModes[className] { return ("Merge", try merge(mode, config)) }
    guard KerasLayerNames.entries[className]?.generations.contains(.keras1) ?? false else {
      throw KerasError(.unsupportedConfiguration, "Keras 1 has no \(className)")
    }
    var config = config
    try dropDefaults(className, &config)
    let isEmbedding = className == "Embedding"
    let isPReLU = className == "PReLU"
    for (old, new) in [
      ("units", "output_dim"), ("recurrent_initializer", "inner_init"),
      ("recurrent_activation", "inner_activation"), ("recurrent_regularizer", "U_regularizer"),
      ("recurrent_constraint", "U_constraint"), ("bias_regularizer", "b_regularizer"),
      ("bias_constraint", "b_constraint"), ("use_bias", "bias"), ("rate", "p"),
      ("stddev", "sigma"), ("filters", "nb_filter"), ("kernel_size", "filter_length"),
      ("pool_size", "pool_length"), ("dilation_rate", "atrous_rate"), ("padding", "border_mode"),
      ("strides", className == "Conv1D" ? "subsample_length" : "stride"), ("size", "length"),
      ("recurrent_dropout", "dropout_U"), ("dropout", "dropout_W"),
      (
        isEmbedding
          ? "embeddings_initializer" : isPReLU ? "alpha_initializer" : "kernel_initializer",
        "init"
      ),
      (isEmbedding ? "embeddings_regularizer" : "kernel_regularizer", "W_regularizer"),
      (isEmbedding ? "embeddings_constraint" : "kernel_constraint", "W_constraint"),
      ("beta_initializer", "beta_init"), ("gamma_initializer", "gamma_init"),
      ("alpha_initializer", "alpha_init"), ("t_left_initializer", "t_left_init"),
      ("a_left_initializer", "a_left_init"), ("t_right_initializer", "t_right_init"),
      ("a_right_initializer", "a_right_init"),
    ] {
      if old == "padding", className == "ZeroPadding1D" { continue }
      config.rename(old, to: new)
    }
    for key in ["filter_length", "subsample_length", "pool_length", "stride", "atrous_rate"] {
      if let list = config[key]?.array, list.count == 1 { config[key] = list[0] }
    }
    if ["SimpleRNN", "LSTM", "GRU"].contains(className) {
      let way = config.take("implementation")?.integer ?? 1
      config["consume_less"] = Keras1Gates.ways.first { $0.value == way }.map { .string($0.key) }
      if let unit = config.take("unit_forget_bias") {
        config["forget_bias_init"] = unit == true ? "one" : "zero"
      }
    }
    if isEmbedding { config["dropout"] = config.take("legacy_dropout") ?? 0.0 }
    if className == "BatchNormalization", config["mode"] == nil { config["mode"] = 0 }
    for key in config.keys where key.hasSuffix("init") {
      config[key] = config[key].map(initializer)
    }
    for key in config.keys where key.hasSuffix("_regularizer") || key.hasSuffix("_constraint") {
      config[key] = try config[key].map { value throws(KerasError) in try penalty(value) }
    }
    if className == "Conv1D" {
      let (rate, isAtrous) = (config.take("atrous_rate"), config.take("legacy_atrous") == true)
      guard let rate, isAtrous || rate != 1 else { return ("Convolution1D", config) }
      config["atrous_rate"] = rate
      return ("AtrousConvolution1D", config)
    }
    return (className, config)
  }

  /// Removes what only later generations can say, after checking that it says nothing.
  private static func dropDefaults(
    _ className: String, _ config: inout JSONObject
  ) throws(KerasError) {
    var silent: [(String, [JSON])] = [
      ("data_format", ["channels_last"]), ("return_state", [false]), ("noise_shape", [.null]),
      ("seed", [.null]), ("reset_after", [false]),
      ("moving_mean_initializer", []), ("moving_variance_initializer", []), ("dtype", []),
      ("bias_initializer", []), ("shared_axes", [.null]), ("alpha_regularizer", [.null]),
      ("alpha_constraint", [.null]),
    ]
    switch className {
    case "BatchNormalization":
      silent += [
        ("center", [true]), ("scale", [true]), ("beta_constraint", [.null]),
        ("gamma_constraint", [.null]),
      ]
    case "SimpleRNN", "LSTM", "GRU":
      silent += [
        ("use_bias", [true]), ("recurrent_constraint", [.null]), ("kernel_constraint", [.null]),
        ("bias_constraint", [.null]), ("activity_regularizer", [.null]),
      ]
    case "Conv1D" where config["padding"] == "causal":
      throw KerasError(.unsupportedConfiguration, "Keras 1 has no causal padding")
    default: break
    }
    for (key, values) in silent {
      guard let value = config.take(key), !values.isEmpty, !values.contains(value) else { continue }
      throw KerasError(
        .unsupportedConfiguration, "Keras 1's \(className) has no \(key) (\(value.kind))")
    }
  }

  /// `glorot_uniform` for Keras 2's object of that meaning. Weights are stored, so that one without
  /// a name, such as a seeded one, only matters to a model that is made anew.
  private static func initializer(_ value: JSON) -> JSON {
    let names = [
      "GlorotUniform": "glorot_uniform", "GlorotNormal": "glorot_normal", "HeUniform": "he_uniform",
      "HeNormal": "he_normal", "LecunUniform": "lecun_uniform", "Orthogonal": "orthogonal",
      "Zeros": "zero", "Ones": "one", "RandomUniform": "uniform", "RandomNormal": "normal",
      "Identity": "identity",
    ]
    let object = Initializers.canonical(value).object
    let name = object?["class_name"]?.string ?? ""
    if name == "Constant", let number = object?["config"]?.object?["value"] { return number }
    return .string(names[name] ?? "glorot_uniform")
  }

  private static func penalty(_ value: JSON) throws(KerasError) -> JSON {
    guard let object = value.object, let name = object["class_name"]?.string,
      var config = object["config"]?.object
    else { return value }
    config.rename("max_value", to: "m")
    var result: JSONObject = [
      "name": .string(["L1L2": "L1L2Regularizer"][name] ?? name)
    ]
    guard ["L1L2", "MaxNorm", "NonNeg", "UnitNorm"].contains(name) else {
      throw KerasError(.unsupportedConfiguration, "Keras 1 has no \(name)")
    }
    for (key, value) in config.members { result[key] = value }
    return .object(result)
  }

  private static func merge(
    _ mode: String, _ config: JSONObject
  ) throws(KerasError) -> JSONObject {
    guard config["normalize"] ?? false == false else {
      throw KerasError(.unsupportedConfiguration, "Keras 1's dot products are not normalized")
    }
    return [
      "name": config["name"] ?? "merge", "mode": .string(mode), "mode_type": "raw",
      "concat_axis": config["axis"] ?? -1, "dot_axes": config["axes"] ?? -1, "output_shape": .null,
      "output_shape_type": "raw", "output_mask": .null, "output_mask_type": "raw",
      "arguments": [:],
    ]
  }
}
