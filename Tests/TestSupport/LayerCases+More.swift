import KerasFormat
import KerasRuntime

extension LayerCase {
  /// Convolutions and pooling.
  static func ofWindows() -> [LayerCase] {
    var cases: [LayerCase] = []
    for (title, padding, stride, dilation) in [
      ("valid", SequencePadding.valid, 1, 1), ("same", .same, 2, 1), ("causal", .causal, 1, 2),
    ] {
      cases += [
        onSequences(
          Conv1D(
            filters: 4, kernelSize: 2, strides: stride, padding: padding, dilationRate: dilation,
            activation: .tanh), "Conv1D \(title)"),
        onSequences(
          SeparableConv1D(
            filters: 4, kernelSize: 2, strides: stride, padding: padding, dilationRate: dilation,
            depthMultiplier: 2), "SeparableConv1D \(title)"),
        onSequences(
          DepthwiseConv1D(
            kernelSize: 2, strides: stride, padding: padding, dilationRate: dilation,
            depthMultiplier: 2, useBias: false), "DepthwiseConv1D \(title)"),
      ]
      guard padding != .causal else { continue }
      cases += [
        onSequences(
          Conv1DTranspose(filters: 4, kernelSize: 3, strides: stride, padding: padding),
          "Conv1DTranspose \(title)"),
        onSequences(
          MaxPooling1D(poolSize: 3, strides: stride, padding: padding), "MaxPooling1D \(title)"),
        onSequences(
          AveragePooling1D(poolSize: 3, strides: stride, padding: padding),
          "AveragePooling1D \(title)"),
      ]
    }
    cases.append(onSequences(Conv1D(filters: 6, kernelSize: 2, groups: 3), "Conv1D groups"))
    return cases
  }

  static func ofNormalizations() -> [LayerCase] {
    [
      onSequences(BatchNormalization(), "BatchNormalization"),
      onSequences(
        BatchNormalization(axis: 1, center: false, scale: false), "BatchNormalization axis 1"),
      onSequences(BatchNormalization(axis: [1, 2]), "BatchNormalization axes"),
      onSequences(LayerNormalization(), "LayerNormalization"),
      onSequences(LayerNormalization(axis: [1, 2], scale: false), "LayerNormalization axes"),
      onSequences(LayerNormalization(axis: [2, 1]), "LayerNormalization axes turned"),
      onSequences(LayerNormalization(rmsScaling: true), "LayerNormalization rms"),
      onSequences(GroupNormalization(groups: 3), "GroupNormalization"),
      onSequences(GroupNormalization(groups: 1, center: false), "GroupNormalization 1"),
      onSequences(RMSNormalization(), "RMSNormalization"),
      onSequences(UnitNormalization(), "UnitNormalization"),
      onSequences(UnitNormalization(axis: [1]), "UnitNormalization axis 1"),
    ]
  }

  /// Layers in the place of another's activation.
  static func ofActivatingLayers() -> [LayerCase] {
    let layers: [(String, ActivatingLayer)] = [
      ("ReLU", .relu(ReLU(maxValue: 0.5, negativeSlope: 0.1, threshold: 0.05))),
      ("LeakyReLU", .leakyReLU(LeakyReLU(negativeSlope: 0.2))), ("ELU", .elu(ELU(alpha: 0.5))),
      ("ThresholdedReLU", .thresholdedReLU(ThresholdedReLU(theta: 0.1))),
      ("Softmax", .softmax(Softmax())),
    ]
    var cases: [LayerCase] = []
    for (name, layer) in layers {
      let activation = Activation.layer(layer)
      cases += [
        onSequences(Dense(units: 4, activation: activation), "Dense by a \(name)"),
        onSequences(ActivationLayer(activation), "Activation by a \(name)"),
        onSequences(
          Conv1D(filters: 4, kernelSize: 2, activation: activation), "Conv1D by a \(name)"),
        onSequences(SimpleRNN(units: 5, activation: activation), "SimpleRNN by a \(name)"),
        onSequences(LSTM(units: 5, activation: activation), "LSTM by a \(name)"),
        onSequences(GRU(units: 5, recurrentActivation: activation), "GRU's gates by a \(name)"),
        onSequences(
          GRU(units: 5, activation: activation, resetAfter: false), "GRU by a \(name)"),
      ]
    }
    let across = Activation.layer(.softmax(Softmax(axis: [1])))
    return cases + [
      onSequences(Dense(units: 4, activation: across), "Dense by a Softmax over steps"),
      onSequences(ActivationLayer(across), "Activation by a Softmax over steps"),
    ]
  }

  static func ofActivations() -> [LayerCase] {
    [
      onSequences(ReLU(maxValue: 0.5, negativeSlope: 0.1, threshold: 0.05), "ReLU"),
      onSequences(LeakyReLU(), "LeakyReLU"), onSequences(ELU(alpha: 0.5), "ELU"),
      onSequences(ThresholdedReLU(theta: 0.2), "ThresholdedReLU"),
      onSequences(PReLU(), "PReLU"), onSequences(PReLU(sharedAxes: [1]), "PReLU shared"),
      onSequences(Softmax(), "Softmax"), onSequences(Softmax(axis: [1]), "Softmax axis 1"),
      onSequences(Identity(), "Identity"),
      onSequences(Rescaling(scale: 1.5, offset: -0.25), "Rescaling"),
      onSequences(SpatialDropout1D(rate: 0.4), "SpatialDropout1D"),
      onSequences(GaussianDropout(rate: 0.4), "GaussianDropout"),
      onSequences(GaussianNoise(stddev: 0.4), "GaussianNoise"),
      onSequences(AlphaDropout(rate: 0.4), "AlphaDropout"),
      onSequences(ActivityRegularization(l1: 0.1), "ActivityRegularization"),
      read("SReLU", ["trainable": true], sequences), read("ParametricSoftplus", [:], sequences),
      read("Highway", ["activation": "tanh"], vectors),
      read("MaxoutDense", ["units": 4, "nb_feature": 3], vectors),
    ]
  }

