import KerasFormat
import KerasRuntime
import TestSupport
import Testing

/// Model files with one byte changed, or cut off: each loads or is refused, and none ends the
/// process.
///
/// An `.h5` is changed in its definition and its numbers alone: libhdf5 1.10 itself can crash on a
/// damaged structure, which nothing above it can prevent (about one flip in a hundred).
@Suite struct DamagedModelTests {
  private static let files = [
    "models/gru/3/model.keras", "models/lstm/2.15/model.keras", "format/models/3/graph.keras",
    "models/ffnn/3/model.json", "models/gru/2/model.json", "format/models/3/graph.json",
    "format/models/2.15/gates.json",
  ]

  @Test(arguments: files)
  func `a changed byte loads or is refused`(file: String) throws {
    let whole = try FileBytes.read(Fixtures.path(file))
    var generator = Philox(seed: 41)
    var refused = 0
    for _ in 0..<300 {
      var bytes = whole
      let position = Int(generator.next()) % bytes.count
      // Any other byte, with a leaning to what means something in JSON.
      let telling = Array("0129-.\"[]{},:ntf\\".utf8)
      let draw = Int(generator.next())
      bytes[position] = draw % 2 == 0 ? telling[draw / 2 % telling.count] : UInt8(draw / 2 % 256)
      if bytes != whole, !loads(bytes) { refused += 1 }
    }
    #expect(refused > 100)
  }

  @Test(arguments: files + ["models/gru/3/model.h5", "models/lstm/2/model.h5"])
  func `a file that is cut off is refused`(file: String) throws {
    let whole = try FileBytes.read(Fixtures.path(file))
    var generator = Philox(seed: 42)
    for _ in 0..<100 {
      let length = Int(generator.next()) % whole.count
      #expect(!loads(Array(whole.prefix(length))), "\(length) of \(whole.count) bytes")
    }
  }

  @Test(arguments: ["models/gru/3/model.h5", "models/lstm/2/model.h5"])
  func `a changed definition in an .h5 loads or is refused`(file: String) throws {
    let whole = try FileBytes.read(Fixtures.path(file))
    let range = try #require(whole.firstRange(of: Array("\"class_name\"".utf8)))
    let start = range.lowerBound
    let end = try #require(whole[start...].firstIndex(of: 0))
    let length = end - start
    var generator = Philox(seed: 43)
    var refused = 0
    for _ in 0..<300 {
      var bytes = whole
      bytes[start + Int(generator.next()) % length] = UInt8(32 + Int(generator.next()) % 95)
      if !loads(bytes) { refused += 1 }
    }
    #expect(refused > 100)
  }

  /// Whether the model can be built; what else may happen ends the process, and so the tests.
  private func loads(_ bytes: [UInt8]) -> Bool {
    do throws(KerasError) {
      let record = try ModelFile.decode(bytes, name: "damaged")
      let hasWeights = record.layers.contains { !$0.weights.isEmpty }
      _ = try Network(record, weights: hasWeights ? .stored : .fresh(seed: 1))
      return true
    } catch {
      #expect(error.place.file == "damaged" || error.place.file == nil)
      #expect(!error.message.isEmpty)
      return false
    }
  }
}
