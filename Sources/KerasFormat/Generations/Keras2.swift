extension Dialect {
  /// Keras 2.0 to 2.3.1, checked against 2.2.4.
  static let keras2 = Dialect(
    generation: .keras2, version: "2.2.4",
    layers: commonLayers.merging(
      table([
        ("Embedding", [.embedding, [Key("input_length", .null, own: true)]]),
        (
          "Dense",
          [[Key("units")], .activationAndBias, .initializers(recurrent: false), .densePenalties]
        ),
        ("LeakyReLU", [[Key("alpha", 0.3, canonical: "negative_slope")]]),
        ("ThresholdedReLU", [[Key("theta", 1.0)]]),
        (
          "Conv1D",
          [[Key("filters")], .windows, .activationAndBias, .kernel, .convolutionPenalties]
        ),
        (
          "SeparableConv1D",
          [
            [Key("filters")], .windows, .activationAndBias, .biasKeys, [Key("depth_multiplier", 1)],
            .depthwiseAndPointwise,
          ]
        ),
        ("MaxPooling1D", [pooling]),
        ("AveragePooling1D", [pooling]),
        ("GlobalMaxPooling1D", [[Key("data_format", "channels_last")]]),
        ("GlobalAveragePooling1D", [[Key("data_format", "channels_last")]]),
        (
          "SimpleRNN",
          [.recurrentFlags, .gates(nil), .initializers(recurrent: true), .recurrentPenalties]
        ),
        (
          "LSTM",
          [
            .recurrentFlags, .gates("hard_sigmoid"), .initializers(recurrent: true),
            [Key("unit_forget_bias", true)], .recurrentPenalties, implementation,
          ]
        ),
        (
          "GRU",
          [
            .recurrentFlags, .gates("hard_sigmoid"), .initializers(recurrent: true),
            .recurrentPenalties, implementation, [Key("reset_after", false)],
          ]
        ),
        ("SimpleRNNCell", [.cell(.gates(nil))]),
        (
          "LSTMCell",
          [
            .cell(.gates("hard_sigmoid"), forgetting: [Key("unit_forget_bias", true)]),
            implementation,
          ]
        ),
        ("GRUCell", [.cell(.gates("hard_sigmoid")), implementation, [Key("reset_after", false)]]),
        ("RNN", [.recurrentFlags, [Key("cell")]]),
        ("Bidirectional", [[Key("layer"), Key("merge_mode", "concat")]]),
        ("BatchNormalization", [.batchNormalization]),
        ("Dropout", [dropout]),
        ("SpatialDropout1D", [spatialDropout]),
        ("GaussianNoise", [[Key("stddev")]]),
        ("GaussianDropout", [[Key("rate")]]),
        ("AlphaDropout", [[Key("rate")]]),
        ("ZeroPadding1D", [[Key("padding", [1, 1])]]),
      ])
    ) { $1 },
    activations: [
      "elu", "exponential", "hard_sigmoid", "linear", "relu", "selu", "sigmoid", "softmax",
      "softplus", "softsign", "tanh",
    ],
    isModern: false, classNames: ["CuDNNGRU": "GRU", "CuDNNLSTM": "LSTM"])

  static let dropout = [Key("rate"), Key("noise_shape", .null), Key("seed", .null)]
  /// The shape is Dropout's, which the layer does not look at.
  static let spatialDropout = [
    Key("rate"), Key("noise_shape", .null, own: true), Key("seed", .null),
  ]
  static let pooling = [
    Key("strides"), Key("pool_size", [2]), Key("padding", "valid"),
    Key("data_format", "channels_last"),
  ]
  private static let implementation = [Key("implementation", 1)]
}

extension [Dialect.Key] {
  static let depthwiseAndPointwise: [Dialect.Key] = [
    .part("depthwise", "initializer"), .part("pointwise", "initializer"),
    .part("depthwise", "regularizer"), .part("pointwise", "regularizer"),
    .part("depthwise", "constraint"), .part("pointwise", "constraint"),
  ]
}
