import Foundation
import HornbillPlot
import Testing

@Suite struct LayoutTests {
  private func figure(_ names: [String], titles: [String] = ["Loss"], subtitles: [String] = [""])
    -> Figure
  {
    Figure(
      title: "Curves",
      charts: zip(titles, subtitles).map { title, subtitle in
        Chart(
          title: title, subtitle: subtitle, xLabel: "epoch",
          series: names.enumerated().map { index, name in
            Series(name, values: [0.7, 0.5, 0.4], style: SeriesStyle(color: index))
          })
      }, columns: titles.count)
  }

  private func texts(_ figure: Figure) -> [TextRun] {
    figure.drawList().commands.compactMap { if case .text(let run) = $0 { run } else { nil } }
  }

  @Test func `a legend of two rows is filled evenly, pairs below each other`() {
    let names = ["ffnn", "gru", "lstm"].flatMap { ["\($0), training", "\($0), validation"] }
    let places = names.compactMap { name in texts(figure(names)).first { $0.text == name }?.at }
    #expect(places.count == 6)
    #expect(Set(places.map(\.y)).count == 2)
    for pair in [(0, 1), (2, 3), (4, 5)] {
      #expect(places[pair.0].x == places[pair.1].x)
      #expect(places[pair.0].y < places[pair.1].y)
    }
  }

  @Test func `larger legends are even too, and keep pairs together`() {
    for count in 2...8 {
      let names = (0..<count).flatMap { ["model \($0), training", "model \($0), validation"] }
      let columns = Dictionary(
        grouping: texts(figure(names)).filter { names.contains($0.text) }, by: \.at.x
      ).values.map { column in column.sorted { $0.at.y < $1.at.y }.map(\.text) }
      #expect(columns.joined().count == 2 * count)
      let heights = columns.map(\.count)
      guard heights.max() != 1 else { continue }
      #expect((heights.max() ?? 0) - (heights.min() ?? 0) <= 2, "\(count) models: \(heights)")
      for column in columns {
        for index in stride(from: 0, to: column.count, by: 2) {
          #expect(column[index].hasSuffix("training"), "\(column)")
        }
      }
    }
  }

  @Test(arguments: 1...9) func `entries of a legend do not overlap`(count: Int) {
    let names = (0..<count).map { "model \($0) with the rate 0.00\($0)" }
    let runs = texts(figure(names)).filter { names.contains($0.text) }
    #expect(runs.count == count)
    for row in Dictionary(grouping: runs, by: \.at.y).values {
      let sorted = row.sorted { $0.at.x < $1.at.x }
      for (a, b) in zip(sorted, sorted.dropFirst()) {
        // A swatch of 24 and a gap of 7 stand in front of the next.
        let end = a.at.x + 1.17 * StrokeFont.width(a.text, size: a.size)
        #expect(end < b.at.x - 31)
      }
    }
  }

  @Test func `titles of a row stand in one line, with subtitles or without`() throws {
    let runs = texts(
      figure(["a"], titles: ["Loss", "Accuracy"], subtitles: ["", "of validation"]))
    let loss = try #require(runs.first { $0.text == "Loss" })
    let accuracy = try #require(runs.first { $0.text == "Accuracy" })
    let subtitle = try #require(runs.first { $0.text == "of validation" })
    #expect(loss.at.y == accuracy.at.y)
    #expect(subtitle.at.y > accuracy.at.y)
  }

  @Test func `a plot of 100 points or more has three numbers beside it`() {
    let ranges =
      [0.31, 0.7, 1, 1.4, 2.2, 7, 99, 1234.5].map { (0, $0) }
      + [(0.414, 0.534), (0.69, 0.6931), (-3.3, 8.8), (0.099, 0.9)]
    for (low, high) in ranges {
      for rows in 1...3 {
        let charts = (0..<rows).map { _ in Chart(series: [Series("a", values: [low, high])]) }
        let figure = Figure(charts: charts, columns: 1, height: 130 * Double(rows) + 40)
        let numbers = texts(figure).filter { $0.anchor == .end }
        #expect(numbers.count >= 3 * rows, "\(low)…\(high) in \(rows) rows")
      }
    }
  }

  @Test func `epochs are whole numbers`() {
    for epochs in [1, 2, 3, 5, 8, 17, 50, 1000] {
      let chart = Chart(series: [Series("a", values: (0..<epochs).map { 1 / Double($0 + 1) })])
      let numbers = texts(Figure(charts: [chart])).filter { $0.anchor == .middle }
      #expect(!numbers.isEmpty)
      for run in numbers { #expect(Int(run.text) != nil, "\(epochs) epochs: \(run.text)") }
    }
  }

  // WCAG 2.1: 1.4.11 asks 3:1 of lines, 1.4.3 asks 4.5:1 of text.
  @Test(arguments: Theme.allCases)
  func `lines and words stand out from the paper`(theme: Theme) {
    let paper = theme.color(.paper)
    for index in 0..<Ink.paletteCount {
      #expect(contrast(theme.color(.series(index)), paper) >= 3, "color \(index)")
    }
    #expect(contrast(theme.color(.axis), paper) >= 3)
    #expect(contrast(theme.color(.text), paper) >= 4.5)
    #expect(contrast(theme.color(.muted), paper) >= 4.5)
  }

  private func contrast(_ a: RGB, _ b: RGB) -> Double {
    let (one, other) = (luminance(a), luminance(b))
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)
  }

  private func luminance(_ color: RGB) -> Double {
    func linear(_ byte: UInt8) -> Double {
      let value = Double(byte) / 255
      return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue)
  }
}
