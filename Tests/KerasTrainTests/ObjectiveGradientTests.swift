import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// Hand-written gradients of losses and regularizers against numerical ones, in double precision.
@Suite struct ObjectiveGradientTests {
  /// What a loss is checked on: its settings, the activation in front of it and its targets.
  struct Check: Sendable, CustomTestStringConvertible {
    let loss: any Loss
    var activation = Activation.linear
    var targets: [Float] = [0.25, 0.5, 0.75, 0.125, 0.9, 0.3, 0.6, 0.45, 0.2]
    var generations = Generation.allCases

    var testDescription: String { "\(loss.serialized(in: .keras3).pythonText()) \(activation)" }
  }

  static let oneHot: [Float] = [1, 0, 0, 0, 0, 1, 0, 1, 0]
  static let modern: [Generation] = [.keras2_15, .keras3]
  static let later: [Generation] = [.keras2, .keras2_15, .keras3]

  static let checks: [Check] = [
    Check(loss: BinaryCrossentropy()), Check(loss: BinaryCrossentropy(), activation: .sigmoid),
    Check(
      loss: BinaryCrossentropy(fromLogits: true, labelSmoothing: 0.2), generations: modern),
    Check(loss: CategoricalCrossentropy()),
    Check(loss: CategoricalCrossentropy(), activation: .softmax, targets: oneHot),
    Check(
      loss: CategoricalCrossentropy(fromLogits: true, labelSmoothing: 0.2), generations: modern),
    Check(loss: SparseCategoricalCrossentropy(), targets: [0, 2, 1]),
    Check(loss: SparseCategoricalCrossentropy(), activation: .softmax, targets: [0, 2, 1]),
    Check(
      loss: SparseCategoricalCrossentropy(fromLogits: true, ignoreClass: 7), targets: [0, 7, 1],
      generations: modern),
    Check(loss: BinaryFocalCrossentropy(), generations: modern),
    Check(
      loss: BinaryFocalCrossentropy(applyClassBalancing: true, gamma: 1.5), activation: .sigmoid,
      targets: oneHot, generations: modern),
    Check(loss: BinaryFocalCrossentropy(gamma: 3, fromLogits: true), generations: modern),
    Check(loss: CategoricalFocalCrossentropy(), targets: oneHot, generations: modern),
    Check(
      loss: CategoricalFocalCrossentropy(alpha: [0.1, 0.5, 0.9], gamma: 1.5, fromLogits: true),
      targets: oneHot, generations: modern),
    Check(loss: MeanSquaredError()), Check(loss: MeanAbsoluteError()),
    Check(loss: MeanAbsolutePercentageError()), Check(loss: MeanSquaredLogarithmicError()),
    Check(loss: Huber(delta: 0.2), generations: modern), Check(loss: LogCosh(), generations: later),
    Check(loss: Hinge()), Check(loss: SquaredHinge(), targets: oneHot),
    Check(loss: CategoricalHinge(), targets: oneHot, generations: later), Check(loss: Poisson()),
    Check(loss: KLDivergence()), Check(loss: CosineSimilarity()),
  ]

  @Test func `every loss is checked`() {
    let checked = Set(Self.checks.map { type(of: $0.loss).className })
    #expect(checked == Set(LossRegistry.builtIn.map { $0.className }))
  }

  @Test(arguments: checks)
  func `a loss's gradient agrees with differences`(_ check: Check) throws {
    for generation in check.generations {
      let network = try Network(
        [
          InputLayer(shape: [1], dtype: "int32"), Embedding(inputDim: 3, outputDim: 3), Flatten(),
          ActivationLayer(check.activation),
        ], seed: 3, generation: generation)
      let values: [Float] = [0.3, 0.4, 0.2, 0.15, 0.7, 0.55, 0.65, 0.35, 0.85]
      network.parameters.set(0, to: values)
      let worst = try worst(
        network, check.loss, targets: check.targets, generation, rows: 3)
      #expect(worst < 1e-7, "Keras \(generation.rawValue)")
    }
  }

