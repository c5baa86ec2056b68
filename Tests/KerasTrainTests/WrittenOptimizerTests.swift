import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// Writes models in the middle of training for `fixtures/scripts/check_optimizers.py`, which lets
/// the real Kerases go on with them, into the folder that `HORNBILL_WRITTEN` names.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["HORNBILL_WRITTEN"] != nil))
struct WrittenOptimizerTests {
  @Test(arguments: OptimizerCase.all.filter { $0.backend == nil })
  func `a model is saved in the middle of training`(_ optimizer: OptimizerCase) throws {
    let root = try #require(ProcessInfo.processInfo.environment["HORNBILL_WRITTEN"])
    let folder = "\(root)/\(optimizer.generation.rawValue)"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    var model = try optimizer.start()
    _ = try optimizer.fit(&model, rows: 0..<OptimizerCase.rowsBefore)
    for file in optimizer.files {
      let ending = file.hasSuffix(".keras") ? "keras" : "h5"
      try model.save(
        "\(folder)/\(optimizer.name).\(ending)",
        options: ModelFile.WriteOptions(generation: optimizer.generation))
    }
  }
  /// A training of Keras 3's that 2.15 goes on with: the scale of the loss, which 2.15 does not
  /// store, must be the one that was reached. Its file is called `3~<case>`.
  @Test func `a model whose loss is scaled is written for another generation`() throws {
    let root = try #require(ProcessInfo.processInfo.environment["HORNBILL_WRITTEN"])
    let folder = "\(root)/\(Generation.keras2_15.rawValue)"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    let optimizer = try #require(
      OptimizerCase.all.first {
        $0.generation == .keras3 && $0.name == "scaled_sgd" && $0.backend == nil
      })
    let model = try optimizer.middle("mid.keras")
    // Of an .h5 2.15 forgets such a state.
    try model.save("\(folder)/3~\(optimizer.name).keras", options: .init(generation: .keras2_15))
  }
}
