import HornbillPlot

/// A page that stands alone: one HTML file with its pictures and its style inside, nothing from the
/// network, no script. It follows the reader's light or dark, fits a phone and prints.
///
///     var page = ReportPage(title: "Sweep", lead: "gru and lstm at five rates")
///     page.add("What came of it", [.paragraph("At 0.01 both left the plateau first."), .table(table)])
///     let html = page.html()
///
/// Texts are plain; what stands between backticks is set as code. The page is XML, too: every
/// element is closed.
public struct ReportPage: Sendable {
  /// The headline, and the name of the browser's tab.
  public var title: String
  /// What the page says, in a sentence or two under the title.
  public var lead: String
  /// The parts in order.
  public private(set) var sections: [Section] = []

  /// A part of the page.
  public struct Section: Sendable {
    /// The headline of the part.
    public var heading: String
    /// What stands under it, in order.
    public var blocks: [Block]
  }

  /// One thing on a page.
  public enum Block: Sendable {
    /// Running text.
    case paragraph(String)
    /// A sentence that must not be missed.
    case verdict(String)
    /// Points, each a text.
    case list([String])
    /// Commands or output, as typed.
    case code(String)
    /// Columns and rows.
    case table(ReportTable)
    /// Pictures side by side as far as there is room, each on its own `<svg>`.
    case figures([Figure], legend: [LegendEntry] = [], caption: String = "")
  }

  /// A curve's name beside its looks.
  public struct LegendEntry: Sendable {
    /// The curve's name.
    public var name: String
    /// How it is drawn.
    public var style: SeriesStyle

    /// A name and its looks.
    public init(_ name: String, style: SeriesStyle) {
      self.name = name
      self.style = style
    }
  }

  /// A page without parts.
  public init(title: String, lead: String = "") {
    self.title = title
    self.lead = lead
  }

  /// Adds a part at the end.
  public mutating func add(_ heading: String, _ blocks: [Block]) {
    sections.append(Section(heading: heading, blocks: blocks))
  }

  /// The file.
  public func html() -> String {
    var lines = [
      "<!DOCTYPE html>", "<html lang=\"en\">", "<head>", "<meta charset=\"utf-8\"/>",
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>",
      "<title>\(HTMLText.escaped(title))</title>",
      "<style>\(Theme.pageStyle)\(ReportStyle.sheet)</style>", "</head>", "<body>", "<main>",
      "<h1>\(HTMLText.inline(title))</h1>",
    ]
    if !lead.isEmpty { lines.append("<p class=\"lead\">\(HTMLText.inline(lead))</p>") }
    for section in sections {
      lines.append("<section>")
      if !section.heading.isEmpty { lines.append("<h2>\(HTMLText.inline(section.heading))</h2>") }
      lines += section.blocks.map(\.html)
      lines.append("</section>")
    }
    lines += ["</main>", "</body>", "</html>", ""]
    return lines.joined(separator: "\n")
  }
}

extension ReportPage.Block {
  fileprivate var html: String {
    switch self {
    case .paragraph(let text): return "<p>\(HTMLText.inline(text))</p>"
    case .verdict(let text): return "<p class=\"verdict\">\(HTMLText.inline(text))</p>"
    case .list(let items):
      return "<ul>\(items.map { "<li>\(HTMLText.inline($0))</li>" }.joined())</ul>"
    case .code(let text): return "<pre>\(HTMLText.escaped(text))</pre>"
    case .table(let table): return table.html
    case .figures(let figures, let legend, let caption):
      let pictures = figures.map { "<div>\($0.svgElement())</div>" }.joined(separator: "\n")
      let names = legend.map(\.html).joined()
      let keys = names.isEmpty ? "" : "<div class=\"legend\">\(names)</div>\n"
      let words = caption.isEmpty ? "" : "<figcaption>\(HTMLText.inline(caption))</figcaption>"
      return "<figure>\(keys)<div class=\"grid\">\(pictures)</div>\(words)</figure>"
    }
  }
}

extension ReportPage.LegendEntry {
  fileprivate var html: String {
    let dash = style.dashed ? " stroke-dasharray=\"3 4\"" : ""
    return "<span><svg viewBox=\"0 0 24 8\" class=\"key\" aria-hidden=\"true\">"
      + "<line x1=\"1\" y1=\"4\" x2=\"23\" y2=\"4\" stroke-width=\"2.5\"\(dash) "
      + "style=\"stroke:\(Theme.variable(ofSeries: style.color))\"/></svg>"
      + "\(HTMLText.inline(name))</span>"
  }
}
