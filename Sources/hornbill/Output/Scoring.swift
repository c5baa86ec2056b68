import KerasFormat
import KerasRuntime

/// Scores texts on several cores; the order stays, and the numbers do not depend on the cores.
struct Scoring: Sendable {
  private let network: Network
  private let batchSize: Int
  private let threads: Int

  init(_ network: Network, batchSize: Int, threads: Int?) throws(KerasError) {
    guard network.readsTexts else {
      throw KerasError(
        .invalidData, "the model carries no text pipeline, so it cannot read text",
        hint: "give arrays with --input and --output")
    }
    guard network.outputs.count == 1 else {
      throw KerasError(
        .unsupportedConfiguration, "\(network.outputs.count) outputs but scoring takes one",
        hint: "give arrays with --input and --output")
    }
    self.network = network
    self.batchSize = batchSize
    self.threads = threads ?? ProcessorCount.online
  }

  /// Texts to hand over at once: enough for all cores, little enough to stay in memory.
  /// Whole batches, so that each text meets the same others however many cores there are.
  var chunkSize: Int { (512 + batchSize - 1) / batchSize * batchSize * threads }

  /// One row of the model's output for each text.
  func scores(_ texts: [String]) async throws -> [[Float]] {
    let batches = (texts.count + batchSize - 1) / batchSize
    let share = max(1, (batches + threads - 1) / threads) * batchSize
    return try await withThrowingTaskGroup(of: (Int, [[Float]]).self) { group in
      for start in stride(from: 0, to: texts.count, by: share) {
        let part = Array(texts[start..<min(texts.count, start + share)])
        group.addTask { (start, try rows(part)) }
      }
      var parts: [(Int, [[Float]])] = []
      for try await part in group { parts.append(part) }
      return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
    }
  }

  private func rows(_ texts: [String]) throws(KerasError) -> [[Float]] {
    let output = try network.outputs(for: texts, batchSize: batchSize)[0]
    let values = output.floats()
    let width = values.count / max(1, texts.count)
    return texts.indices.map { Array(values[$0 * width..<($0 + 1) * width]) }
  }
}
