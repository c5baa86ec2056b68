extension Dialect {
  /// tf.keras 2.x, checked against 2.15.
  static let keras2_15 = Dialect(
    generation: .keras2_15, version: "2.15.0",
    layers: [
      "Embedding": .embedding + [Key("input_length", .null, own: true)],
      "Masking": [Key("mask_value", 0.0)],
      "Dense": [Key("units"), Key("activation", "linear"), Key("use_bias", true)]
        + .initializers(recurrent: false) + densePenalties,
      "Activation": [Key("activation")],
      "Dropout": [Key("rate"), Key("noise_shape", .null), Key("seed", .null)],
      "Flatten": [Key("data_format", "channels_last")],
      "GlobalMaxPooling1D": pooling,
      "GlobalAveragePooling1D": pooling,
      "SimpleRNN": flags + [Key("units"), Key("activation", "tanh"), Key("use_bias", true)]
        + .initializers(recurrent: true) + .recurrentPenalties,
      "LSTM": flags + gates + .initializers(recurrent: true) + [Key("unit_forget_bias", true)]
        + .recurrentPenalties + [Key("implementation", 2, own: true)],
      "GRU": flags + gates + .initializers(recurrent: true) + .recurrentPenalties
        + [Key("implementation", 2, own: true), Key("reset_after", true)],
      "Bidirectional": [Key("layer"), Key("merge_mode", "concat")],
    ],
    activations: [
      "elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "linear", "mish", "relu", "relu6",
      "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish", "tanh",
    ],
    isModern: true)

  private static let flags = [Key].recurrentFlags + [Key("time_major", false, own: true)]

  private static let pooling = [Key("data_format", "channels_last"), Key("keepdims", false)]

  private static let gates = [
    Key("units"), Key("activation", "tanh"), Key("recurrent_activation", "sigmoid"),
    Key("use_bias", true),
  ]
}
