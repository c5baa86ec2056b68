import ArgumentParser
import KerasFormat
import KerasRuntime

/// `hornbill diff`: where two models differ.
struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Show where two models differ: the first layer or weight, and by how much.",
    discussion: """
      hornbill diff before.keras after.keras
      hornbill diff keras2.h5 keras3.keras --data x.npy
      hornbill diff a.json b.json --weights a.weights.h5 --other-weights b.weights.h5

      Definitions, weights, compile settings, the optimizer and its arrays are compared; \
      containers and Keras's generations are not. A file of weights alone is compared by the \
      definition in the other. With --data both models run, and the first layer \
      whose output differs is named. Exit status 0: equal; 1: different.
      """)

  @Argument(
    help: "A .keras file, a whole-model .h5, a .json definition, or a file of weights alone.",
    completion: .file())
  var first: String

  @Argument(help: "What it is compared with.", completion: .file())
  var second: String

  @Option(help: "Weights for the first, from a file of their own.", completion: .file())
  var weights: String?

  @Option(help: "Weights for the second.", completion: .file())
  var otherWeights: String?

  @Option(
    name: [.customLong("data"), .customLong("input")],
    help: """
      Run both on this: raw input, .npy, once per input of the model in its order; or one file of \
      texts as predict takes them, for models that carry a text pipeline; - for standard input.
      """, completion: .file())
  var data: [String] = []

  @OptionGroup var columns: ColumnOptions

  @Option(
    parsing: .unconditional,
    help: """
      How far two numbers may be apart and count as equal; default: 0 for what is stored, 1e-5 for \
      outputs.
      """)
  var tolerance: Double?

  @Option(
    parsing: .unconditional, help: "Rows computed at once; it has no influence on the result.")
  var batchSize = 32

  @Flag(help: "Print one JSON object, with every difference.")
  var json = false

  func validate() throws {
    if let tolerance, !(tolerance >= 0 && tolerance.isFinite) {
      throw ValidationError("--tolerance \(tolerance) but it must be 0 or more.")
    }
    if batchSize < 1 {
      throw ValidationError("--batch-size \(batchSize) but it must be 1 or more.")
    }
    if !isRaw, data.count > 1 {
      throw ValidationError("--data takes one file of texts, or .npy files alone.")
    }
  }

  /// Whether the data are arrays.
  private var isRaw: Bool { data.allSatisfy { $0.hasSuffix(".npy") } }

  func run() throws {
    let a = weights == nil ? try ModelFile.bareWeights(first) : nil
    let b = otherWeights == nil ? try ModelFile.bareWeights(second) : nil
    if data.isEmpty, let a, let b {
      return try finish(
        DiffReport(
          files: [first, second], generations: nil,
          stored: ModelComparison(weights: a, b, tolerance: tolerance ?? 0), outputs: nil))
    }
    let models = try comparedModels(isBare: [a != nil, b != nil])
    let stored = ModelComparison(
      models[0].record, models[1].record, tolerance: tolerance ?? 0)
    try finish(
      DiffReport(
        files: [first, second], generations: models.map(\.record.generation), stored: stored,
        outputs: data.isEmpty ? nil : try compareOutputs(models)))
  }

  /// Both models. Weights alone are compared as those of the other's definition, and then nothing
  /// but weights is.
  private func comparedModels(isBare: [Bool]) throws(KerasError) -> [ComparedModel] {
    guard isBare[0] != isBare[1] else {
      return [try ComparedModel(first, weights), try ComparedModel(second, otherWeights)]
    }
    let (definition, own) = isBare[0] ? (second, otherWeights) : (first, weights)
    let whole = try ComparedModel(definition, own, training: false)
    let bare = try ComparedModel(definition, isBare[0] ? first : second, training: false)
    return isBare[0] ? [bare, whole] : [whole, bare]
  }

  private func finish(_ report: DiffReport) throws {
    Console.result(json ? report.json.pythonText(indent: 2) : report.text)
    if !report.isEqual { throw ExitCode(1) }
  }

  // MARK: - Outputs

  private func compareOutputs(_ models: [ComparedModel]) throws(KerasError) -> OutputComparison {
    let networks = [try models[0].network.get(), try models[1].network.get()]
    var comparison = OutputComparison(networks[0], networks[1], tolerance: tolerance ?? 1e-5)
    if isRaw {
      try runArrays(&comparison, networks)
    } else {
      try runTexts(&comparison, networks)
    }
    return comparison
  }

  private func runArrays(
    _ comparison: inout OutputComparison, _ networks: [Network]
  ) throws(KerasError) {
    let inputs = try DataOptions.inputs(at: data)
    do { try comparison.run(inputs, batchSize: batchSize) } catch {
      throw error.inInput(of: networks, at: data)
    }
  }

  /// Each model reads the texts by its own pipeline; one that has none takes the other's.
  private func runTexts(
    _ comparison: inout OutputComparison, _ networks: [Network]
  ) throws(KerasError) {
    let readers = [networks[0], networks[1]].map { $0.textPipeline == nil ? nil : $0 }
    guard let reader = readers[0] ?? readers[1], let otherReader = readers[1] ?? readers[0] else {
      throw KerasError(
        .invalidData, "neither model carries a text pipeline, so they cannot read text",
        at: .init(file: first), hint: "give arrays, .npy")
    }
    var texts = try TextReader(path: data[0], options: columns.reading)
    var isAtEnd = false
    while !isAtEnd {
      var chunk: [String] = []
      while chunk.count < batchSize {
        guard let row = try texts.next() else {
          isAtEnd = true
          break
        }
        chunk.append(row.text)
      }
      guard !chunk.isEmpty else { break }
      do {
        try comparison.run(
          [try reader.encoded(chunk)], [try otherReader.encoded(chunk)], batchSize: batchSize)
      } catch {
        throw error.inFile(texts.file ?? "standard input")
      }
    }
    guard comparison.rows > 0 else {
      throw KerasError(
        .invalidData, "no rows; expected at least one text", at: .init(file: texts.file))
    }
  }
}

/// A model as `diff` looks at it: its record under the names that its layers give their weights,
/// and its network, or why it has none.
private struct ComparedModel {
  let record: ModelRecord
  let network: Result<Network, KerasError>

  init(_ path: String, _ weights: String?, training: Bool = true) throws(KerasError) {
    let record = try ModelFile.read(path, weights: weights, training: training)
    network = Result { () throws(KerasError) in
      do throws(KerasError) { return try Network(record) } catch { throw error.inFile(path) }
    }
    if let built = try? network.get().record {
      self.record = InspectionReport.named(record, as: built)
    } else {
      self.record = record
    }
  }
}
