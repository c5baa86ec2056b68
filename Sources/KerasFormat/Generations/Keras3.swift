extension Dialect {
  /// Keras 3, checked against 3.15.1. Its keys are the canonical ones.
  static let keras3 = Dialect(
    generation: .keras3, version: "3.15.1",
    layers: commonLayers.merging(modernLayers) { $1 }.merging(
      table([
        ("Embedding", [.embedding, [quantization]]),
        (
          "Dense",
          [
            [Key("units")], .activationAndBias, .initializers(recurrent: false),
            .densePenalties.filter { $0.name != "activity_regularizer" }, [quantization],
          ]
        ),
        ("LeakyReLU", [[Key("negative_slope", 0.3)]]),
        (
          "SeparableConv1D",
          [
            [Key("depth_multiplier", 1), Key("filters")], .windows, .activationAndBias,
            .separablePenalties,
          ]
        ),
        (
          "DepthwiseConv1D",
          [[Key("depth_multiplier", 1)], .windows, .activationAndBias, .depthwisePenalties]
        ),
        (
          "Conv1DTranspose",
          [
            [Key("filters")], .windows.first(3), [Key("output_padding", .null)], .windows.last(2),
            .activationAndBias, .kernel, .convolutionPenalties,
          ]
        ),
        ("MaxPooling1D", [windowPooling]),
        ("AveragePooling1D", [windowPooling]),
        ("SimpleRNN", [flags, .gates(nil), .initializers(recurrent: true), .recurrentPenalties]),
        (
          "LSTM",
          [
            flags, .gates("sigmoid"), .initializers(recurrent: true),
            [Key("unit_forget_bias", true)], .recurrentPenalties, [Key("seed", .null)],
          ]
        ),
        (
          "GRU",
          [
            flags, .gates("sigmoid"), .initializers(recurrent: true), .recurrentPenalties,
            [Key("reset_after", true), Key("seed", .null)],
          ]
        ),
        ("SimpleRNNCell", [.cell(.gates(nil)), [Key("seed", .null)]]),
        (
          "LSTMCell",
          [.cell(.gates("sigmoid") + [Key("unit_forget_bias", true)]), [Key("seed", .null)]]
        ),
        ("GRUCell", [.cell(.gates("sigmoid")), [Key("reset_after", true), Key("seed", .null)]]),
        ("RNN", [flags, [Key("cell")]]),
        ("Bidirectional", [[Key("merge_mode", "concat"), Key("layer"), Key("backward_layer")]]),
        (
          "BatchNormalization",
          [
            .batchNormalization,
            [
              Key("synchronized", false), Key("renorm", false), Key("renorm_clipping", .null),
              Key("renorm_momentum", 0.99),
            ],
          ]
        ),
        (
          "LayerNormalization",
          [
            [Key("axis", -1)], .scaling.first(3), [Key("rms_scaling", false)], .scaling.last(2),
            .scalingPenalties,
          ]
        ),
        ("Dropout", [[Key("rate"), Key("seed", .null), Key("noise_shape", .null)]]),
        ("SpatialDropout1D", [[Key("rate"), Key("seed", .null)]]),
        ("AlphaDropout", [[Key("rate"), Key("seed", .null), Key("noise_shape", .null)]]),
        ("ZeroPadding1D", [[Key("padding", [1, 1]), Key("data_format", "channels_last")]]),
        ("StringLookup", [.lookup("[UNK]"), .lookupWords, hashing, [Key("encoding", "utf-8")]]),
        (
          "IntegerLookup",
          [.lookup(-1), [Key("vocabulary_dtype", "int64")], .lookupWords, hashing]
        ),
      ])
    ) { $1 },
    activations: [
      "celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu",
      "hard_swish", "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish",
      "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign",
      "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink",
      "threshold",
    ],
    isModern: true)

  private static let quantization = Key("quantization_config", .null, own: true)
  private static let hashing = [Key("oov_method", "floormod"), Key("salt", .null)]
  private static let flags = [Key].recurrentFlags + [Key("zero_output_for_mask", false)]
  private static let windowPooling = [
    Key("pool_size", [2]), Key("padding", "valid"), Key("strides"),
    Key("data_format", "channels_last"),
  ]
}

extension [Dialect.Key] {
  /// What separable and depthwise convolutions have besides their windows, in Keras 3's order.
  fileprivate static let separablePenalties = ordered(["depthwise", "pointwise", "bias"])
  fileprivate static let depthwisePenalties = ordered(["depthwise", "bias"])

  private static func ordered(_ parts: [String]) -> [Dialect.Key] {
    var keys: [Dialect.Key] = []
    for suffix in ["initializer", "regularizer", "constraint"] {
      for part in parts {
        keys.append(
          part == "bias" && suffix == "initializer" ? biasKeys[0] : .part(part, suffix))
      }
      if suffix == "regularizer" { keys.append(.init("activity_regularizer", .null)) }
    }
    return keys
  }
}
