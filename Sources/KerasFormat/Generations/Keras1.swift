extension Dialect {
  /// Keras 1.0 to 1.2.2. Its files are renamed key by key into those of Keras 2 and go on from
  /// there; layers that only it has keep their names.
  static let keras1 = Dialect(
    generation: .keras1, version: "1.2.2", layers: keras2.layers,
    activations: keras2.activations.subtracting(["selu", "exponential"]), isModern: false,
    classNames: [
      "Convolution1D": "Conv1D", "AtrousConvolution1D": "Conv1D", "TimeDistributedDense": "Dense",
    ])

  /// The same config under Keras 2's keys.
  ///
  /// - Parameter written: the class as the file names it.
  static func renamedFromKeras1(
    _ written: String, _ config: JSONObject
  ) throws(KerasError) -> JSONObject {
    var config = config
    for (old, new) in renames(of: written) { config.rename(old, to: new) }
    if let forget = config.take("forget_bias_init") {
      config["unit_forget_bias"] = .bool(forget.string == "one")
    }
    // How matrices are joined, which matters to how they start and to what training drops and
    // penalizes.
    if ["SimpleRNN", "LSTM", "GRU"].contains(written) {
      let way = config.take("consume_less")?.string ?? "cpu"
      config["implementation"] = Keras1Gates.ways[way].map(JSON.integer)
      if written != "SimpleRNN", way != "gpu" {
        config["recurrent_regularizer"] = config["kernel_regularizer"]
      }
    } else {
      config["consume_less"] = nil
    }
    // Where the length of the input is known, which backend's order of axes: that follows from the
    // weights.
    config["dim_ordering"] = nil
    if written != "Embedding" {
      for key in ["input_dim", "input_length"] { config[key] = nil }
    } else if let share = config.take("dropout")?.number, share != 0 {
      config["legacy_dropout"] = .number(share)
    }
    if written == "AtrousConvolution1D" || written == "Convolution1D", config["bias"] == nil {
      // Keras 1 puts numbers where later generations put lists of one.
      for key in ["kernel_size", "strides", "dilation_rate"] {
        if let value = config[key], value.array == nil { config[key] = [value] }
      }
    }
    // The class is another, whatever its rate.
    if written == "AtrousConvolution1D" { config["legacy_atrous"] = true }
    if written == "ZeroPadding1D", let sides = config["padding"]?.object {
      config["padding"] = [sides["left_pad"] ?? 0, sides["right_pad"] ?? 0]
    }
    if written == "BatchNormalization", config["mode"] == 0 { config["mode"] = nil }
    try translatePenalties(&config)
    return config
  }

  /// Keys that another name was given, by class.
  private static func renames(of className: String) -> [(String, String)] {
    var renames = [
      ("inner_init", "recurrent_initializer"), ("inner_activation", "recurrent_activation"),
      ("U_regularizer", "recurrent_regularizer"), ("b_regularizer", "bias_regularizer"),
      ("U_constraint", "recurrent_constraint"), ("b_constraint", "bias_constraint"),
      ("bias", "use_bias"), ("dropout_W", "dropout"), ("dropout_U", "recurrent_dropout"),
      ("p", "rate"), ("sigma", "stddev"), ("nb_filter", "filters"),
      ("filter_length", "kernel_size"), ("subsample_length", "strides"),
      ("atrous_rate", "dilation_rate"), ("border_mode", "padding"), ("pool_length", "pool_size"),
      ("stride", "strides"), ("beta_init", "beta_initializer"),
      ("gamma_init", "gamma_initializer"), ("alpha_init", "alpha_initializer"),
      ("t_left_init", "t_left_initializer"), ("a_left_init", "a_left_initializer"),
      ("t_right_init", "t_right_initializer"), ("a_right_init", "a_right_initializer"),
    ]
    switch className {
    case "Embedding":
      renames += [
        ("init", "embeddings_initializer"), ("W_regularizer", "embeddings_regularizer"),
        ("W_constraint", "embeddings_constraint"),
      ]
    case "PReLU": renames.append(("init", "alpha_initializer"))
    case "UpSampling1D": renames.append(("length", "size"))
    default:
      renames += [
        ("init", "kernel_initializer"), ("W_regularizer", "kernel_regularizer"),
        ("W_constraint", "kernel_constraint"), ("output_dim", "units"),
      ]
    }
    return renames
  }

  private static func translatePenalties(_ config: inout JSONObject) throws(KerasError) {
    for key in config.keys where key.hasSuffix("_initializer") {
      if config[key]?.string == "orthogonal" {
        // It had another gain; other names mean the same as later.
        config[key] = ["class_name": "Orthogonal", "config": ["gain": 1.1, "seed": nil]]
      } else if let value = config[key]?.number {
        config[key] = ["class_name": "Constant", "config": ["value": .number(value)]]
      }
    }
    for key in config.keys where key.hasSuffix("_regularizer") || key.hasSuffix("_constraint") {
      guard var object = config[key]?.object, let name = object.take("name")?.string else {
        continue
      }
      for (old, new) in [("m", "max_value"), ("low", "min_value"), ("high", "max_value")] {
        object.rename(old, to: new)
      }
      let renamed = name == "L1L2Regularizer" ? "L1L2" : name
      config[key] = ["class_name": .string(renamed), "config": .object(object)]
    }
  }

  // MARK: - Merge

  /// The layer that a `Merge` of Keras 1 became.
  static func mergeFromKeras1(
    _ config: JSONObject
  ) throws(KerasError) -> (className: String, config: JSONObject) {
    guard let mode = config["mode"]?.string, config["mode_type"]?.string ?? "raw" == "raw" else {
      throw KerasError(
        .unsupportedConfiguration, "a Merge by a function of its own, which is never run",
        hint: "use one of Keras's merge modes")
    }
    let axes = config["dot_axes"] ?? -1
    switch mode {
    case "sum": return ("Add", [:])
    case "mul": return ("Multiply", [:])
    case "ave": return ("Average", [:])
    case "max": return ("Maximum", [:])
    case "concat": return ("Concatenate", ["axis": config["concat_axis"] ?? -1])
    case "dot": return ("Dot", ["axes": axes, "normalize": false])
    case "cos": return ("CosineDot", ["axes": axes, "normalize": false])
    default:
      throw KerasError(.unknownName, "unknown merge mode '\(mode)'")
    }
  }
}
