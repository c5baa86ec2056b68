/// The class names of Keras's own layers and models.
package enum KerasLayerNames {
  /// What `keras.layers` exports in 2.15 and 3.15, the classes of Keras 1 that later ones do not
  /// have, and the words that the canonical record has for two operations.
  package static let all: Set<String> = Set(
    """
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D
    AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add
    AdditiveAttention AlphaDropout AtrousConvolution1D AtrousConvolution2D Attention AugMix
    AutoContrast Average AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D
    AvgPool3D BatchNormalization Bidirectional CategoryEncoding CenterCrop Concatenate
    ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D Conv2DTranspose
    Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Convolution1D Convolution1DTranspose
    Convolution2D Convolution2DTranspose Convolution3D Convolution3DTranspose CosineDot Cropping1D
    Cropping2D Cropping3D CuDNNGRU CuDNNLSTM CutMix Dense DenseFeatures DepthwiseConv1D
    DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense Embedding Equalization Flatten
    FlaxLayer Functional GRU GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D
    GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D
    GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D
    GlobalMaxPooling3D GroupNormalization GroupQueryAttention HashedCrossing Hashing Highway
    Identity InputLayer IntegerLookup JaxLayer LSTM LSTMCell Lambda LayerNormalization LeakyReLU
    LocallyConnected1D LocallyConnected2D Masking MaxNumBoundingBoxes MaxPool1D MaxPool2D
    MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D Maximum MaxoutDense MelSpectrogram Merge
    Minimum MixUp Model MultiHeadAttention Multiply Normalization NotEqual PReLU
    ParametricSoftplus Permute Pipeline RMSNormalization RNN RandAugment RandomBrightness
    RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform
    RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHeight RandomHue
    RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation
    RandomSharpness RandomShear RandomTranslation RandomWidth RandomZoom ReLU RepeatVector
    Rescaling Reshape Resizing ReversibleEmbedding SReLU STFTSpectrogram SeparableConv1D
    SeparableConv2D SeparableConvolution1D SeparableConvolution2D Sequential SimpleRNN
    SimpleRNNCell Softmax Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D
    SpectralNormalization StackedRNNCells StringLookup Subtract TFSMLayer TextVectorization
    ThresholdedReLU TimeDistributed TimeDistributedDense TorchModuleWrapper UnitNormalization
    UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
    """.split(whereSeparator: \.isWhitespace).map(String.init))
}

/// Layers that hold code or reach for files: never decoded, refused by name wherever they stand.
package enum CodeLayers {
  /// What each does that is refused.
  package static let reasons: [String: String] = [
    "Lambda": "holds code of its own, which is never run",
    "TFSMLayer": "loads a SavedModel from a path, which is never opened",
    "TorchModuleWrapper": "holds a pickle, which is never run",
    "JaxLayer": "holds code of its own, which is never run",
    "FlaxLayer": "holds code of its own, which is never run",
  ]
}
