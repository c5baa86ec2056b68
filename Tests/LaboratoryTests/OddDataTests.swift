import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain
import Testing

/// Data of other kinds than the planted reviews, on which nothing false may be said.
@Suite struct OddDataTests {
  static let seeds: [UInt64] = [1, 2, 3]

  /// Rows of numbers and what they are to give.
  private static func diagnosis(
    _ seed: UInt64, rows: [[Float]], targets: NumericArray, layers: [any Layer],
    loss: JSON = "binary_crossentropy", optimizer: any Optimizer = Adam(learningRate: 0.02),
    epochs: Int = 10, trying: Diagnosis.Trying = .none, sampleWeight: NumericArray? = nil
  ) throws -> Diagnosis {
    var model = try Model([InputLayer(shape: [rows[0].count])] + layers, seed: seed)
    try model.compile(optimizer: optimizer, loss: loss)
    var settings = FitSettings()
    (settings.batchSize, settings.epochs, settings.seed) = (16, epochs, seed)
    let data = try Dataset(
      inputs: [
        NumericArray(shape: [rows.count, rows[0].count], .float32(rows.flatMap { $0 }))
      ], targets: targets, sampleWeight: sampleWeight)
    return try Diagnosis(
      of: Diagnosis.Subject(model: model, data: data, settings: settings), trying: trying)
  }

  private static func numbers(_ values: [Float]) -> NumericArray {
    NumericArray(shape: [values.count], .float32(values))
  }

  private static func columns(_ seed: UInt64, rows: Int = 240, _ width: Int = 4) -> [[Float]] {
    var generator = SeededGenerator(seed: seed &* 104_729)
    return (0..<rows).map { _ in (0..<width).map { _ in Float(generator.uniform() * 2 - 1) } }
  }

  private static func names(_ diagnosis: Diagnosis) -> [Cause.Kind] {
    diagnosis.causes.map(\.kind)
  }

  // MARK: - What is learned, or on its way

  @Test(arguments: seeds)
  func `a large loss that falls steadily is no rate too high`(_ seed: UInt64) throws {
    let rows = Self.columns(seed)
    let diagnosis = try Self.diagnosis(
      seed, rows: rows, targets: Self.numbers(rows.map { 2_000 + 30 * $0[0] - 20 * $0[1] }),
      layers: [Dense(units: 8, activation: .relu), Dense(units: 1)], loss: "mse",
      optimizer: RMSprop(learningRate: 0.02))
    let course = try #require(diagnosis.evidence.course)
    // It is what it should be: far above a constant answer's, and falling.
    #expect(try #require(course.training.last) > 1.05 * course.constantInTraining)
    #expect(!Self.names(diagnosis).contains(.rateTooHigh), "\(diagnosis.findings)")
    #expect(diagnosis.verdict.contains("on its way down") || !diagnosis.causes.isEmpty)
  }

  @Test(arguments: seeds)
  func `a straight line is learned and nothing is named`(_ seed: UInt64) throws {
    let rows = Self.columns(seed)
    let diagnosis = try Self.diagnosis(
      seed, rows: rows, targets: Self.numbers(rows.map { 3 * $0[0] - 2 * $0[1] + 0.5 }),
      layers: [Dense(units: 1)], loss: "mse", optimizer: Adam(learningRate: 0.1))
    #expect(Self.names(diagnosis) == [], "\(diagnosis.findings)")
  }

  /// Rows whose label is 1 where the first word is the one of its two that does not go with the
  /// second.
  ///
  /// - Parameters:
  ///   - others: words behind them that say nothing.
  ///   - wrong: the share of labels that are the other one.
  private static func twoWords(
    _ seed: UInt64, rows: Int, epochs: Int, others: Int = 0, wrong: Double = 0
  ) -> PlantedCase {
    var planted = PlantedCase(seed: seed)
    (planted.rows, planted.epochs) = (rows, epochs)
    planted.optimizer = Adam(learningRate: 0.02)
    planted.spoil = { rows, labels, generator in
      for row in rows.indices {
        let (a, b) = (generator.uniform() < 0.5, generator.uniform() < 0.5)
        rows[row] = [a ? 1 : 2, b ? 3 : 4] + rows[row].map { $0 % 40 + 20 }.prefix(others)
        let isWrong = wrong > 0 && generator.uniform() < wrong
        labels[row] = (a == b) == isWrong ? 1 : 0
      }
    }
    return planted
  }

