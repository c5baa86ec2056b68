extension Dialect {
  /// Keras 1.0 to 1.2.2. It is read, never written: its files are renamed key by key into those of
  /// Keras 2 and go on from there.
  static let keras1 = Dialect(
    generation: .keras1, version: "1.2.2", layers: keras2.layers,
    activations: keras2.activations.subtracting(["selu", "exponential"]), isModern: false)

  /// The same config under Keras 2's keys.
  static func renamedFromKeras1(_ className: String, _ config: JSONObject) -> JSONObject {
    var config = config
    if className != "Embedding" { config.rename("output_dim", to: "units") }
    let kernel = className == "Embedding" ? "embeddings" : "kernel"
    for (old, new) in [
      ("init", "\(kernel)_initializer"), ("inner_init", "recurrent_initializer"),
      ("inner_activation", "recurrent_activation"), ("W_regularizer", "\(kernel)_regularizer"),
      ("U_regularizer", "recurrent_regularizer"), ("b_regularizer", "bias_regularizer"),
      ("W_constraint", "\(kernel)_constraint"), ("b_constraint", "bias_constraint"),
      ("bias", "use_bias"), ("dropout_W", "dropout"), ("dropout_U", "recurrent_dropout"),
      ("p", "rate"),
    ] {
      config.rename(old, to: new)
    }
    if let forget = config["forget_bias_init"] {
      config["forget_bias_init"] = nil
      config["unit_forget_bias"] = .bool(forget.string == "one")
    }
    if className == "LSTM" || className == "GRU" {
      // With these settings Keras 1 drew the recurrent matrices from `init`; irrelevant to a file
      // that has weights, and Keras 2 has no word for it.
      config["consume_less"] = nil
    }
    for key in ["input_dim", "input_length", "consume_less"] where className != "Embedding" {
      config[key] = nil
    }
    if className == "Embedding" { config["dropout"] = nil }
    // Orthogonal had another gain; other names mean the same as later.
    for key in config.keys where key.hasSuffix("_initializer") {
      if config[key]?.string == "orthogonal" {
        config[key] = ["class_name": "Orthogonal", "config": ["gain": 1.1, "seed": nil]]
      }
    }
    for key in config.keys where key.hasSuffix("_regularizer") || key.hasSuffix("_constraint") {
      guard var object = config[key]?.object, let name = object["name"]?.string else { continue }
      object["name"] = nil
      object.rename("m", to: "max_value")
      let renamed = name == "L1L2Regularizer" ? "L1L2" : name
      config[key] = ["class_name": .string(renamed), "config": .object(object)]
    }
    return config
  }
}
