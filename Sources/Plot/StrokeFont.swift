/// A sans-serif font of single strokes: the letters of a PNG.
///
/// Its glyphs are lines and quarter ellipses on a grid of 20 units to the em: capitals 14 high,
/// small letters 10, descenders 4 deep. Advance widths are close to Helvetica's, so that one layout
/// fits both the PNG and the SVG, which names the reader's own sans-serif.
package enum StrokeFont {
  /// Height of a capital as a share of the font size.
  static let capHeight = 0.7
  private static let unitsPerEm = 20.0

  /// The pen's width as a share of the font size.
  static func weight(bold: Bool) -> Double { bold ? 0.118 : 0.082 }

  /// How wide the text is, in points.
  package static func width(_ text: String, size: Double, bold: Bool = false) -> Double {
    let units = text.unicodeScalars.reduce(0) { $0 + glyph($1).advance }
    return (units + (bold ? 0.5 * Double(text.unicodeScalars.count) : 0)) / unitsPerEm * size
  }

  /// The lines to draw for `run`, where it stands on the page.
  static func outline(_ run: TextRun) -> [[PlotPoint]] {
    let unit = run.size / unitsPerEm
    let width = width(run.text, size: run.size, bold: run.bold)
    var pen =
      switch run.anchor {
      case .start: 0.0
      case .middle: -width / 2
      case .end: -width
      }
    var lines: [[PlotPoint]] = []
    for scalar in run.text.unicodeScalars {
      let glyph = glyph(scalar)
      let shift = run.bold ? 0.25 : 0
      for line in glyph.lines {
        lines.append(
          line.map { point in
            let (x, y) = (pen + (point.x + shift) * unit, -point.y * unit)
            return run.upwards
              ? PlotPoint(run.at.x + y, run.at.y - x) : PlotPoint(run.at.x + x, run.at.y + y)
          })
      }
      pen += (glyph.advance + 2 * shift) * unit
    }
    return lines
  }

  /// The glyph of a character; a box for one that the font lacks.
  static func glyph(_ scalar: Unicode.Scalar) -> Glyph { glyphs[scalar] ?? missing }

  struct Glyph: Sendable {
    var advance: Double
    var lines: [[PlotPoint]]
  }

  private static let glyphs: [Unicode.Scalar: Glyph] = {
    var glyphs: [Unicode.Scalar: Glyph] = [:]
    for (characters, advance, path) in table {
      let glyph = Glyph(advance: advance, lines: lines(path))
      for scalar in characters.unicodeScalars { glyphs[scalar] = glyph }
    }
    return glyphs
  }()

  private static let missing = Glyph(
    advance: 11.2, lines: lines("M2 0 L2 14 L9.2 14 L9.2 0 L2 0"))

  /// Reads a path of the table: `Mx y` starts a line, `Lx y` draws straight on, and `Acx cy x y` draws
  /// a quarter of an ellipse to (x, y) that leaves towards the corner (cx, cy) and arrives from it.
  private static func lines(_ path: String) -> [[PlotPoint]] {
    var lines: [[PlotPoint]] = []
    var words = path.split(separator: " ")[...]
    func number(_ word: Substring?) -> Double { word.flatMap { Double($0) } ?? 0 }
    while let word = words.popFirst() {
      let first = PlotPoint(number(word.dropFirst()), number(words.popFirst()))
      switch word.first {
      case "M": lines.append([first])
      case "L": lines[lines.count - 1].append(first)
      default:
        let end = PlotPoint(number(words.popFirst()), number(words.popFirst()))
        let start = lines[lines.count - 1].last ?? end
        lines[lines.count - 1] += quarter(from: start, corner: first, to: end)
      }
    }
    return lines
  }

  /// Eight straight pieces of the cubic curve that comes closest to a quarter ellipse.
  private static func quarter(
    from start: PlotPoint, corner: PlotPoint, to end: PlotPoint
  ) -> [PlotPoint] {
    let pull = 0.5522847498
    func control(_ a: Double, _ c: Double) -> Double { a + (c - a) * pull }
    return (1...8).map { step in
      let t = Double(step) / 8
      let s = 1 - t
      func at(_ a: Double, _ c: Double, _ b: Double) -> Double {
        s * s * s * a + 3 * s * s * t * control(a, c) + 3 * s * t * t * control(b, c) + t * t * t
          * b
      }
      return PlotPoint(at(start.x, corner.x, end.x), at(start.y, corner.y, end.y))
    }
  }
}
