import KerasFormat

/// A layer that computes in float32 whatever its policy says, and rounds its outputs.
protocol WideLayer: Layer {}

/// In which arithmetic a layer of a 16-bit policy computes, and what of its surroundings is
/// rounded.
struct LayerArithmetic {
  /// Whether it computes in float32 and only its outputs are rounded.
  var isWide = false
  /// Keras's autocast of inputs and of weights.
  var roundsInputs = true
  var roundsWeights = true

  init() {}

  /// Sources: each layer's `call` in `keras/src/layers` of 2.15 and 3.15; for sums and pooling the
  /// TensorFlow operation, measured.
  init(
    of layer: any Layer, _ type: DTypePolicy.FloatType, hasMask: Bool, generation: Generation
  ) {
    self.init()
    let isKeras3 = generation == .keras3
    switch layer {
    case let layer as TimeDistributed:
      self = LayerArithmetic(of: layer.layer, type, hasMask: false, generation: generation)
    case is BatchNormalization:
      (isWide, roundsWeights) = (true, false)
    case is LayerNormalization, is GroupNormalization:
      if isKeras3 { (isWide, roundsInputs, roundsWeights) = (true, false, false) }
    case is any WideLayer:
      isWide = true
    case is Embedding:
      // Ids that come as numbers would not survive it.
      roundsInputs = false
    case is GlobalAveragePooling1D:
      isWide = hasMask ? type == .bfloat16 : isKeras3
    default: break
    }
  }
}
