import Foundation
import KerasFormat
import KerasTrain
import TestSupport
import Testing

/// The scale of a LossScaleOptimizer on its way from Keras 3, which stores it, to 2.15, which does
/// not.
@Suite struct LossScaleTests {
  private struct Conversion {
    let before: OptimizerRecord
    let after: OptimizerRecord
    let notes: [String]
    /// Whether the writer says that 2.15 forgets the state.
    let forgotten: Bool
  }

  private func converted(_ name: String, to end: String) throws -> Conversion {
    let optimizer = try #require(
      OptimizerCase.all.first { $0.generation == .keras3 && $0.name == name && $0.backend == nil })
    let model = try optimizer.middle("mid.keras")
    let path = "\(NSTemporaryDirectory())/scale-\(UUID().uuidString)\(end)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let notes = try ModelFile.write(
      model.record, to: path, options: .init(generation: .keras2_15))
    let again = try Model(ModelFile.read(path))
    return Conversion(
      before: try #require(model.record.training?.optimizer),
      after: try #require(again.record.training?.optimizer),
      notes: notes.map(\.message).filter { $0.contains("scale of the loss") },
      forgotten: notes.contains { $0.message.contains("forgets the optimizer's state") })
  }

  private func initialScale(_ optimizer: OptimizerRecord) -> Double? {
    optimizer.config["loss_scale"]?.object?["initial_scale"]?.number
  }

  /// Nine updates, of which four in a row double the scale.
  @Test(arguments: [".h5", ".keras"])
  func `a scale that training has reached is where 2.15 begins`(_ end: String) throws {
    let found = try converted("scaled_sgd", to: end)
    #expect(initialScale(found.before) == 1024)
    #expect(found.before.number(ofSlot: "dynamic_scale") == 4096)
    #expect(initialScale(found.after) == 4096)
    #expect(
      found.notes == [
        "Keras 2.15 stores no scale of the loss: it begins with the 4096.0 that training has "
          + "reached, and counts anew the updates since it moved (1)"
      ])
    #expect(found.forgotten == (end == ".h5"))
    // The updates' own state is there as well.
    #expect(found.after.iterations == found.before.iterations)
    #expect(
      found.after.slots.first { $0.name == "momentum" }
        == found.before.slots.first { $0.name == "momentum" })
  }

  /// 3.15.1 builds the optimizer of what it opens there for no variables.
  @Test func `a state for Keras 3 in an h5 is noted`() throws {
    let optimizer = try #require(
      OptimizerCase.all.first { $0.generation == .keras2_15 && $0.name == "adam" })
    let record = try optimizer.middle(optimizer.files[0]).record
    for (end, isNoted) in [(".h5", true), (".keras", false)] {
      let path = "\(NSTemporaryDirectory())/state-\(UUID().uuidString)\(end)"
      defer { try? FileManager.default.removeItem(atPath: path) }
      let notes = try ModelFile.write(record, to: path, options: .init(generation: .keras3))
      #expect(notes.contains { $0.message.contains("cannot train what it has opened") } == isNoted)
    }
  }

  @Test func `a scale that is no number is left behind and said to be`() throws {
    let found = try converted("scaled_overflow", to: ".keras")
    #expect(found.before.number(ofSlot: "dynamic_scale") == .infinity)
    #expect(initialScale(found.after) == initialScale(found.before))
    #expect(found.notes.count == 1 && found.notes[0].contains("again, not inf, and counts anew"))
  }
}
