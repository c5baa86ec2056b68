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
}
