import KerasFormat
import KerasRuntime
import TestSupport
import Testing

/// One text of `fixtures/summaries`: what a real Keras prints of a file.
struct SummaryFixture: Sendable, CustomTestStringConvertible {
  let file: String
  let text: String

  var testDescription: String { file }

  static let all = Result { () throws(KerasError) -> [SummaryFixture] in
    var fixtures: [SummaryFixture] = []
    for generation in ["1", "2", "2.15", "3"] {
      let path = Fixtures.path("summaries/\(generation)/summaries.json")
      let texts = try JSON(parsing: FileBytes.read(path)).object?["summaries"]?.object ?? [:]
      for (file, text) in texts.members {
        fixtures.append(SummaryFixture(file: file, text: text.string ?? ""))
      }
    }
    return fixtures
  }

  /// What `summary()` says to differ in.
  var differsOnPurpose: Bool {
    file.hasPrefix("models/") && file.hasSuffix("/3/model.h5")
  }
}

@Suite struct SummaryTests {
  @Test(arguments: try SummaryFixture.all.get().filter { !$0.differsOnPurpose })
  func `a summary is Keras's, to the character`(_ fixture: SummaryFixture) throws {
    let record = try ModelFile.decode(Fixtures.bytes(fixture.file), name: fixture.file)
    let hasWeights = record.layers.contains { !$0.weights.isEmpty }
    let network = try Network(record, weights: hasWeights ? .stored : .zeros)
    let lines = (network.summary() + "\n").split(separator: "\n", omittingEmptySubsequences: false)
    let expected = fixture.text.split(separator: "\n", omittingEmptySubsequences: false)
    for (number, (line, want)) in zip(lines, expected).enumerated() {
      #expect(line == want, "line \(number + 1)")
    }
    #expect(lines.count == expected.count)
  }

  @Test func `there are summaries of all generations`() throws {
    let all = try SummaryFixture.all.get()
    #expect(all.count == 523)
    #expect(all.filter(\.differsOnPurpose).count == 5)
  }

  @Test func `an optimizer's state in an h5 is counted, though Keras 3 leaves it behind`() throws {
    let network = try Network(contentsOf: Fixtures.path("models/gru_adam/3/model.h5"))
    #expect(network.summary().hasSuffix("\n Optimizer params: 1,072 (4.19 KB)"))
  }
}
