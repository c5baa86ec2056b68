/// Draw commands as an SVG document.
///
/// Colors are attributes. For `SVGTheme.auto` they are the light ones, and a style sheet of a few
/// rules replaces them where the reader prefers dark; a viewer without style sheets shows light.
struct SVGWriter {
  /// Sans-serif faces that the large systems bring along.
  private static let fonts =
    "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"

  private let colors: Theme
  private let followsReader: Bool
  /// Whether this is a part of an HTML page, which brings the colors.
  private let isForPage: Bool
  private var used: Set<Ink> = []

  init(theme: SVGTheme) {
    colors = theme == .dark ? .dark : .light
    followsReader = theme == .auto
    isForPage = false
  }

  init(forPage isForPage: Bool) {
    (colors, followsReader) = (.light, true)
    self.isForPage = isForPage
  }

  mutating func document(_ list: DrawList, title: String, description: String) -> String {
    let (width, height) = (number(list.width), number(list.height))
    let body = list.commands.map { element($0) }
    // In a page, HTML itself says what `svg` is, and the page how large and in which letters.
    var lines = [
      isForPage
        ? "<svg role=\"img\" viewBox=\"0 0 \(width) \(height)\">"
        : "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"\(width)\" "
          + "height=\"\(height)\" viewBox=\"0 0 \(width) \(height)\" font-family=\"\(Self.fonts)\">"
    ]
    if !title.isEmpty { lines.append("<title>\(escaped(title))</title>") }
    if !description.isEmpty { lines.append("<desc>\(escaped(description))</desc>") }
    if followsReader && !isForPage { lines.append(darkStyle) }
    return (lines + body + ["</svg>", ""]).joined(separator: "\n")
  }

  /// The rules that turn a light picture dark, for the inks that were drawn with.
  private var darkStyle: String {
    let rules = Theme.dark.rules(Ink.all.filter(used.contains))
    return "<style>@media (prefers-color-scheme: dark){\(rules)}</style>"
  }

  private mutating func element(_ command: DrawCommand) -> String {
    switch command {
    case .polyline(let points, let stroke):
      var attributes =
        "fill=\"none\"\(paint(stroke: stroke.ink)) stroke-width=\"\(number(stroke.width))\" "
        + "stroke-linecap=\"round\" stroke-linejoin=\"round\""
      if let dash = stroke.dash {
        attributes += " stroke-dasharray=\"\(number(dash.on)) \(number(dash.off))\""
      }
      let start = "<polyline \(attributes) points=\"\(coordinates(points))\""
      return stroke.name.isEmpty
        ? start + "/>" : start + "><title>\(escaped(stroke.name))</title></polyline>"
    case .polygon(let points, let ink, let opacity):
      let fade = opacity < 1 ? " fill-opacity=\"\(number(opacity))\"" : ""
      return "<polygon\(paint(fill: ink))\(fade) points=\"\(coordinates(points))\"/>"
    case .dot(let center, let radius, let ink):
      return "<circle\(paint(fill: ink)) cx=\"\(number(center.x))\" cy=\"\(number(center.y))\" "
        + "r=\"\(number(radius))\"/>"
    case .text(let run):
      return text(run)
    }
  }

  private mutating func text(_ run: TextRun) -> String {
    let (x, y) = (number(run.at.x), number(run.at.y))
    var attributes = " x=\"\(x)\" y=\"\(y)\" font-size=\"\(number(run.size))\""
    if run.bold { attributes += " font-weight=\"600\"" }
    switch run.anchor {
    case .start: break
    case .middle: attributes += " text-anchor=\"middle\""
    case .end: attributes += " text-anchor=\"end\""
    }
    if run.upwards { attributes += " transform=\"rotate(-90 \(x) \(y))\"" }
    let words = escaped(run.text)
    let text = "<text\(paint(fill: run.ink))\(attributes)>\(words)</text>"
    guard run.halo else { return text }
    // Written twice, since not every viewer knows `paint-order`.
    let outline =
      paint(fill: .paper, stroke: .paper) + " stroke-width=\"\(number(run.size * 0.3))\""
      + " stroke-linejoin=\"round\" aria-hidden=\"true\""
    return "<text\(outline)\(attributes)>\(words)</text>\n" + text
  }

  private mutating func paint(fill: Ink? = nil, stroke: Ink? = nil) -> String {
    var attributes = ""
    let writesColors = !isForPage
    var classes: [String] = []
    for (ink, property, letter) in [(fill, "fill", "f"), (stroke, "stroke", "s")] {
      guard let ink else { continue }
      used.insert(ink)
      if writesColors { attributes += " \(property)=\"\(colors.color(ink).css)\"" }
      classes.append("hb-\(letter)-\(ink.name)")
    }
    return followsReader ? attributes + " class=\"\(classes.joined(separator: " "))\"" : attributes
  }

  private func coordinates(_ points: [PlotPoint]) -> String {
    points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
  }

  private func number(_ value: Double) -> String {
    var text = NumberText.fixed(value, decimals: 2)
    guard text.contains("."), !text.contains("e") else { return text }
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text
  }

  /// Text as XML 1.0 can hold it: most control characters have no form there at all.
  private func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n", "\r": result += " "
      case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
