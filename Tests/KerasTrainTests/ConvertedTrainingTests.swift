import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// What a training does that goes on in another generation, and what is noted of it: every state
/// that a real Keras stored, converted to every other generation, both followed for three batches in
/// the arithmetic that ``OptimizerTests`` compares with the real ones.
@Suite struct ConvertedTrainingTests {
  private struct Outcome {
    let name: String
    let difference: Float
    let notes: [String]
  }

  /// Weights differ by up to 2e-5 where formulas are the same: see ``OptimizerTests``.
  private static let tolerance: Float = 2e-5

  private static let outcomes = Result { () throws -> [Outcome] in
    var outcomes: [Outcome] = []
    for optimizer in OptimizerCase.all {
      guard let file = optimizer.files.last else { continue }
      let model = try optimizer.middle(file)
      let own = try resumed(model, optimizer.generation, optimizer)
      for target in Generation.allCases where target != optimizer.generation {
        let path = "\(NSTemporaryDirectory())/training-\(UUID().uuidString).h5"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let notes: [ConversionNote]
        do throws(KerasError) {
          notes = try ModelFile.write(
            model.record, to: path, options: .init(generation: target))
        } catch {
          // What the generation does not have.
          continue
        }
        let other = try resumed(Model(ModelFile.read(path)), target, optimizer)
        let difference = zip(own, other).map { abs($0 - $1) }.max() ?? .infinity
        outcomes.append(
          Outcome(
            name: "\(optimizer.testDescription) in \(target.rawValue)", difference: difference,
            notes: notes.map(\.message).filter { $0.hasPrefix("while training") }))
      }
    }
    return outcomes
  }

  private static func resumed(
    _ start: Model, _ generation: Generation, _ optimizer: OptimizerCase
  ) throws -> [Float] {
    var model = start
    let stored = try #require(model.compilation?.optimizer)
    // With these options Keras 3 cannot train tables on TensorFlow.
    let isOther = stored.options.lossScaleFactor != nil || (stored as? RMSprop)?.centered == true
    try model.compile(
      optimizer: stored, loss: BinaryCrossentropy(), metrics: [], generation: generation,
      backend: generation == .keras3 && !isOther ? .tensorflow : nil, keepingState: true)
    _ = try optimizer.fit(&model, rows: OptimizerCase.rowsBefore..<OptimizerCase.rows)
    return model.flatWeights
  }

  @Test func `a training that goes on otherwise is noted`() throws {
    let outcomes = try Self.outcomes.get()
    #expect(outcomes.count > 300)
    for outcome in outcomes where outcome.notes.isEmpty {
      #expect(outcome.difference <= Self.tolerance, "\(outcome.name)")
    }
    // What is noted shows, if not in every case: epsilon where gradients are small.
    let noted = outcomes.filter { !$0.notes.isEmpty }
    #expect(noted.filter { $0.difference > Self.tolerance }.count > noted.count * 4 / 5)
  }
}
