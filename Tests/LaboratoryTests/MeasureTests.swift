import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain
import Testing

/// Single measures of a diagnosis against what is known or can be computed another way.
@Suite struct MeasureTests {
  @Test(arguments: [Generation.keras2, .keras3], ["gru", "lstm", "simple"])
  func `the state written out from the formulas is the layer's`(
    _ generation: Generation, _ name: String
  ) throws {
    var planted = PlantedCase(seed: 3)
    (planted.generation, planted.epochs, planted.steps) = (generation, 1, 12)
    planted.body = { generation in
      let isOld = generation <= .keras2
      let gate: Activation = isOld ? .legacyHardSigmoid : .sigmoid
      let layer: any Layer =
        switch name {
        case "gru": GRU(units: 7, recurrentActivation: gate, resetAfter: !isOld)
        case "lstm": LSTM(units: 7, recurrentActivation: gate)
        default: SimpleRNN(units: 7)
        }
      return [layer, Dense(units: 1, activation: .sigmoid)]
    }
    // Different numbers everywhere, and no bias of zero.
    planted.weights = { _, values in
      for i in values.indices { values[i] += Float(i % 13 - 6) * 0.03 + 0.01 }
    }
    var subject = try planted.subject()
    // How far the last state of a row lies from the others' is that of the layer's output, which a
    // model of the first two layers puts out.
    let diagnosis = try Diagnosis(of: subject, trying: .none)
    let recurrent = try #require(diagnosis.evidence.recurrent.first)
    #expect(recurrent.spreadByStep.count == 12)
    var record = subject.model.network.record
    record.layers.removeLast()
    subject.model = Model(try Network(record))
    let ids = subject.data.inputs[0]
    // The first 64 of the training rows are looked at.
    let input = NumericArray(
      shape: [64, 12], .int32(ids.doubles().prefix(64 * 12).map { Int32($0) }))
    let output = try subject.model.predict([input])[0].floats().map(Double.init)
    func middle(_ values: [Double]) -> Double {
      let sorted = values.sorted()
      return (sorted[31] + sorted[32]) / 2
    }
    var squares = 0.0
    for unit in 0..<7 {
      let own = (0..<64).map { output[$0 * 7 + unit] }
      let center = middle(own)
      let distance = middle(own.map { abs($0 - center) })
      squares += distance * distance
    }
    // Float32 beside float64, twelve steps.
    let expected = (squares / 7).squareRoot()
    let got = try #require(recurrent.spreadByStep.last)
    #expect(abs(got - expected) < 2e-6 * expected, "\(got) but the layer has \(expected)")
  }

  @Test func `the gradient by timestep is that of the loss`() throws {
    var planted = PlantedCase(seed: 5)
    (planted.rows, planted.epochs, planted.steps) = (20, 1, 6)
    // Every row alike, so that one row's gradient is all rows' mean; the ids are 1, 2, 3 behind
    // padding.
    planted.spoil = { rows, labels, _ in
      for row in rows.indices { (rows[row], labels[row]) = ([1, 2, 3], 1) }
    }
    let subject = try planted.subject()
    let diagnosis = try Diagnosis(of: subject, trying: .none)
    let flow = try #require(diagnosis.evidence.before?.flow)
    #expect(flow.byStep.count == 6)
    func loss(_ change: (inout [Float]) -> Void) throws -> Double {
      var record = subject.model.network.record
      var table = record.layers[1].weights[0].array.floats()
      change(&table)
      record.layers[1].weights[0] = WeightRecord(
        name: "embeddings", array: NumericArray(shape: [61, 8], .float32(table)))
      record.training = nil
      var model = Model(try Network(record))
      try model.compile(loss: "binary_crossentropy")
      return try model.evaluate(subject.data)[0].value
    }
    // Each of the three words comes once in a row, so its row of the table has the step's gradient.
    for (step, id) in [(3, 1), (4, 2), (5, 3)] {
      var squares = 0.0
      for column in 0..<8 {
        let up = try loss { $0[id * 8 + column] += 0.02 }
        let down = try loss { $0[id * 8 + column] -= 0.02 }
        squares += ((up - down) / 0.04) * ((up - down) / 0.04)
      }
      let expected = squares.squareRoot()
      // Central differences of a float32 loss: four digits of 0.02.
      #expect(abs(flow.byStep[step] - expected) < 0.01 * expected, "step \(step)")
    }
  }

  @Test
  func
    `batches cut to their longest row wait less, and masked ones are others than those padded in front`()
    throws
  {
    var planted = PlantedCase(seed: 2)
    (planted.steps, planted.padding) = (30, .post)
    let subject = try planted.subject()
    let diagnosis = try Diagnosis(of: subject, trying: .all)
    let kinds = diagnosis.trials.map(\.remedy.kind)
    #expect(Set(kinds).isSuperset(of: [.maskZero, .frontPadding, .shorterLength, .trimToBatch]))
    let mask = try #require(diagnosis.trials.first { $0.remedy.kind == .maskZero })
    let front = try #require(diagnosis.trials.first { $0.remedy.kind == .frontPadding })
    let trimmed = try #require(diagnosis.trials.first { $0.remedy.kind == .trimToBatch })
    // Under a mask the state passes by padding, wherever it stands; without one it does not.
    #expect(mask.course.validation != front.course.validation)
    // Rows have nine words at most, of 30 steps.
    #expect(try #require(trimmed.course.leftPlateau) < diagnosis.evidence.course?.leftPlateau ?? 99)
  }

