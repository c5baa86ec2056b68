extension Dialect {
  /// Keras 3, checked against 3.15.1. Its keys are the canonical ones.
  static let keras3 = Dialect(
    generation: .keras3, version: "3.15.1",
    layers: [
      "Embedding": .embedding + [quantization],
      "Masking": [Key("mask_value", 0.0)],
      "Dense": [Key("units"), Key("activation", "linear"), Key("use_bias", true)]
        + .initializers(recurrent: false)
        + densePenalties.filter { $0.name != "activity_regularizer" } + [quantization],
      "Activation": [Key("activation")],
      "Dropout": [Key("rate"), Key("seed", .null), Key("noise_shape", .null)],
      "Flatten": [Key("data_format", "channels_last")],
      "GlobalMaxPooling1D": pooling,
      "GlobalAveragePooling1D": pooling,
      "SimpleRNN": flags + [Key("units"), Key("activation", "tanh"), Key("use_bias", true)]
        + .initializers(recurrent: true) + .recurrentPenalties,
      "LSTM": flags + gates + .initializers(recurrent: true) + [Key("unit_forget_bias", true)]
        + .recurrentPenalties + [Key("seed", .null)],
      "GRU": flags + gates + .initializers(recurrent: true) + .recurrentPenalties
        + [Key("reset_after", true), Key("seed", .null)],
      "Bidirectional": [Key("merge_mode", "concat"), Key("layer"), Key("backward_layer")],
    ],
    activations: [
      "celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu",
      "hard_swish", "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish",
      "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign",
      "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink",
      "threshold",
    ],
    isModern: true)

  private static let quantization = Key("quantization_config", .null, own: true)

  private static let flags = [Key].recurrentFlags + [Key("zero_output_for_mask", false)]

  private static let pooling = [Key("data_format", "channels_last"), Key("keepdims", false)]

  private static let gates = [
    Key("units"), Key("activation", "tanh"), Key("recurrent_activation", "sigmoid"),
    Key("use_bias", true),
  ]
}
