/// The layer classes of Keras's own, those that are not computed here too.
package enum KerasLayerNames {
  /// How Keras words a class in files.
  package struct Entry: Sendable {
    /// The generations that have it.
    package let generations: Set<Generation>
    /// The keys of its config besides those of every layer, where all these generations have the
    /// same with the same defaults; `nil` where they differ, or where nobody knows.
    package let keys: Set<String>?
  }

  package static let all: Set<String> = Set(entries.keys)

  /// The keys of a class that both generations have and word alike; `nil` for any other.
  package static func commonKeys(
    _ className: String, of first: Generation, and second: Generation
  ) -> Set<String>? {
    guard let entry = entries[className], entry.generations.isSuperset(of: [first, second]) else {
      return nil
    }
    return entry.keys
  }

  /// Whether nothing about a class's words is left to guess: all its generations word it alike, or
  /// each has a table of it. Those of Keras 1 are renamed by one rule.
  package static func areWordsKnown(of className: String) -> Bool {
    guard let entry = entries[className], entry.keys == nil else { return true }
    return entry.generations.allSatisfy {
      $0 == .keras1 || Dialect.of($0).layers[className] != nil
    }
  }

  package static let entries: [String: Entry] = {
    var entries: [String: Entry] = [:]
    for line in list.split(separator: "\n") {
      let parts = line.split(separator: ":", omittingEmptySubsequences: false)
      let words = parts[0].split(separator: " ").map(String.init)
      entries[words[0]] = Entry(
        generations: Set(words.dropFirst().compactMap(Generation.init(rawValue:))),
        keys: parts.count > 1 ? Set(parts[1].split(separator: " ").map(String.init)) : nil)
    }
    return entries
  }()

  /// What `keras.layers` of 1.2.2, 2.2.4, 2.15 and 3.15 exports, models, and the words that the
  /// canonical record has for two operations. Behind each stand the generations that have it and,
  /// behind a colon, the keys that all of these have. Written by `fixtures/scripts/make_classes.py`.
  private static let list = """
    Activation 1 2 2.15 3: activation
    ActivityRegularization 1 2 2.15 3: l1 l2
    AdaptiveAveragePooling1D 3: data_format output_size
    AdaptiveAveragePooling2D 3: data_format output_size
    AdaptiveAveragePooling3D 3: data_format output_size
    AdaptiveMaxPooling1D 3: data_format output_size
    AdaptiveMaxPooling2D 3: data_format output_size
    AdaptiveMaxPooling3D 3: data_format output_size
    Add 2 2.15 3:
    AdditiveAttention 2.15 3
    AlphaDropout 2 2.15 3
    AtrousConv1D 1
    AtrousConv2D 1
    AtrousConvolution1D 1
    AtrousConvolution2D 1
    Attention 2.15 3
    AugMix 3: all_ops alpha chain_depth data_format factor interpolation num_chains seed \
    value_range
    AutoContrast 3: data_format value_range
    Average 2 2.15 3:
    AveragePooling1D 1 2 2.15 3
    AveragePooling2D 1 2 2.15 3
    AveragePooling3D 1 2 2.15 3
    AvgPool1D 2 2.15 3
    AvgPool2D 2 2.15 3
    AvgPool3D 2 2.15 3
    BatchNormalization 1 2 2.15 3
    Bidirectional 1 2 2.15 3
    CategoryEncoding 2.15 3
    CenterCrop 2.15 3
    Concatenate 2 2.15 3: axis
    ContrastLimitedAdaptiveHistogramEqualization 3: clip_limit data_format tile_grid_size \
    value_range
    Conv1D 1 2 2.15 3
    Conv1DTranspose 2.15 3
    Conv2D 1 2 2.15 3
    Conv2DTranspose 2 2.15 3
    Conv3D 1 2 2.15 3
    Conv3DTranspose 2 2.15 3
    ConvLSTM1D 2.15 3
    ConvLSTM2D 1 2 2.15 3
    ConvLSTM2DCell 2: activation bias_constraint bias_initializer bias_regularizer data_format \
    dilation_rate dropout filters kernel_constraint kernel_initializer kernel_regularizer \
    kernel_size padding recurrent_activation recurrent_constraint recurrent_dropout \
    recurrent_initializer recurrent_regularizer strides unit_forget_bias use_bias
    ConvLSTM3D 2.15 3
    ConvRNN2D 2
    ConvRecurrent2D 1 2
    Convolution1D 1 2 2.15 3
    Convolution1DTranspose 2.15 3
    Convolution2D 1 2 2.15 3
    Convolution2DTranspose 2 2.15 3
    Convolution3D 1 2 2.15 3
    Convolution3DTranspose 2.15 3
    CosineDot
    Cropping1D 1 2 2.15 3: cropping
    Cropping2D 1 2 2.15 3
    Cropping3D 1 2 2.15 3
    CuDNNGRU 2: activity_regularizer bias_constraint bias_initializer bias_regularizer \
    go_backwards kernel_constraint kernel_initializer kernel_regularizer recurrent_constraint \
    recurrent_initializer recurrent_regularizer return_sequences return_state stateful units
    CuDNNLSTM 2: activity_regularizer bias_constraint bias_initializer bias_regularizer \
    go_backwards kernel_constraint kernel_initializer kernel_regularizer recurrent_constraint \
    recurrent_initializer recurrent_regularizer return_sequences return_state stateful \
    unit_forget_bias units
    CutMix 3: data_format factor seed
    Deconv2D 1 2
    Deconv3D 2: activation activity_regularizer bias_constraint bias_initializer bias_regularizer \
    data_format filters kernel_constraint kernel_initializer kernel_regularizer kernel_size \
    output_padding padding strides use_bias
    Deconvolution2D 1 2
    Deconvolution3D 2: activation activity_regularizer bias_constraint bias_initializer \
    bias_regularizer data_format filters kernel_constraint kernel_initializer kernel_regularizer \
    kernel_size output_padding padding strides use_bias
    Dense 1 2 2.15 3
    DenseFeatures 2.15
    DepthwiseConv1D 2.15 3
    DepthwiseConv2D 2 2.15 3
    Discretization 2.15 3
    Dot 2 2.15 3: axes normalize
    Dropout 1 2 2.15 3
    ELU 1 2 2.15 3: alpha
    EinsumDense 2.15 3
    Embedding 1 2 2.15 3
    Equalization 3: bins data_format value_range
    Flatten 1 2 2.15 3
    FlaxLayer 3
    Functional 2.15 3
    GRU 1 2 2.15 3
    GRUCell 2 2.15 3
    GaussianDropout 1 2 2.15 3
    GaussianNoise 1 2 2.15 3
    GlobalAveragePooling1D 1 2 2.15 3
    GlobalAveragePooling2D 1 2 2.15 3
    GlobalAveragePooling3D 1 2 2.15 3
    GlobalAvgPool1D 2 2.15 3
    GlobalAvgPool2D 2 2.15 3
    GlobalAvgPool3D 2 2.15 3
    GlobalMaxPool1D 2 2.15 3
    GlobalMaxPool2D 2 2.15 3
    GlobalMaxPool3D 2 2.15 3
    GlobalMaxPooling1D 1 2 2.15 3
    GlobalMaxPooling2D 1 2 2.15 3
    GlobalMaxPooling3D 1 2 2.15 3
    GroupNormalization 2.15 3: axis beta_constraint beta_initializer beta_regularizer center \
    epsilon gamma_constraint gamma_initializer gamma_regularizer groups scale
    GroupQueryAttention 3: activity_regularizer bias_constraint bias_initializer bias_regularizer \
    dropout head_dim kernel_constraint kernel_initializer kernel_regularizer num_key_value_heads \
    num_query_heads seed sliding_window use_bias use_gate
    HashedCrossing 2.15 3: num_bins output_mode sparse
    Hashing 2.15 3: mask_value num_bins output_mode salt sparse
    Highway 1 2
    Identity 2.15 3:
    InputLayer 1 2 2.15 3
    IntegerLookup 2.15 3
    JaxLayer 3
    LSTM 1 2 2.15 3
    LSTMCell 2 2.15 3
    Lambda 1 2 2.15 3
    LayerNormalization 2.15 3
    LeakyReLU 1 2 2.15 3
    LocallyConnected1D 1 2 2.15
    LocallyConnected2D 1 2 2.15
    Masking 1 2 2.15 3: mask_value
    MaxNumBoundingBoxes 3: data_format max_number
    MaxPool1D 2 2.15 3
    MaxPool2D 2 2.15 3: data_format padding pool_size strides
    MaxPool3D 2 2.15 3: data_format padding pool_size strides
    MaxPooling1D 1 2 2.15 3
    MaxPooling2D 1 2 2.15 3
    MaxPooling3D 1 2 2.15 3
    Maximum 2 2.15 3:
    MaxoutDense 1 2
    MelSpectrogram 3: fft_length mag_exp max_freq min_freq min_power num_mel_bins power_to_db \
    ref_power sampling_rate sequence_length sequence_stride top_db window
    Merge 1
    Minimum 2 2.15 3:
    MixUp 3: alpha data_format seed
    Model 1 2 2.15 3
    MultiHeadAttention 2.15 3
    Multiply 2 2.15 3:
    Normalization 2.15 3: axis invert mean variance
    NotEqual
    PReLU 1 2 2.15 3
    ParametricSoftplus 1
    Permute 1 2 2.15 3: dims
    Pipeline 3
    RMSNormalization 3: axis epsilon
    RNN 2 2.15 3
    RandAugment 3: data_format factor interpolation num_ops seed value_range
    RandomBrightness 2.15 3
    RandomColorDegeneration 3: data_format factor seed value_range
    RandomColorJitter 3: brightness_factor contrast_factor data_format hue_factor \
    saturation_factor seed value_range
    RandomContrast 2.15 3
    RandomCrop 2.15 3
    RandomElasticTransform 3: data_format factor fill_mode fill_value interpolation scale seed \
    value_range
    RandomErasing 3: data_format factor fill_value scale seed value_range
    RandomFlip 2.15 3
    RandomGaussianBlur 3: data_format factor kernel_size seed sigma value_range
    RandomGrayscale 3: data_format factor
    RandomHeight 2.15: factor interpolation seed
    RandomHue 3: data_format factor seed value_range
    RandomInvert 3: data_format factor seed value_range
    RandomPerspective 3: data_format factor fill_value interpolation scale seed
    RandomPosterization 3
    RandomRotation 2.15 3
    RandomSaturation 3: data_format factor seed value_range
    RandomSharpness 3: data_format factor seed value_range
    RandomShear 3: data_format fill_mode fill_value interpolation seed x_factor y_factor
    RandomTranslation 2.15 3
    RandomWidth 2.15: factor interpolation seed
    RandomZoom 2.15 3
    ReLU 2 2.15 3: max_value negative_slope threshold
    Recurrent 1 2
    RepeatVector 1 2 2.15 3: n
    Rescaling 2.15 3: offset scale
    Reshape 1 2 2.15 3: target_shape
    Resizing 2.15 3
    ReversibleEmbedding 3: activity_regularizer embeddings_constraint embeddings_initializer \
    embeddings_regularizer input_dim logit_soft_cap mask_zero output_dim quantization_config \
    reverse_dtype tie_weights
    SReLU 1
    STFTSpectrogram 3: data_format expand_dims fft_length frame_length frame_step mode padding \
    periodic scaling window
    SeparableConv1D 2 2.15 3
    SeparableConv2D 1 2 2.15 3
    SeparableConvolution1D 2 2.15 3
    SeparableConvolution2D 1 2 2.15 3
    Sequential 1 2 2.15 3
    SimpleRNN 1 2 2.15 3
    SimpleRNNCell 2 2.15 3
    Softmax 2 2.15 3: axis
    Solarization 3: addition_factor data_format seed threshold_factor value_range
    SpatialDropout1D 1 2 2.15 3
    SpatialDropout2D 1 2 2.15 3
    SpatialDropout3D 1 2 2.15 3
    SpectralNormalization 2.15 3
    StackedRNNCells 2 2.15 3
    StringLookup 2.15 3
    Subtract 2 2.15 3:
    TFSMLayer 3
    TextVectorization 2.15 3: encoding idf_weights max_tokens ngrams output_mode \
    output_sequence_length pad_to_max_tokens ragged sparse split standardize vocabulary \
    vocabulary_size
    ThresholdedReLU 1 2 2.15: theta
    TimeDistributed 1 2 2.15 3
    TimeDistributedDense 1
    TorchModuleWrapper 3
    UnitNormalization 2.15 3: axis
    UpSampling1D 1 2 2.15 3
    UpSampling2D 1 2 2.15 3
    UpSampling3D 1 2 2.15 3
    ZeroPadding1D 1 2 2.15 3
    ZeroPadding2D 1 2 2.15 3
    ZeroPadding3D 1 2 2.15 3
    """
}