  @Test func `the same seed gives the same diagnosis, and the model stays as it was`() throws {
    var planted = PlantedCase(seed: 4)
    (planted.steps, planted.padding, planted.epochs) = (40, .post, 3)
    let subject = try planted.subject()
    let before = subject.model.network.parameters.values(0)
    let (a, b) = (
      try Diagnosis(of: subject, trying: .all), try Diagnosis(of: subject, trying: .all)
    )
    #expect(a.json.pythonText().replacingSeconds == b.json.pythonText().replacingSeconds)
    #expect(subject.model.network.parameters.values(0) == before)
  }

  @Test func `what is measured of the rows`() throws {
    var planted = PlantedCase(seed: 6)
    (planted.rows, planted.epochs, planted.padding, planted.steps) = (20, 1, .post, 5)
    planted.spoil = { rows, labels, _ in
      for row in rows.indices { rows[row] = row < 5 ? [] : row < 10 ? [7, 8, 9, 10, 11] : [7, 8] }
      for row in labels.indices { labels[row] = row < 4 ? 1 : 0 }
    }
    let evidence = try planted.diagnosis().evidence
    let padding = try #require(evidence.padding)
    #expect(padding.emptyShare == 0.25)
    #expect(padding.meanWords == 2.25)
    #expect(padding.longest == 5)
    #expect(padding.frontShare == 0)
    // 5 · 5 steps of empty rows and 10 · 3 behind two words, of 100.
    #expect(padding.endShare == 0.55)
    // 3 in ten of fifteen rows with words.
    #expect(padding.meanEnd == 2)
    #expect(evidence.vocabulary?.untouched == 55)
    #expect(evidence.labels?.counts == [16, 4])
    #expect(abs((evidence.labels?.entropy ?? 0) - 0.5004024235) < 1e-9)
  }

  @Test func `a tokenizer counts the words that it does not know and those that it drops`() {
    var tokenizer = Tokenizer(numWords: 3)
    tokenizer.fitOnTexts(["a a a b b c"])
    let coverage = tokenizer.coverage(of: ["A b, c d!", "d"])
    #expect([coverage.words, coverage.unknown, coverage.tooRare] == [5, 2, 1])
    #expect(coverage.lostShare == 0.6)
  }
}

extension String {
  /// Without the times that epochs took, which differ from run to run.
  fileprivate var replacingSeconds: String {
    replacing(/"seconds": \[[^\]]*\]/, with: "")
  }
}

/// Expected values follow from how the matrices are made.
@Suite struct EigenvalueTests {
  /// The companion matrix of (x - 1)(x - 2)(x - 3)(x - 4), and its bordering by a rotation of
  /// length 5.
  @Test func `real and complex eigenvalues are found, the largest first`() {
    let companion: [Double] = [
      10, -35, 50, -24,
      1, 0, 0, 0,
      0, 1, 0, 0,
      0, 0, 1, 0,
    ]
    var matrix = [Double](repeating: 0, count: 36)
    for row in 0..<4 {
      for column in 0..<4 { matrix[row * 6 + column] = companion[row * 4 + column] }
    }
    (matrix[28], matrix[29], matrix[34], matrix[35]) = (3, -4, 4, 3)
    let values = Eigenvalues.of(matrix, size: 6)
    for (value, expected) in zip(values.map(\.magnitude), [5.0, 5, 4, 3, 2, 1]) {
      #expect(abs(value - expected) < 1e-9)
    }
    #expect(values.prefix(2).map { abs($0.imaginary) }.allSatisfy { abs($0 - 4) < 1e-9 })
  }

  @Test func `their sum is the trace and their product the determinant`() {
    // A full matrix with a known LU form: unit lower times upper with 1…9 on its diagonal.
    var generator = SeededGenerator(seed: 11)
    let size = 9
    var (lower, upper) = (
      [Double](repeating: 0, count: 81), [Double](repeating: 0, count: 81)
    )
    for row in 0..<size {
      for column in 0..<size {
        if column < row { lower[row * 9 + column] = generator.uniform() - 0.5 }
        if column == row { (lower[row * 9 + row], upper[row * 9 + row]) = (1, Double(row + 1)) }
        if column > row { upper[row * 9 + column] = generator.uniform() - 0.5 }
      }
    }
    var matrix = [Double](repeating: 0, count: 81)
    for row in 0..<size {
      for column in 0..<size {
        for k in 0..<size { matrix[row * 9 + column] += lower[row * 9 + k] * upper[k * 9 + column] }
      }
    }
    let values = Eigenvalues.of(matrix, size: size)
    let trace = (0..<size).reduce(0) { $0 + matrix[$1 * 9 + $1] }
    #expect(values.count == size)
    #expect(abs(values.reduce(0) { $0 + $1.real } - trace) < 1e-9)
    #expect(abs(values.reduce(1) { $0 * $1.magnitude } - 362_880) < 1e-5)
  }
}