  static func ofShapes() -> [LayerCase] {
    [
      onSequences(Reshape(targetShape: [2, -1]), "Reshape"),
      onSequences(Permute(dims: [2, 1]), "Permute"),
      onSequences(UpSampling1D(), "UpSampling1D"),
      onSequences(ZeroPadding1D(left: 1, right: 2), "ZeroPadding1D"),
      onSequences(Cropping1D(left: 1, right: 2), "Cropping1D"),
      LayerCase(
        layer: RepeatVector(3), title: "RepeatVector",
        layers: [InputLayer(shape: [2]), Dense(units: 3), RepeatVector(3)], input: vectors),
      onSequences(NotEqual(0), "NotEqual"),
    ]
  }

  static func ofMerges() -> [LayerCase] {
    let merges: [any Layer] = [
      Add(), Subtract(), Multiply(), Average(), Maximum(), Minimum(), Concatenate(),
      Concatenate(axis: 1), Dot(axes: [2]), Dot(axes: [1]), Dot(axes: [2], normalize: true),
    ]
    var cases = merges.enumerated().map { index, layer in
      LayerCase(
        merging: layer, "\(type(of: layer).className) \(index)", widths: [3, 3], input: sequences)
    }
    cases.append(
      LayerCase(merging: Multiply(), "Multiply of three", widths: [3, 1, 3], input: sequences))
    cases.append(
      LayerCase(
        merging: CosineDot(axes: [1]), "CosineDot", widths: [3, 3], shape: [2], input: vectors))
    cases.append(
      LayerCase(
        merging: CosineDot(axes: [2]), "CosineDot of steps", widths: [3, 3], input: sequences))
    for layer: any Layer in [Multiply(), Maximum(), Minimum()] {
      cases.append(LayerCase(maskedMerging: layer, "\(type(of: layer).className), masked"))
    }
    return cases
  }

  static func ofWrappers() throws(KerasError) -> [LayerCase] {
    let cell: (String, JSONObject) -> JSON = { name, config in
      ["class_name": .string(name), "config": .object(config)]
    }
    let stack: JSON = [
      "class_name": "StackedRNNCells",
      "config": [
        "cells": [
          cell("LSTMCell", ["units": 5]), cell("GRUCell", ["units": 6, "reset_after": false]),
        ]
      ],
    ]
    var cases = [
      onSequences(TimeDistributed(Dense(units: 4)), "TimeDistributed"),
      onMasked(TimeDistributed(Dense(units: 4)), "TimeDistributed"),
    ]
    let inner = ModelRecord(
      generation: .keras3, name: "inner",
      layers: [
        LayerRecord(className: "Dense", name: "a", config: ["units": 4, "activation": "tanh"]),
        LayerRecord(className: "BatchNormalization", name: "b", config: [:]),
        LayerRecord(className: "Dense", name: "c", config: ["units": 2]),
      ])
    cases.append(read("Sequential", inner.nestedConfig, sequences))
    var graph = ModelRecord(
      generation: .keras3, name: "graph", isSequential: false,
      layers: [
        LayerRecord(
          className: "InputLayer", name: "i", config: ["batch_shape": [nil, 4, 3]]),
        LayerRecord(className: "Dense", name: "a", config: ["units": 3]),
        LayerRecord(className: "Add", name: "b", config: [:]),
      ])
    graph.layers[1].inbound = [[TensorReference(layer: "i")]]
    graph.layers[2].inbound = [[TensorReference(layer: "i"), TensorReference(layer: "a")]]
    (graph.inputs, graph.outputs) = ([TensorReference(layer: "i")], [TensorReference(layer: "b")])
    cases.append(read("Functional", graph.nestedConfig, sequences))
    for options: JSONObject in [
      [:], ["return_sequences": true, "go_backwards": true], ["return_state": true],
    ] {
      var config: JSONObject = ["cell": stack]
      for (key, value) in options.members { config[key] = value }
      cases.append(read("RNN", config, sequences))
      config["cell"] = cell("SimpleRNNCell", ["units": 5])
      cases.append(read("RNN", config, sequences))
      guard options["go_backwards"] == nil else { continue }
      let layer = ["LSTM", "GRU", "SimpleRNN"].map { name -> LayerCase in
        var config: JSONObject = ["units": 5]
        for (key, value) in options.members { config[key] = value }
        return read(name, config, sequences)
      }
      cases += layer
    }
    cases.append(
      read(
        "Bidirectional",
        ["layer": cell("LSTM", ["units": 5, "return_state": true]), "merge_mode": "sum"], sequences)
    )
    return cases
  }

  package static let vectors: NumericArray = {
    var generator = Philox(seed: 4)
    return NumericArray(
      shape: [5, 2], .float32((0..<10).map { _ in generator.uniform() * 2 - 1 }))
  }()

  /// A layer made of its config, behind a Dense.
  private static func read(
    _ className: String, _ config: JSONObject, _ input: NumericArray
  ) -> LayerCase {
    do {
      let layer = try LayerRegistry.layer(className: className, name: "tested", config: config)
      let shape = Shape(input.shape.dropFirst().map { $0 })
      return LayerCase(
        layer: layer, title: "\(className) \(JSON.object(config).pythonText().prefix(60))",
        layers: [InputLayer(shape: shape), Dense(units: 3, activation: .tanh), layer], input: input)
    } catch {
      preconditionFailure("\(className): \(error)")
    }
  }
}
