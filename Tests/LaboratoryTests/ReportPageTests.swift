import Foundation
import HornbillPlot
import KerasLaboratory
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct ReportPageTests {
  private var page: ReportPage {
    let chart = Chart(
      title: "Loss & more", xLabel: "epoch", yLabel: "loss",
      series: [
        Series(
          "gru <1>", values: [0.7, 0.5, 0.4],
          band: Band(lower: [0.6, 0.4, 0.3], upper: [0.8, 0.6, 0.5]))
      ], references: [ReferenceLine(y: 0.69, label: "a guess")])
    var page = ReportPage(title: "A \"title\" & <so>", lead: "Says `a<b` and one ` alone.")
    page.add(
      "Part",
      [
        .verdict("x < y"), .list(["one", "two"]), .code("hornbill sweep --vary 'a&b'"),
        .table(
          ReportTable(
            columns: [.init("name", isNumeric: false), .init("loss")],
            rows: [["gru & co", "0.5"], ["lstm", "0.25"]], highlighted: [1])),
        .figures(
          [Figure(charts: [chart], hasLegend: false)],
          legend: [.init("gru <1>", style: SeriesStyle(color: 1, dashed: true))],
          caption: "One curve."),
      ])
    return page
  }

  @Test func `it is XML, however odd its words are`() throws {
    let parser = XMLParser(data: Data(page.html().utf8))
    #expect(parser.parse(), "\(parser.parserError as Any), line \(parser.lineNumber)")
  }

  @Test func `it asks nothing of the network and runs nothing`() {
    let html = page.html()
    for word in ["http", "<script", "@import", "url(", "src=", "<link"] {
      #expect(!html.contains(word), "\(word)")
    }
  }

  @Test func `words are escaped, and backticks make code`() {
    let html = page.html()
    #expect(html.contains("Says <code>a&lt;b</code> and one ` alone."))
    #expect(html.contains("<td>gru &amp; co</td><td class=\"n\">0.5</td>"))
    #expect(html.contains("<tr class=\"best\"><td>lstm</td>"))
  }

  @Test func `its pictures take their colors from the page, in light and dark`() {
    let html = page.html()
    let picture = html.split(separator: "<figure>").last ?? ""
    #expect(!picture.contains("#"))
    #expect(picture.contains("hb-s-s0") && html.contains(".hb-s-s0{stroke:var(--s0)}"))
    #expect(html.contains("prefers-color-scheme:dark"))
  }

  @Test func `a table is set in columns for a terminal`() {
    let table = ReportTable(
      columns: [.init("name", isNumeric: false), .init("loss"), .init("note", isNumeric: false)],
      rows: [["gru", "0.5", "so"], ["lstm", "0.25", ""]])
    #expect(table.text == "name  loss  note\ngru    0.5  so\nlstm  0.25")
  }
}
