import KerasFormat

/// THE list of layers: Keras's class name ⇄ Swift type.
public enum LayerRegistry {
  /// Every layer that comes with the package, in the order of Keras's documentation.
  public static let builtIn: [any Layer.Type] = [
    InputLayer.self, Dense.self, Embedding.self, Masking.self, Identity.self, Rescaling.self,
    ActivationLayer.self, ReLU.self, LeakyReLU.self, PReLU.self, ELU.self, ThresholdedReLU.self,
    Softmax.self,
    Conv1D.self, SeparableConv1D.self, DepthwiseConv1D.self, Conv1DTranspose.self,
    MaxPooling1D.self, AveragePooling1D.self, GlobalMaxPooling1D.self,
    GlobalAveragePooling1D.self,
    SimpleRNN.self, LSTM.self, GRU.self, RNN.self, Bidirectional.self, TimeDistributed.self,
    BatchNormalization.self, LayerNormalization.self, GroupNormalization.self,
    RMSNormalization.self, UnitNormalization.self,
    Dropout.self, SpatialDropout1D.self, GaussianDropout.self, GaussianNoise.self,
    AlphaDropout.self, ActivityRegularization.self,
    Flatten.self, Reshape.self, Permute.self, RepeatVector.self, UpSampling1D.self,
    ZeroPadding1D.self, Cropping1D.self,
    Add.self, Subtract.self, Multiply.self, Average.self, Maximum.self, Minimum.self,
    Concatenate.self, Dot.self,
    TextVectorization.self, StringLookup.self, IntegerLookup.self,
    SequentialModel.self, FunctionalModel.self,
    Highway.self, MaxoutDense.self, SReLU.self, ParametricSoftplus.self, CosineDot.self,
    NotEqual.self,
  ]

  /// Classes that hold code or paths: never decoded, refused by name.
  private static let refused: [String: String] = [
    "Lambda": "a Lambda layer holds Python code; replace it by a built-in layer and save again",
    "TFSMLayer": "it loads a SavedModel from a path",
    "TorchModuleWrapper": "it holds a pickle",
    "JaxLayer": "it holds Python code",
    "FlaxLayer": "it holds Python code",
  ]

  /// The layer of a stored definition.
  ///
  /// - Throws: ``KerasError`` naming the class when it is unknown or refused, or the key of the config
  ///   that cannot be computed.
  public static func layer(
    className: String, name: String, config: JSONObject
  ) throws(KerasError) -> any Layer {
    let place = KerasError.Place(path: [name])
    if let reason = refused[className] {
      throw KerasError(
        .unsupportedConfiguration, "layer class '\(className)' is refused", at: place, hint: reason)
    }
    guard let type = builtIn.first(where: { $0.className == className }) else {
      throw KerasError(
        .unknownName, "unknown layer class '\(className)'", at: place,
        hint: Suggestion.hint(for: className, among: builtIn.map { $0.className }))
    }
    var reader = ConfigReader(config, of: name)
    // What Keras writes for every layer and what has no effect on the computation of these.
    reader.ignore("name", "dtype", "batch_input_shape", "build_config", "activity_regularizer")
    let layer = try type.init(from: &reader)
    reader.ignore("trainable")
    try reader.finish()
    return layer
  }
}
