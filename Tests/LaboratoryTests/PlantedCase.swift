import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain

/// Small trainings with one thing wrong each. Rows hold five to nine words of 60; of each row's
/// words two speak for its label nine times out of ten.
struct PlantedCase {
  var seed: UInt64
  var rows = 240
  var steps = 10
  var padding = PaddingSide.pre
  var generation = Generation.keras3
  var positiveShare = 0.5
  /// How often a telling word tells the truth.
  var honesty = 0.9
  var optimizer: any Optimizer = RMSprop(learningRate: 0.01)
  var loss = "binary_crossentropy"
  var epochs = 8
  var vocabulary = 61
  /// Changes rows and labels before they become arrays.
  var spoil: (inout [[Int32]], inout [Float], inout SeededGenerator) -> Void = { _, _, _ in }
  /// The layers behind the embedding; default: a GRU of its generation.
  var body: (Generation) throws -> [any Layer] = { generation in
    let isOld = generation <= .keras2
    return [
      GRU(
        units: 8, recurrentActivation: isOld ? .legacyHardSigmoid : .sigmoid, resetAfter: !isOld),
      Dense(units: 1, activation: .sigmoid),
    ]
  }
  /// Changes weights, by their names, before training.
  var weights: (String, inout [Float]) -> Void = { _, _ in }

  init(seed: UInt64) { self.seed = seed }

  func subject() throws -> Diagnosis.Subject {
    var generator = SeededGenerator(seed: seed &* 7919)
    var (texts, labels): ([[Int32]], [Float]) = ([], [])
    for _ in 0..<rows {
      let label: Float = generator.uniform() < positiveShare ? 1 : 0
      let count = 5 + Int(generator.uniform() * 5)
      var words = (0..<count).map { _ in Int32(17 + Int(generator.uniform() * 43)) }
      for place in 0..<2 {
        let isTrue = generator.uniform() < honesty
        let list: Int32 = (label == 1) == isTrue ? 1 : 9
        words[place] = list + Int32(generator.uniform() * 8)
      }
      words.shuffle(using: &generator)
      texts.append(words)
      labels.append(label)
    }
    spoil(&texts, &labels, &generator)
    var ids: [Int32] = []
    for words in texts {
      let kept = words.prefix(steps)
      let zeros = [Int32](repeating: 0, count: steps - kept.count)
      ids += padding == .pre ? zeros + kept : kept + zeros
    }
    let network = try Network(
      [InputLayer(shape: [steps]), Embedding(inputDim: vocabulary, outputDim: 8)]
        + (try body(generation)), seed: seed, generation: generation)
    var model = Model(try changed(network))
    try model.compile(optimizer: optimizer, loss: .string(loss), metrics: ["acc"])
    var settings = FitSettings()
    settings.batchSize = 16
    settings.epochs = epochs
    settings.seed = seed
    return Diagnosis.Subject(
      model: model,
      data: try Dataset(
        inputs: [NumericArray(shape: [rows, steps], .int32(ids))],
        targets: NumericArray(shape: [rows], .float32(labels))),
      settings: settings)
  }

  private func changed(_ network: Network) throws -> Network {
    var record = network.record
    for layer in record.layers.indices {
      for weight in record.layers[layer].weights.indices {
        let stored = record.layers[layer].weights[weight]
        var values = stored.array.floats()
        weights("\(record.layers[layer].name)/\(stored.name)", &values)
        record.layers[layer].weights[weight] = WeightRecord(
          name: stored.name, array: NumericArray(shape: stored.array.shape, .float32(values)))
      }
    }
    return try Network(record)
  }

  func diagnosis(trying: Diagnosis.Trying = .none) throws -> Diagnosis {
    try Diagnosis(of: subject(), trying: trying)
  }
}

extension Diagnosis {
  /// What was found, for a failing test to show.
  var findings: String {
    let causes = causes.map {
      "\($0.kind.rawValue) \($0.strength): " + $0.figures.map(\.text).joined(separator: "; ")
    }
    let losses =
      evidence.course.map {
        "\($0.training.suffix(4)) / \($0.validation.suffix(4)), left \($0.leftPlateau ?? 0)"
      } ?? ""
    return (causes + [losses]).joined(separator: "\n")
  }
}
