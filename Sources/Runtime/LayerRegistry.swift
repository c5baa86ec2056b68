import KerasFormat
import Synchronization

/// THE list of layers: Keras's class name ⇄ Swift type, and those that a program adds to it.
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

  private static let added = Mutex<[any Layer.Type]>([])

  /// Layers that ``register(_:)`` has added, in that order.
  public static var registered: [any Layer.Type] { added.withLock { $0 } }

  /// Adds a layer of your own, for every model that is read or built from now on, on any thread.
  ///
  /// Its ``Layer/className`` is what Keras calls the class in files: the name it is registered
  /// under in Python, `my_package>MyLayer`, or the class's plain name, `MyLayer`, which then stands
  /// for a class of that name in every package. Nothing of the Python class is run. A model with it
  /// is read from every container of every generation and written in those of its own; what its
  /// config holds arrives as it stands in the file.
  ///
  /// - Throws: ``KerasError`` when the class name is taken, or is one that is never loaded.
  public static func register(_ type: any Layer.Type) throws(KerasError) {
    let name = type.className
    guard CodeLayers.reasons[name] == nil else {
      throw KerasError(
        .invalidArgument, "layer class '\(name)' is refused in files, so it cannot be registered")
    }
    let isTaken = added.withLock { added in
      if (builtIn + added).contains(where: { $0.className == name }) { return true }
      added.append(type)
      return false
    }
    guard !isTaken else {
      throw KerasError(
        .invalidArgument, "layer class '\(name)' is taken",
        hint: "give it another name, or a package: 'my_package>\(name)'")
    }
  }

  /// The type for a class name in a file.
  private static func type(of className: String) -> (any Layer.Type)? {
    let added = registered
    if let type = (builtIn + added).first(where: { $0.className == className }) { return type }
    guard let bar = className.lastIndex(of: ">") else { return nil }
    let plain = className[className.index(after: bar)...]
    return added.first { $0.className == plain }
  }

  /// The layer of a stored definition.
  ///
  /// - Throws: ``KerasError`` naming the class when it is unknown or refused, or the key of the
  ///   config that cannot be computed.
  public static func layer(
    className: String, name: String, config: JSONObject
  ) throws(KerasError) -> any Layer {
    let place = KerasError.Place(path: [name])
    if let reason = CodeLayers.reasons[className] {
      throw KerasError(
        .unsupportedConfiguration, "layer class '\(className)' \(reason)", at: place,
        hint: "replace it by a built-in layer")
    }
    guard let type = type(of: className) else {
      guard !KerasLayerNames.all.contains(className) else {
        throw KerasError(
          .unsupportedConfiguration, "layer class '\(className)' of Keras's is not supported",
          at: place,
          hint: "replace it by a built-in layer, or register one of this name with "
            + "LayerRegistry.register")
      }
      let names = (builtIn + registered).map { $0.className }
      throw KerasError(
        .unknownName, "unknown layer class '\(className)'", at: place,
        hint: Suggestion.hint(for: className, among: names)
          ?? "register it with LayerRegistry.register, or replace it by a built-in layer")
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
