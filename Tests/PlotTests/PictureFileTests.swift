import CKerasZlib
import Foundation
import HornbillPlot
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Figures that are hard to draw.
private enum Hard {
  static let values: [(name: String, values: [Double])] = [
    ("nothing", []), ("one", [0.5]), ("constant", [0.3, 0.3, 0.3]), ("missing", [.nan, .nan]),
    ("gaps", [1, .nan, 2, .infinity, 3, -.infinity, 4]), ("huge", [1e30, 3e30, 2e30]),
    ("tiny", [1e-30, 3e-30, 2e-30]), ("both", [-1e30, 1e-30, 1e30]), ("zero", [0, 0]),
    ("beyond", [1e200, 1]), ("long", (0..<10_000).map { Double($0 % 97) / 97 }),
  ]

  static func figure(_ values: [Double], title: String = "Curves") -> Figure {
    Figure(
      title: title,
      charts: [
        Chart(
          title: "Loss", subtitle: "a guess is the dotted line", xLabel: "epoch", yLabel: "loss",
          series: [
            Series("training", values: values),
            Series(
              "validation", values: values, style: SeriesStyle(color: 1, dashed: true),
              band: Band(lower: values.map { $0 * 0.9 }, upper: values.map { $0 * 1.1 })),
          ],
          references: [ReferenceLine(y: 0.6931, label: "ln 2"), ReferenceLine(x: 3, label: "kept")]),
        Chart(title: "Accuracy", series: [Series("training", values: values)], logX: true),
        Chart(title: "Cut", series: [Series("training", values: values)], yRange: 0...1.4),
      ], columns: 3)
  }
}

/// A PNG taken apart as ISO/IEC 15948 says.
private struct PNG {
  var chunks: [(type: String, data: [UInt8])] = []

  init(_ bytes: [UInt8]) throws {
    try #require(bytes.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    var rest = bytes.dropFirst(8)
    while !rest.isEmpty {
      let length = Self.number(rest.prefix(4))
      let checked = Array(rest.dropFirst(4).prefix(4 + length))
      try #require(checked.count == 4 + length)
      let crc = UInt32(truncatingIfNeeded: crc32(0, checked, UInt32(checked.count)))
      #expect(Self.number(rest.dropFirst(8 + length).prefix(4)) == Int(crc))
      chunks.append(
        (String(decoding: checked.prefix(4), as: UTF8.self), Array(checked.dropFirst(4))))
      rest = rest.dropFirst(12 + length)
    }
  }

  static func number(_ bytes: some Sequence<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
}

@Suite struct PictureFileTests {
  @Test func `the same figure gives the same bytes`() {
    for (name, values) in Hard.values.dropLast() {
      #expect(Hard.figure(values).svg() == Hard.figure(values).svg(), "\(name)")
      #expect(Hard.figure(values).png() == Hard.figure(values).png(), "\(name)")
    }
    #expect(Hard.figure([1, 2]).svg() != Hard.figure([1, 3]).svg())
    #expect(Hard.figure([1, 2]).png() != Hard.figure([1, 3]).png())
  }

  @Test(arguments: [1, 2]) func `a PNG is one that every reader takes`(scale: Int) throws {
    for (name, values) in Hard.values {
      let png = try PNG(Hard.figure(values).png(scale: scale))
      #expect(png.chunks.map(\.type) == ["IHDR", "pHYs", "IDAT", "IEND"], "\(name)")
      let header = png.chunks[0].data
      let (width, height) = (PNG.number(header[0..<4]), PNG.number(header[4..<8]))
      #expect((width, height) == (720 * scale, 405 * scale))
      #expect(
        header[8...] == [8, 2, 0, 0, 0], "eight bits, RGB, deflate, adaptive, not interlaced")
      var size = UInt(height * (1 + 3 * width))
      var rows = [UInt8](repeating: 9, count: Int(size) + 1)
      let idat = png.chunks[2].data
      #expect(uncompress(&rows, &size, idat, UInt(idat.count)) == Z_OK)
      #expect(size == UInt(height * (1 + 3 * width)), "\(name)")
      let filters = stride(from: 0, to: Int(size), by: 1 + 3 * width).map { rows[$0] }
      #expect(filters.allSatisfy { $0 <= 4 })
      #expect(png.chunks[3].data.isEmpty)
    }
  }

  @Test func `every coordinate of an SVG is a number, whatever the data`() throws {
    for (name, values) in Hard.values {
      let elements = try Self.elements(of: Hard.figure(values).svg())
      let svg = try #require(elements.first)
      #expect(svg.attributes["viewBox"] == "0 0 720 405", "\(name)")
      for element in elements.dropFirst() {
        for key in [
          "x", "y", "cx", "cy", "r", "points", "stroke-width", "font-size", "transform",
        ] {
          let text = element.attributes[key] ?? ""
          for part in text.split(whereSeparator: { " ,()".contains($0) }) where part != "rotate" {
            let value = try #require(Double(part), "\(name): \(key)=\(part)")
            #expect(value.isFinite && value.magnitude < 10_000, "\(name): \(key)=\(part)")
          }
        }
      }
    }
  }

  @Test func `text is escaped, and what XML cannot hold is replaced`() throws {
    let title = "<loss> & \"accuracy\" 'so far'\u{0}\u{7}\tend"
    let svg = Figure(
      title: title,
      charts: [
        Chart(
          title: title, subtitle: title, xLabel: title, yLabel: title,
          series: [Series(title, values: [1, 2])],
          references: [ReferenceLine(y: 1.5, label: title)])
      ], width: 2000, height: 900
    ).svg()
    let texts = try Self.elements(of: svg).map(\.text)
    let expected = "<loss> & \"accuracy\" 'so far'\u{FFFD}\u{FFFD} end"
    #expect(texts.count { $0 == expected } >= 7)
  }

  @Test func `words fit into the picture in a wider font than ours`() throws {
    let long = String(repeating: "a rather long explanation ", count: 8)
    var figure = Hard.figure([0.7, 0.5, 0.4], title: long)
    for index in figure.charts.indices {
      figure.charts[index].title = long
      figure.charts[index].subtitle = long
      figure.charts[index].series[0].name = long
    }
    for case .text(let run) in figure.drawList().commands where !run.upwards {
      // DejaVu Sans and its bold, measured on such words.
      let width =
        (run.bold ? 1.25 : 1.17) * StrokeFont.width(run.text, size: run.size, bold: run.bold)
      let start = run.at.x - (run.anchor == .end ? width : run.anchor == .middle ? width / 2 : 0)
      #expect(start >= 0 && start + width <= figure.width, "\(run.text)")
    }
  }

  // MARK: - Taking an SVG apart

  private final class Element {
    let name: String
    let attributes: [String: String]
    var text = ""

    init(_ name: String, _ attributes: [String: String]) {
      self.name = name
      self.attributes = attributes
    }
  }

  private final class Collector: NSObject, XMLParserDelegate {
    var elements: [Element] = []
    private var open: [Element] = []

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      let element = Element(name, attributes)
      elements.append(element)
      open.append(element)
    }

    func parser(
      _ parser: XMLParser, didEndElement name: String, namespaceURI: String?,
      qualifiedName: String?
    ) { open.removeLast() }

    func parser(_ parser: XMLParser, foundCharacters text: String) { open.last?.text += text }
  }

  private static func elements(of svg: String) throws -> [Element] {
    let parser = XMLParser(data: Data(svg.utf8))
    let collector = Collector()
    parser.delegate = collector
    try #require(parser.parse(), "not well-formed: \(String(describing: parser.parserError))")
    return collector.elements
  }
}