  @Test func `every regularizer is checked`() {
    #expect(
      Set(Self.regularizers.compactMap { $0.object?["class_name"]?.string })
        == Set(RegularizerRegistry.builtIn.map { $0.className }))
  }

  static let regularizers: [JSON] = [
    ["class_name": "L1", "config": ["l1": 0.03]], ["class_name": "L2", "config": ["l2": 0.05]],
    ["class_name": "L1L2", "config": ["l1": 0.02, "l2": 0.07]],
    ["class_name": "OrthogonalRegularizer", "config": ["factor": 0.4, "mode": "rows"]],
    ["class_name": "OrthogonalRegularizer", "config": ["factor": 0.4, "mode": "columns"]],
  ]

  @Test(arguments: regularizers, ["kernel_regularizer", "activity_regularizer"])
  func `a penalty's gradient agrees with differences`(_ json: JSON, _ key: String) throws {
    for generation in [Generation.keras2, .keras3] {
      let record = ModelRecord(
        generation: generation, name: "m",
        layers: [
          LayerRecord(
            className: "InputLayer", name: "x",
            config: ["batch_shape": [nil, 2], "dtype": "int32"]),
          LayerRecord(
            className: "Embedding", name: "words", config: ["input_dim": 5, "output_dim": 2]),
          LayerRecord(className: "Flatten", name: "flat", config: [:]),
          LayerRecord(
            className: "Dense", name: "hidden",
            config: ["units": 3, "activation": "tanh", "use_bias": true, key: json]),
          LayerRecord(
            className: "Dense", name: "out",
            config: [
              "units": 2, "activation": "softmax", "use_bias": true,
              "activity_regularizer": ["class_name": "L2", "config": ["l2": 0.3]],
            ]),
        ])
      let network = try Network(record, weights: .fresh(seed: 9))
      let worst = try worst(
        network, CategoricalCrossentropy(), targets: [1, 0, 0, 1, 0.5, 0.5], generation, rows: 3,
        steps: 2)
      #expect(worst < 1e-6, "Keras \(generation.rawValue)")
    }
  }

  /// The largest difference over all weights, relative to the largest gradient.
  private func worst(
    _ network: Network, _ loss: any Loss, targets: [Float], _ generation: Generation, rows: Int,
    steps: Int = 1
  ) throws -> Double {
    let objective = try Objective(
      network, losses: [OutputLoss(loss, weight: 1.7)], generation: generation)
    let parameters = Parameters<Double>(copying: network.parameters)
    let ids = NumericArray(
      shape: [rows, steps], .int32((0..<rows * steps).map { Int32($0 * 2 % (rows + steps - 1)) }))
    let y = NumericArray(shape: [rows, targets.count / rows], .float32(targets))
    let weights = NumericArray(shape: [rows], .float32([0.5, 2, 1.25]))
    func evaluate(_ gradients: Parameters<Double>?) throws -> Double {
      var pass = Pass(generation: generation, keepsTrace: true)
      func tensor(_ array: NumericArray) -> Tensor<Double> {
        Tensor(rows: 0..<rows, of: array, in: &pass.workspace)
      }
      var trace = NetworkTrace<Double>()
      let outcome = try objective.evaluate(
        [tensor(ids)], targets: [tensor(y)], weights: [tensor(weights)], parameters: parameters,
        trace: &trace, pass: &pass)
      if let gradients {
        objective.backward(
          outcome, trace: trace, parameters: parameters, gradients: gradients, pass: &pass)
      }
      return outcome.loss
    }
    let gradients = Parameters<Double>(parameters.layout)
    _ = try evaluate(gradients)
    var (worst, scale) = (0.0, 1e-3)
    for (index, spec) in parameters.layout.specs.enumerated() {
      for i in 0..<spec.count {
        let pointer = parameters.pointer(index) + i
        let value = pointer.pointee
        pointer.pointee = value + 1e-6
        let above = try evaluate(nil)
        pointer.pointee = value - 1e-6
        let below = try evaluate(nil)
        pointer.pointee = value
        let analytic = gradients.pointer(index)[i]
        worst = max(worst, abs((above - below) / 2e-6 - analytic))
        scale = max(scale, abs(analytic))
      }
    }
    return worst / scale
  }
}
