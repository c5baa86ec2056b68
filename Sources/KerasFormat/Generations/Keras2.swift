extension Dialect {
  /// Keras 2.0 to 2.3.1, checked against 2.2.4.
  static let keras2 = Dialect(
    generation: .keras2, version: "2.2.4",
    layers: [
      "Embedding": .embedding + [Key("input_length", .null, own: true)],
      "Masking": [Key("mask_value", 0.0)],
      "Dense": [Key("units"), Key("activation", "linear"), Key("use_bias", true)]
        + .initializers(recurrent: false) + densePenalties,
      "Activation": [Key("activation")],
      "Dropout": [Key("rate"), Key("noise_shape", .null), Key("seed", .null)],
      "Flatten": [Key("data_format", "channels_last")],
      "GlobalMaxPooling1D": [Key("data_format", "channels_last")],
      "GlobalAveragePooling1D": [Key("data_format", "channels_last")],
      "SimpleRNN": .recurrentFlags
        + [Key("units"), Key("activation", "tanh"), Key("use_bias", true)]
        + .initializers(recurrent: true) + .recurrentPenalties,
      "LSTM": .recurrentFlags + gates + .initializers(recurrent: true)
        + [Key("unit_forget_bias", true)] + .recurrentPenalties
        + [Key("implementation", 1, own: true)],
      "GRU": .recurrentFlags + gates + .initializers(recurrent: true) + .recurrentPenalties
        + [Key("implementation", 1, own: true), Key("reset_after", false)],
      "Bidirectional": [Key("layer"), Key("merge_mode", "concat")],
    ],
    activations: [
      "elu", "exponential", "hard_sigmoid", "linear", "relu", "selu", "sigmoid", "softmax",
      "softplus", "softsign", "tanh",
    ],
    isModern: false)

  static let densePenalties = [
    Key("kernel_regularizer", .null), Key("bias_regularizer", .null),
    Key("activity_regularizer", .null), Key("kernel_constraint", .null),
    Key("bias_constraint", .null),
  ]

  private static let gates = [
    Key("units"), Key("activation", "tanh"), Key("recurrent_activation", "hard_sigmoid"),
    Key("use_bias", true),
  ]
}
