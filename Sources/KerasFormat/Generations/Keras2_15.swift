extension Dialect {
  /// tf.keras 2.x, checked against 2.15.
  static let keras2_15 = Dialect(
    generation: .keras2_15, version: "2.15.0",
    layers: commonLayers.merging(modernLayers) { $1 }.merging(
      table([
        ("Embedding", [.embedding, [Key("input_length", .null, own: true)]]),
        (
          "Dense",
          [[Key("units")], .activationAndBias, .initializers(recurrent: false), .densePenalties]
        ),
        ("LeakyReLU", [[Key("alpha", 0.3, canonical: "negative_slope")]]),
        ("ThresholdedReLU", [[Key("theta", 1.0)]]),
        (
          "SeparableConv1D",
          [
            [Key("filters")], .windows, ungrouped, .activationAndBias, ownKernel, .biasKeys,
            [Key("depth_multiplier", 1)], .depthwiseAndPointwise,
          ]
        ),
        (
          "DepthwiseConv1D",
          [
            .windows, ungrouped, .activationAndBias, .biasKeys, [Key("depth_multiplier", 1)],
            .part("depthwise"),
          ]
        ),
        (
          "Conv1DTranspose",
          [
            [Key("filters")], .windows, ungrouped, .activationAndBias, .kernel,
            .convolutionPenalties, [Key("output_padding", .null)],
          ]
        ),
        ("MaxPooling1D", [pooling]),
        ("AveragePooling1D", [pooling]),
        ("SimpleRNN", [flags, .gates(nil), .initializers(recurrent: true), .recurrentPenalties]),
        (
          "LSTM",
          [
            flags, .gates("sigmoid"), .initializers(recurrent: true),
            [Key("unit_forget_bias", true)], .recurrentPenalties, implementation,
          ]
        ),
        (
          "GRU",
          [
            flags, .gates("sigmoid"), .initializers(recurrent: true), .recurrentPenalties,
            implementation, [Key("reset_after", true)],
          ]
        ),
        ("SimpleRNNCell", [.cell(.gates(nil))]),
        (
          "LSTMCell",
          [.cell(.gates("sigmoid"), forgetting: [Key("unit_forget_bias", true)]), implementation]
        ),
        ("GRUCell", [.cell(.gates("sigmoid")), implementation, [Key("reset_after", true)]]),
        ("RNN", [flags, [Key("cell")]]),
        ("Bidirectional", [[Key("layer"), Key("merge_mode", "concat")]]),
        ("BatchNormalization", [.batchNormalization]),
        ("LayerNormalization", [[Key("axis", -1)], .scaling, .scalingPenalties]),
        ("Dropout", [dropout]),
        ("SpatialDropout1D", [spatialDropout]),
        ("AlphaDropout", [[Key("rate"), Key("seed", .null)]]),
        ("ZeroPadding1D", [[Key("padding", [1, 1])]]),
        ("StringLookup", [.lookup("[UNK]"), .lookupWords, [Key("encoding", "utf-8")]]),
        ("IntegerLookup", [.lookup(-1), [Key("vocabulary_dtype", "int64")], .lookupWords]),
      ])
    ) { $1 },
    activations: [
      "elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "linear", "log_softmax", "mish",
      "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish",
      "tanh",
    ],
    isModern: true, classNames: ["CuDNNGRU": "GRU", "CuDNNLSTM": "LSTM"])

  private static let flags = [Key].recurrentFlags + [Key("time_major", false)]
  private static let implementation = [Key("implementation", 2)]
  /// A convolution that cannot be cut into groups writes the number of them all the same.
  private static let ungrouped = [Key("groups", 1, own: true)]
  /// What a convolution without a kernel of that name writes about it.
  private static let ownKernel = [
    Key("kernel_initializer", .glorot, own: true), Key("kernel_regularizer", .null, own: true),
    Key("kernel_constraint", .null, own: true),
  ]
}
