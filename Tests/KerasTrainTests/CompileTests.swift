import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// What `compile` and `fit` take, and what they refuse by name.
@Suite struct CompileTests {
  private func model(_ generation: Generation, outputs: Int = 1) throws -> Model {
    var layers = [
      LayerRecord(
        className: "InputLayer", name: "x", config: ["batch_shape": [nil, 2], "dtype": "float32"])
    ]
    var record = ModelRecord(generation: generation, name: "m", layers: layers)
    guard outputs > 1 else {
      record.layers.append(
        LayerRecord(
          className: "Dense", name: "out", config: ["units": 1, "activation": "sigmoid"]))
      return Model(try Network(record, weights: .fresh(seed: 1)))
    }
    layers[0].inbound = [[]]
    record.isSequential = false
    record.inputs = [TensorReference(layer: "x")]
    for index in 0..<outputs {
      var layer = LayerRecord(
        className: "Dense", name: "out_\(index)", config: ["units": 1, "activation": "sigmoid"])
      layer.inbound = [[TensorReference(layer: "x")]]
      layers.append(layer)
      record.outputs.append(TensorReference(layer: layer.name))
    }
    record.layers = layers
    return Model(try Network(record, weights: .fresh(seed: 1)))
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing thrown"
    } catch {
      return "\(error)"
    }
  }

  typealias Refusal = (generation: Generation, given: JSON, message: String)

  static let losses: [Refusal] = [
    (.keras2, "bce", "Keras 2 has no loss 'bce'; it calls it binary_crossentropy"),
    (.keras1, "logcosh", "Keras 1 has no loss 'logcosh'"),
    (.keras3, "logcosh", "Keras 3 has no loss 'logcosh'; it calls it log_cosh"),
    (.keras3, "Dice", "the loss 'Dice' is not supported"),
    (.keras3, "hing", "unknown loss 'hing'; did you mean 'hinge'?"),
    (
      .keras2, ["class_name": "BinaryCrossentropy", "config": ["label_smoothing": 0.1]],
      "Keras 2's losses have no settings, but BinaryCrossentropy has label_smoothing"
    ),
    (
      .keras3, ["class_name": "Huber", "config": ["delta": 2.0, "reduction": "auto"]],
      "Huber/reduction: 'auto' but it is sum_over_batch_size, sum, none, mean or "
        + "mean_with_sample_weight"
    ),
    (
      .keras3, ["class_name": "CosineSimilarity", "config": ["axis": 1]],
      "CosineSimilarity/axis: 1 but only the last axis, -1, is supported"
    ),
    (
      .keras3, ["class_name": "Huber", "config": ["slope": 2]],
      "Huber: unknown config key slope"
    ),
    (.keras3, ["wrong": "mse"], "no output is called 'wrong'; the model's are out"),
    (.keras3, ["mse", "mse"], "2 entries but the model has 1 outputs: out"),
  ]

  @Test(arguments: losses.indices)
  func `a loss that a generation does not have is refused by name`(_ index: Int) throws {
    let (generation, loss, expected) = Self.losses[index]
    var model = try model(generation)
    #expect(message { try model.compile(loss: loss) } == expected)
  }

  static let metrics: [Refusal] = [
    (.keras2, ["AUC"], "unknown metric 'AUC'"),
    (.keras1, ["logcosh"], "unknown metric 'logcosh'"),
    (.keras3, ["precison"], "unknown metric 'precison'; did you mean 'Precision'?"),
    (.keras3, ["MeanIoU"], "the metric 'MeanIoU' is not supported"),
    (
      .keras3, [["class_name": "Precision", "config": ["thresholds": [0.2, 0.5]]]],
      "Precision/thresholds: a list but one threshold, which makes one number, is supported"
    ),
    (
      .keras2_15, ["mae", "mae"], "two metrics are called 'mae', which Keras 2.15 refuses"
    ),
    (
      .keras2, [["class_name": "AUC", "config": [:]]],
      "Keras 2 has metrics by name alone, not AUC"
    ),
  ]

  @Test(arguments: metrics.indices)
  func `a metric that a generation does not have is refused by name`(_ index: Int) throws {
    let (generation, metrics, expected) = Self.metrics[index]
    var model = try model(generation)
    #expect(
      message { try model.compile(loss: "mse", metrics: metrics) }.hasPrefix(expected))
  }

  @Test func `class weights and sample weights do not go together`() throws {
    let x = NumericArray(shape: [4, 2], .float32([0, 1, 1, 0, 1, 1, 0, 0]))
    let y = NumericArray(shape: [4], .float32([0, 1, 1, 0]))
    let weights = NumericArray(shape: [4], .float32([1, 2, 3, 4]))
    for (generation, expected) in [
      (Generation.keras2, "ignores the former then"), (.keras2_15, "fails then"),
      (.keras3, "takes only one of them"),
    ] {
      var model = try model(generation)
      try model.compile(loss: "binary_crossentropy")
      #expect(
        message {
          try model.fit([x], y, classWeight: [0: 1, 1: 2], sampleWeight: weights)
        }.hasSuffix(expected))
    }
    var model = try model(.keras2_15)
    try model.compile(loss: "binary_crossentropy")
    #expect(
      message { try model.fit([x], y, classWeight: [0: 1, 3: 2]) }
        == "class weights for 0, 3 but Keras 2.15 takes them for 0, 1, … without a gap")
    #expect(
      message { try model.fit([x], y, classWeight: [0: 1]) }
        == "row 1: class 1 but there are class weights for 0")
  }

  @Test func `weights that fit no output are refused`() throws {
    let x = NumericArray(shape: [4, 2], .float32([0, 1, 1, 0, 1, 1, 0, 0]))
    let y = NumericArray(shape: [4], .float32([0, 1, 1, 0]))
    var one = try model(.keras3)
    try one.compile(loss: "mse")
    let steps = NumericArray(shape: [4, 3], .float32(Array(repeating: 1, count: 12)))
    #expect(
      message { try one.fit([x], y, sampleWeight: steps) }
        == "sample weights: sample weights (4, 3) but an output (None, 1) takes one for each row")
    var two = try model(.keras2, outputs: 2)
    try two.compile(loss: ["mse", "mae"])
    let weights = NumericArray(shape: [4], .float32([1, 2, 3, 4]))
    #expect(
      message { try two.fit([x], [y, y], sampleWeight: [weights]) }.contains(
        "one array of sample weights for several outputs"))
    #expect(
      message { try two.fit([x], [y]) }.contains(
        "1 arrays of targets but the model has 2 outputs with a loss"))
  }

  @Test func `an error in the targets of one of several outputs names it`() throws {
    let x = NumericArray(shape: [2, 2], .float32([0, 1, 1, 0]))
    let y = NumericArray(shape: [2], .float32([0, 1]))
    let wrong = NumericArray(shape: [2], .float32([0, 3]))
    var model = try model(.keras3, outputs: 2)
    try model.compile(loss: ["out_0": "mse", "out_1": "binary_crossentropy"])
    #expect(
      message { try model.fit([x], [y, wrong]) }
        == "targets of out_1, row 1: label 3 but binary_crossentropy needs 0 or 1")
  }

  @Test func `what compile was given is stored and read again`() throws {
    var model = try model(.keras3, outputs: 2)
    let loss: JSON = [
      "out_0": ["class_name": "Huber", "config": ["delta": 0.5]], "out_1": "binary_crossentropy",
    ]
    let metrics: JSON = ["out_1": ["acc", ["class_name": "AUC", "config": ["curve": "PR"]]]]
    try model.compile(
      optimizer: SGD(), loss: loss, metrics: metrics, weightedMetrics: ["out_0": ["mae"]],
      lossWeights: ["out_0": 0.5])
    for container in [ModelFile.Container.keras, .h5] {
      let bytes = try ModelFile.encode(model.record, container: container)
      let again = try #require(
        try Model(ModelFile.decode(bytes, name: "m")).compilation)
      #expect(again.loss == loss)
      #expect(again.metrics == metrics)
      #expect(again.weightedMetrics == ["out_0": ["mae"]])
      #expect(again.lossWeights == ["out_0": 0.5])
      #expect(again.losses.map { $0?.weight } == [0.5, 1])
    }
  }

  @Test func `a loss is written by the name that the generation has`() throws {
    var model = try model(.keras2)
    try model.compile(optimizer: SGD(), loss: "kullback_leibler_divergence")
    let bytes = try ModelFile.encode(
      model.record, container: .keras, options: .init(generation: .keras3))
    #expect(try Model(ModelFile.decode(bytes, name: "m")).compilation?.loss == "kl_divergence")
  }

  static let penalties: [(key: String, given: JSON, message: String)] = [
    ("kernel_regularizer", ["class_name": "Eigen", "config": [:]], "unknown regularizer 'Eigen'"),
    (
      "activity_regularizer", ["class_name": "Eigen", "config": [:]], "unknown regularizer 'Eigen'"
    ),
    (
      "bias_regularizer", ["class_name": "OrthogonalRegularizer", "config": [:]],
      "shape (1,) but an orthogonal regularizer needs a matrix, two axes"
    ),
    ("kernel_constraint", ["class_name": "RadialConstraint", "config": [:]], "unknown constraint"),
    (
      "bias_constraint", ["class_name": "MaxNorm", "config": ["axis": 1]], "axis [1] but the weight"
    ),
  ]

  @Test(arguments: penalties.indices)
  func `an unknown penalty or constraint is refused where it counts, not in prediction`(
    _ index: Int
  ) throws {
    let (key, value, expected) = Self.penalties[index]
    let record = ModelRecord(
      generation: .keras3, name: "m",
      layers: [
        LayerRecord(
          className: "InputLayer", name: "x",
          config: ["batch_shape": [nil, 2], "dtype": "float32"]),
        LayerRecord(
          className: "Dense", name: "out",
          config: ["units": 1, "activation": "linear", "use_bias": true, key: value]),
      ])
    var model = Model(try Network(record, weights: .fresh(seed: 1)))
    let x = NumericArray(shape: [2, 2], .float32([0, 1, 1, 0]))
    _ = try model.predict([x])
    try model.compile(loss: "mse")
    let text = message {
      try model.fit([x], NumericArray(shape: [2], .float32([0, 1])))
    }
    #expect(text.contains(expected) && text.hasPrefix("out"), "\(text)")
  }
}
