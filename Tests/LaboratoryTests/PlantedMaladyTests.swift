import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain
import Testing

/// Each malady planted into an otherwise healthy training, with three seeds: the cause named first
/// must be the one that was planted.
@Suite struct PlantedMaladyTests {
  static let seeds: [UInt64] = [1, 2, 3]

  @Test(arguments: seeds)
  func `nothing is named where a model learns`(_ seed: UInt64) throws {
    let diagnosis = try PlantedCase(seed: seed).diagnosis()
    #expect(diagnosis.causes.isEmpty, "\(diagnosis.findings)")
    #expect(diagnosis.evidence.course?.leftPlateau != nil)
  }

  @Test(arguments: seeds)
  func `padding at the end without a mask`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    (planted.steps, planted.padding, planted.generation) = (50, .post, .keras2)
    planted.optimizer = RMSprop(learningRate: 0.001)
    let diagnosis = try planted.diagnosis()
    #expect(diagnosis.causes.first?.kind == .endPadding, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `a learning rate at which the loss jumps about`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    planted.optimizer = RMSprop(learningRate: 1)
    let diagnosis = try planted.diagnosis()
    #expect(diagnosis.causes.first?.kind == .rateTooHigh, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `a learning rate at which the loss runs away`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    planted.optimizer = SGD(learningRate: 100)
    planted.loss = "mse"
    planted.body = { _ in [GlobalAveragePooling1D(), Dense(units: 8), Dense(units: 1)] }
    let diagnosis = try planted.diagnosis()
    #expect(diagnosis.causes.first?.kind == .rateTooHigh, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `a learning rate at which nothing moves`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    planted.optimizer = RMSprop(learningRate: 1e-6)
    let diagnosis = try planted.diagnosis()
    #expect(diagnosis.causes.first?.kind == .rateTooLow, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `an output sigmoid that starts where it is flat`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    planted.loss = "mse"
    planted.weights = { name, values in
      if name.hasPrefix("dense") && name.hasSuffix("bias") { values = [12] }
    }
    let diagnosis = try planted.diagnosis()
    #expect(diagnosis.causes.first?.kind == .saturation, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `gates that start where they are flat`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    planted.body = { _ in [LSTM(units: 8), Dense(units: 1, activation: .sigmoid)] }
    planted.weights = { name, values in
      guard name.hasPrefix("lstm") && name.hasSuffix("bias") else { return }
      for unit in 0..<8 { (values[unit], values[24 + unit]) = (-12, -12) }
    }
    let diagnosis = try planted.diagnosis()
    #expect(diagnosis.causes.first?.kind == .saturation, "\(diagnosis.findings)")
  }

  /// Gates that are not at their ends all the time hand the gradient on, from forty words.
  private func exploding(_ seed: UInt64, _ layer: any Layer, scale: Float) -> PlantedCase {
    var planted = PlantedCase(seed: seed)
    (planted.generation, planted.steps) = (.keras2, 40)
    planted.optimizer = SGD(learningRate: 0.1)
    planted.body = { _ in [layer, Dense(units: 1, activation: .sigmoid)] }
    planted.spoil = { rows, _, generator in
      for row in rows.indices {
        rows[row] += (0..<34).map { _ in Int32(17 + Int(generator.uniform() * 43)) }
        rows[row].shuffle(using: &generator)
      }
    }
    planted.weights = { name, values in
      if name.hasSuffix("recurrent_kernel") { for i in values.indices { values[i] *= scale } }
    }
    return planted
  }

  @Test(arguments: seeds)
  func `gradients that explode`(_ seed: UInt64) throws {
    let diagnosis = try exploding(seed, SimpleRNN(units: 16), scale: 3).diagnosis()
    #expect(diagnosis.causes.first?.kind == .explodingGradients, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `gradients that explode under Keras 2's hard sigmoid are not saturation`(
    _ seed: UInt64
  ) throws {
    let gru = GRU(units: 32, recurrentActivation: .legacyHardSigmoid, resetAfter: false)
    let diagnosis = try exploding(seed, gru, scale: 6).diagnosis()
    #expect(diagnosis.causes.first?.kind == .explodingGradients, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `weights that are not numbers`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    planted.weights = { name, values in
      if name.hasSuffix("recurrent_kernel") { values[5] = .nan }
    }
    let diagnosis = try planted.diagnosis()
    #expect(diagnosis.causes.first?.kind == .notANumber, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `an activation that runs out of range`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    planted.loss = "mse"
    planted.body = { _ in
      [GRU(units: 8), Dense(units: 4, activation: .exponential), Dense(units: 1)]
    }
    planted.weights = { name, values in
      if name.hasPrefix("dense/") && name.hasSuffix("bias") { values[1] = 200 }
    }
    let diagnosis = try planted.diagnosis()
    #expect(diagnosis.causes.first?.kind == .notANumber, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `rows that are learned by heart`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    (planted.rows, planted.epochs, planted.honesty) = (160, 30, 0.75)
    planted.optimizer = RMSprop(learningRate: 0.02)
    let diagnosis = try planted.diagnosis()
    #expect(diagnosis.causes.first?.kind == .overfitting, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `a label that few rows have`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    (planted.rows, planted.positiveShare, planted.honesty) = (400, 0.05, 0.8)
    planted.optimizer = RMSprop(learningRate: 0.002)
    let diagnosis = try planted.diagnosis()
    #expect(diagnosis.causes.first?.kind == .unbalancedLabels, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `labels in another order than their rows`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    planted.spoil = { _, labels, generator in labels.shuffle(using: &generator) }
    let diagnosis = try planted.diagnosis()
    #expect(diagnosis.causes.first?.kind == .nothingToLearn, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `a word that gives the label away`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    planted.spoil = { rows, labels, _ in
      for row in rows.indices where labels[row] == 1 { rows[row][0] = 60 }
    }
    let diagnosis = try planted.diagnosis()
    #expect(diagnosis.causes.first?.kind == .leakingLabels, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `a word for each class that gives the label away from the end`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    planted.vocabulary = 62
    planted.spoil = { rows, labels, _ in
      for row in rows.indices { rows[row][rows[row].count - 1] = labels[row] == 1 ? 61 : 60 }
    }
    let diagnosis = try planted.diagnosis()
    let cause = try #require(diagnosis.causes.first)
    #expect(cause.kind == .leakingLabels, "\(diagnosis.findings)")
    #expect(
      cause.figures.first?.text
        == "the last word (token 60 or token 61) tells the label of 100% of the rows")
    // It accuses nobody.
    #expect(cause.because.contains("suspicion"))
  }

  @Test(arguments: seeds)
  func `validation rows that were learned from`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    planted.spoil = { rows, labels, _ in
      for row in 192..<240 { (rows[row], labels[row]) = (rows[row - 100], labels[row - 100]) }
    }
    let diagnosis = try planted.diagnosis()
    #expect(diagnosis.causes.first?.kind == .leakingLabels, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `ids that the embedding does not have`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    planted.vocabulary = 40
    let diagnosis = try planted.diagnosis()
    #expect(diagnosis.causes.first?.kind == .foreignVocabulary, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `texts in words that the model has never seen`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    planted.spoil = { rows, _, generator in
      // One word in eight is known.
      for row in rows.indices { rows[row] = rows[row].filter { _ in generator.uniform() < 0.125 } }
    }
    var subject = try planted.subject()
    var tokenizer = Tokenizer()
    tokenizer.fitOnTexts(["guter Film", "schlechter Film"])
    subject.model.network.textPipeline = TextPipeline(tokenizer: tokenizer, maxLength: 10)
    subject.texts = Array(repeating: "a good film, and a fine cast", count: 240)
    let diagnosis = try Diagnosis(of: subject, trying: .none)
    #expect(diagnosis.causes.first?.kind == .foreignVocabulary, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `rows without words`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    planted.spoil = { rows, _, _ in for row in rows.indices { rows[row] = [] } }
    let diagnosis = try planted.diagnosis()
    #expect(diagnosis.causes.first?.kind == .emptyRows, "\(diagnosis.findings)")
  }
}
