import Foundation
import KerasFormat
import KerasRuntime
import TestSupport
import Testing

/// What CONTRIBUTING asks of every layer, and that CONTRIBUTING shows what there is.
@Suite struct LayerSupportTests {
  private func text(_ path: String) throws -> String {
    String(decoding: try FileBytes.read(Fixtures.path("../\(path)")), as: UTF8.self)
  }

  @Test func `every registered layer is in a model that Keras computed`() throws {
    let equal = try FixtureOutcome.all.get().filter { (try? $0.result.get()) != nil }
    let classes = equal.reduce(into: Set<String>()) { $0.formUnion($1.classes) }
    for type in LayerRegistry.builtIn {
      #expect(
        classes.contains(type.className),
        "no fixture for \(type.className): add a case to fixtures/scripts/cases.py")
    }
  }

  @Test func `every registered layer's gradient is checked, or training through it is refused`()
    throws
  {
    var checked: Set<String> = []
    for layerCase in try LayerCase.all() {
      let name = type(of: layerCase.layer).className
      if layerCase.isTrainable {
        checked.insert(name)
      } else if try refusesTraining(layerCase) {
        checked.insert(name)
      } else {
        Issue.record("\(layerCase.title) is not trainable, but a training step runs through it")
      }
    }
    for type in LayerRegistry.builtIn {
      #expect(
        checked.contains(type.className),
        "no gradient case for \(type.className): add it to Tests/TestSupport/LayerCases")
    }
  }

  private func refusesTraining(_ layerCase: LayerCase) throws -> Bool {
    let network = try layerCase.network(1)
    var pass = Pass(generation: .keras3, isTraining: true, keepsTrace: true)
    let input = Tensor<Float>(
      rows: 0..<layerCase.input.shape[0], of: layerCase.input, in: &pass.workspace)
    var trace = NetworkTrace<Float>()
    do throws(KerasError) {
      _ = try network.forward(
        [input], parameters: network.parameters, trace: &trace, pass: &pass)
      return false
    } catch {
      return error.code == .unsupportedConfiguration
    }
  }

  @Test func `every registered layer has its place in the table of equality`() throws {
    let page = try text("docs/equal-to-keras.md")
    for type in LayerRegistry.builtIn {
      #expect(
        page.contains("\n### \(type.className)\n") || page.contains("\n| \(type.className) | "),
        "no row for \(type.className) in docs/equal-to-keras.md: write it with HORNBILL_WRITE_DOCS=1"
      )
    }
  }

  /// Read apart from other layers: inputs and models. And two of Keras 1 that 2.2 carries along in
  /// words of its own, whose files are refused by a key that nobody reads.
  private static let wordedApart: Set<String> = [
    "InputLayer", "Sequential", "Functional", "Highway", "MaxoutDense",
  ]

  @Test func `every registered layer is worded alike by all generations, or has its tables`() {
    for type in LayerRegistry.builtIn where !Self.wordedApart.contains(type.className) {
      #expect(
        KerasLayerNames.areWordsKnown(of: type.className),
        "Keras words \(type.className) in several ways: add tables to KerasFormat/Generations")
    }
    // What the test would say of a layer without.
    #expect(!KerasLayerNames.areWordsKnown(of: "LocallyConnected1D"))
  }

  /// The layers of CONTRIBUTING's example and one with weights.
  @Test func `a layer stands in its file and the registry, and nowhere else in the package`() throws
  {
    let root = Fixtures.path("../Sources")
    let files = try FileManager.default.subpathsOfDirectory(atPath: root)
      .filter { $0.hasSuffix(".swift") }
    for name in ["RepeatVector", "RMSNormalization"] {
      var holders: Set<String> = []
      for path in files {
        let text = try text("Sources/\(path)")
        let words = text.matches(of: #/[A-Za-z0-9_]+/#).contains { $0.output == name }
        if words { holders.insert(String(path.split(separator: "/").last ?? "")) }
      }
      #expect(
        holders == ["\(name).swift", "LayerRegistry.swift", "KerasLayerNames.swift"], "\(holders)")
    }
  }

  @Test func `CONTRIBUTING shows files and lines that are there`() throws {
    let page = try text("CONTRIBUTING.md")
    var shown = 0
    for link in page.matches(of: #/\[`?([^\]`]+)`?\]\(([^)]+)\)/#) {
      let path = String(link.output.2)
      let file = try text(path.hasSuffix(".md") || path.contains(".") ? path : "\(path)/README.md")
      // The blocks behind it, up to the next link, are parts of it; commands are not.
      let rest = page[link.range.upperBound...]
      let end = rest.firstMatch(of: #/\]\(/#)?.range.lowerBound ?? rest.endIndex
      let lines = Set(file.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) })
      for block in rest[..<end].matches(of: #/```(swift|python|text)\n([^`]*)```/#) {
        for line in block.output.2.split(separator: "\n") {
          let line = line.trimmingCharacters(in: .whitespaces)
          guard !line.isEmpty else { continue }
          #expect(lines.contains(line), "\(path) has no line \(line)")
          shown += 1
        }
      }
    }
    #expect(shown >= 12)
  }

  @Test func `CONTRIBUTING names layers that are there`() throws {
    let page = try text("CONTRIBUTING.md")
    let section = try #require(page.components(separatedBy: "## Adding a layer").last)
    let known = Set(LayerRegistry.builtIn.map { $0.className })
    // Types of the package that are no layers.
    let others: Set<String> = ["GatheringLayer", "Layer"]
    var layers: Set<String> = []
    for name in section.matches(of: #/`([A-Z][A-Za-z0-9]+)`/#).map({ String($0.output.1) })
    where !others.contains(name) {
      #expect(known.contains(name), "CONTRIBUTING names \(name), which is no layer")
      layers.insert(name)
    }
    #expect(
      layers
        == ["RepeatVector", "Rescaling", "RMSNormalization", "Dense", "GRU", "GaussianNoise"])
  }
}