  @Test(arguments: seeds)
  func `which of two words differ is learned and not called nothing`(_ seed: UInt64) throws {
    let diagnosis = try Self.twoWords(seed, rows: 400, epochs: 30).diagnosis()
    let course = try #require(diagnosis.evidence.course)
    #expect(try #require(diagnosis.evidence.balancedAccuracy) > 0.9, "\(course.validation)")
    #expect(!Self.names(diagnosis).contains(.nothingToLearn), "\(diagnosis.findings)")
    // Only four rows there are.
    #expect(!Self.names(diagnosis).contains(.leakingLabels), "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `which of two words differ is found behind labels of which one in five is wrong`(
    _ seed: UInt64
  ) throws {
    let diagnosis = try Self.twoWords(seed, rows: 300, epochs: 20, others: 3, wrong: 0.2)
      .diagnosis()
    #expect(!Self.names(diagnosis).contains(.nothingToLearn), "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `the product of two columns' signs is learned and not called nothing`(
    _ seed: UInt64
  ) throws {
    let rows = Self.columns(seed, rows: 120, 2)
    let diagnosis = try Self.diagnosis(
      seed, rows: rows, targets: Self.numbers(rows.map { $0[0] * $0[1] > 0 ? 1 : 0 }),
      layers: [
        Dense(units: 24, activation: .tanh), Dense(units: 1, activation: .sigmoid),
      ], optimizer: Adam(learningRate: 0.05), epochs: 30)
    #expect(Self.names(diagnosis) == [], "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `five classes that are learned are not called nothing`(_ seed: UInt64) throws {
    // By a sum of both, in turns: no column alone tells. One label in four is any.
    let rows = Self.columns(seed, rows: 150, 2)
    let classes = rows.map { row -> Float in
      let turn = (Double(row[0]) * 2.5 + Double(row[1]) * 2.5 + 5) / 2
      return Float(Int(turn) % 5)
    }.enumerated().map { row, own in row % 4 == 1 ? Float((row / 4) % 5) : own }
    let diagnosis = try Self.diagnosis(
      seed, rows: rows, targets: Self.numbers(classes),
      layers: [
        Dense(units: 32, activation: .tanh), Dense(units: 5, activation: .softmax),
      ], loss: "sparse_categorical_crossentropy", optimizer: Adam(learningRate: 0.05), epochs: 30)
    #expect(try #require(diagnosis.evidence.balancedAccuracy) > 0.4, "\(diagnosis.findings)")
    #expect(!Self.names(diagnosis).contains(.nothingToLearn), "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `a word that plainly tells is no leak`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    planted.spoil = { rows, labels, generator in
      for row in rows.indices {
        // One word of each kind, somewhere in the row, and no other telling ones.
        rows[row] = rows[row].map { $0 < 17 ? $0 + 20 : $0 }
        rows[row][Int(generator.uniform() * Double(rows[row].count))] = labels[row] == 1 ? 1 : 9
      }
    }
    let diagnosis = try planted.diagnosis()
    #expect(Self.names(diagnosis) == [], "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `a column that plainly tells is no leak`(_ seed: UInt64) throws {
    let rows = Self.columns(seed)
    let diagnosis = try Self.diagnosis(
      seed, rows: rows, targets: Self.numbers(rows.map { $0[2] > 0 ? 1 : 0 }),
      layers: [Dense(units: 8, activation: .tanh), Dense(units: 1, activation: .sigmoid)])
    #expect(Self.names(diagnosis) == [], "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `a column that is the label is a leak`(_ seed: UInt64) throws {
    var rows = Self.columns(seed)
    let labels = rows.map { $0[0] + $0[1] > 0 ? Float(1) : 0 }
    // Under another coding.
    for row in rows.indices { rows[row][3] = labels[row] == 1 ? 7 : -2 }
    let diagnosis = try Self.diagnosis(
      seed, rows: rows, targets: Self.numbers(labels),
      layers: [Dense(units: 8, activation: .tanh), Dense(units: 1, activation: .sigmoid)])
    #expect(diagnosis.causes.first?.kind == .leakingLabels, "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `under a loss without a known guess nothing is said of a guess`(_ seed: UInt64) throws {
    let rows = Self.columns(seed)
    let diagnosis = try Self.diagnosis(
      seed, rows: rows, targets: Self.numbers(rows.map { $0[0] + $0[1] > 0 ? 1 : 0 }),
      layers: [Dense(units: 8, activation: .tanh), Dense(units: 1, activation: .tanh)],
      loss: "hinge")
    #expect(Self.names(diagnosis) == [], "\(diagnosis.findings)")
    let text = diagnosis.text
    #expect(text.contains("before training the model had"))
    #expect(!text.contains("same answer") && !text.contains("constant answer"), "\(text)")
  }

  // MARK: - One thing wrong

  @Test(arguments: seeds)
  func `a column that is the target is a leak`(_ seed: UInt64) throws {
    var rows = Self.columns(seed)
    let values = rows.map { 3 * $0[0] - 2 * $0[1] * $0[1] }
    for row in rows.indices { rows[row][3] = values[row] }
    let diagnosis = try Self.diagnosis(
      seed, rows: rows, targets: Self.numbers(values), layers: [Dense(units: 1)], loss: "mse",
      optimizer: Adam(learningRate: 0.1))
    #expect(Self.names(diagnosis) == [.leakingLabels], "\(diagnosis.findings)")
    #expect(
      diagnosis.causes.first?.figures.first?.text
        == "column 3 tells the target of 100% of the rows")
  }

  @Test func `rows sorted by their labels leave one label to validate on, which is noted`() throws {
    let rows = Self.columns(1).sorted { $0[0] < $1[0] }
    let diagnosis = try Self.diagnosis(
      1, rows: rows, targets: Self.numbers(rows.map { $0[0] > 0 ? 1 : 0 }),
      layers: [Dense(units: 8, activation: .tanh), Dense(units: 1, activation: .sigmoid)])
    #expect(diagnosis.notes.contains { $0.hasPrefix("all rows of validation have one label, 1:") })
  }

  @Test func `of three rare rows nothing is said but that they are rare`() throws {
    let rows = Self.columns(2)
    let diagnosis = try Self.diagnosis(
      2, rows: rows, targets: Self.numbers(rows.indices.map { $0 % 80 == 7 ? 1 : 0 }),
      layers: [Dense(units: 8, activation: .tanh), Dense(units: 1, activation: .sigmoid)])
    #expect(Self.names(diagnosis) == [.unbalancedLabels], "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `rows of one class are named with the figure`(_ seed: UInt64) throws {
    let rows = Self.columns(seed)
    let diagnosis = try Self.diagnosis(
      seed, rows: rows, targets: Self.numbers(rows.map { _ in 1 }),
      layers: [Dense(units: 8, activation: .tanh), Dense(units: 1, activation: .sigmoid)],
      optimizer: SGD(learningRate: 0.01))
    #expect(Self.names(diagnosis) == [.unbalancedLabels], "\(diagnosis.findings)")
    #expect(diagnosis.causes.first?.figures.first?.value == 1)
  }

  @Test func `weights of rows that are all zero are what is named`() throws {
    let rows = Self.columns(1)
    let diagnosis = try Self.diagnosis(
      1, rows: rows, targets: Self.numbers(rows.map { $0[0] > 0 ? 1 : 0 }),
      layers: [Dense(units: 1, activation: .sigmoid)],
      sampleWeight: Self.numbers(rows.map { _ in 0 }))
    #expect(Self.names(diagnosis) == [.noRowCounts], "\(diagnosis.findings)")
  }

  @Test(arguments: seeds)
  func `rows that are all the same are what is named`(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let labels = (0..<60).map { _ in Float(generator.uniform() < 0.5 ? 1 : 0) }
    let diagnosis = try Self.diagnosis(
      seed, rows: labels.map { _ in [0.3, -0.5, 0.25] }, targets: Self.numbers(labels),
      layers: [Dense(units: 8, activation: .relu), Dense(units: 1, activation: .sigmoid)])
    let cause = try #require(diagnosis.causes.first)
    #expect(diagnosis.causes.count == 1 && cause.kind == .nothingToLearn, "\(diagnosis.findings)")
    #expect(cause.figures.first?.text == "all 48 rows to learn from are the same")
  }

  @Test(arguments: seeds)
  func `targets that are all one value are named with it`(_ seed: UInt64) throws {
    let rows = Self.columns(seed)
    let diagnosis = try Self.diagnosis(
      seed, rows: rows, targets: Self.numbers(rows.map { _ in 3.7 }),
      layers: [Dense(units: 8, activation: .tanh), Dense(units: 1)], loss: "mse")
    #expect(Self.names(diagnosis) == [.unbalancedLabels], "\(diagnosis.findings)")
    #expect(diagnosis.causes.first?.figures.first?.text.contains("3.70") ?? false)
  }

  @Test(arguments: seeds)
  func `labels of each step and ten rows are no reason to say anything`(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let ids = (0..<60 * 7).map { _ in Int32(1 + Int(generator.uniform() * 19)) }
    var model = try Model(
      [
        InputLayer(shape: [7]), Embedding(inputDim: 20, outputDim: 6),
        GRU(units: 8, returnSequences: true), Dense(units: 1, activation: .sigmoid),
      ], seed: seed)
    try model.compile(optimizer: Adam(learningRate: 0.02), loss: "binary_crossentropy")
    var settings = FitSettings()
    (settings.batchSize, settings.epochs, settings.seed) = (4, 12, seed)
    // Where one step of a row is marked, that is no class either.
    var marked = ids
    for place in ids.indices {
      marked[place] = place % 7 == place / 7 % 7 ? 19 : 1 + ids[place] % 18
    }
    for (rows, words, odd) in [(60, ids, true), (10, ids, true), (60, marked, false)] {
      let own = Array(words.prefix(rows * 7))
      let targets = own.map { Float(odd ? $0 % 2 : $0 == 19 ? 1 : 0) }
      let data = try Dataset(
        inputs: [NumericArray(shape: [rows, 7], .int32(own))],
        targets: NumericArray(shape: [rows, 7, 1], .float32(targets)))
      let diagnosis = try Diagnosis(
        of: Diagnosis.Subject(model: model, data: data, settings: settings), trying: .none)
      #expect(diagnosis.evidence.labels == nil)
      // Ten rows, of which two judge, may well be learned by heart.
      #expect(
        Self.names(diagnosis).filter { rows > 10 || $0 != .overfitting } == [],
        "\(rows): \(diagnosis.findings)")
    }
  }

  @Test func `inputs that are huge are what is named`() throws {
    let rows = Self.columns(1).map { $0.map { $0 * 1e38 } }
    let diagnosis = try Self.diagnosis(
      1, rows: rows, targets: Self.numbers(rows.map { $0[0] > 0 ? 1 : 0 }),
      layers: [Dense(units: 8), Dense(units: 1)], loss: "mse")
    let cause = try #require(diagnosis.causes.first)
    #expect(Self.names(diagnosis) == [.notANumber], "\(diagnosis.findings)")
    let words = (cause.figures.map(\.text) + [cause.remedy]).joined(separator: " ")
    #expect(words.contains("10³⁷") || words.contains("10³⁸"), "\(words)")
  }

  @Test func `diagnosis json holds nothing that JSON has no word for`() throws {
    let rows = Self.columns(1).map { $0.map { $0 * 1e38 } }
    let diagnosis = try Self.diagnosis(
      1, rows: rows, targets: Self.numbers(rows.map { $0[0] > 0 ? 1 : 0 }),
      layers: [Dense(units: 8), Dense(units: 1)], loss: "mse")
    let text = diagnosis.json.pythonText()
    #expect(!text.contains(": NaN") && !text.contains("Infinity") && !text.contains("[NaN"))
  }
}
