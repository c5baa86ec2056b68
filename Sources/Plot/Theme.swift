/// The colors of a picture.
public enum Theme: Sendable, Hashable, CaseIterable { case light, dark }

/// The colors of an SVG document; `auto` follows the reader's `prefers-color-scheme`.
public enum SVGTheme: Sendable, Hashable, CaseIterable { case light, dark, auto }

/// What something is drawn with: a part of the picture, not a color, so that one list of commands
/// serves every theme.
package enum Ink: Sendable, Hashable {
  case paper, text, muted, axis, grid
  /// A palette color, 0 ..< `paletteCount`.
  case series(Int)

  package static let paletteCount = 7

  /// The ink of a series color index of any size.
  static func palette(_ index: Int) -> Ink {
    let rest = index % paletteCount
    return .series(rest < 0 ? rest + paletteCount : rest)
  }

  package static let all: [Ink] =
    [.paper, .text, .muted, .axis, .grid] + (0..<paletteCount).map { .series($0) }

  /// The name in an SVG class.
  var name: String {
    switch self {
    case .paper: "paper"
    case .text: "text"
    case .muted: "muted"
    case .axis: "axis"
    case .grid: "grid"
    case .series(let index): "s\(index)"
    }
  }
}

package struct RGB: Sendable, Hashable {
  package var red, green, blue: UInt8

  init(_ hex: UInt32) {
    red = UInt8(truncatingIfNeeded: hex >> 16)
    green = UInt8(truncatingIfNeeded: hex >> 8)
    blue = UInt8(truncatingIfNeeded: hex)
  }

  /// `#rrggbb`.
  var css: String {
    let digits = Array("0123456789abcdef")
    return "#"
      + [red, green, blue].map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined()
  }
}

extension Theme {
  /// The palette is Okabe and Ito's ("Color Universal Design", 2008), which people with any kind of
  /// color vision can tell apart, without its yellow, which vanishes on white. Its lighter colors
  /// are darkened on white and all are lightened on black, so that each keeps a contrast of 3:1
  /// with the paper (WCAG 2.1, 1.4.11).
  package func color(_ ink: Ink) -> RGB {
    switch (ink, self) {
    case (.paper, .light): RGB(0xFFFFFF)
    case (.paper, .dark): RGB(0x16191D)
    case (.text, .light): RGB(0x1B1F24)
    case (.text, .dark): RGB(0xECEFF3)
    case (.muted, .light): RGB(0x5B636D)
    case (.muted, .dark): RGB(0xA3ACB7)
    case (.axis, .light): RGB(0x8C949E)
    case (.axis, .dark): RGB(0x6C7580)
    case (.grid, .light): RGB(0xE6E9ED)
    case (.grid, .dark): RGB(0x2B3037)
    case (.series(let index), .light): RGB(Self.lightPalette[index])
    case (.series(let index), .dark): RGB(Self.darkPalette[index])
    }
  }

  /// The rules of a style sheet that give inks their colors.
  func rules(_ inks: [Ink]) -> String {
    inks.map { ink in
      let color = color(ink).css
      return ".hb-f-\(ink.name){fill:\(color)}.hb-s-\(ink.name){stroke:\(color)}"
    }.joined()
  }

  /// What the style sheet of a page with figures holds: their colors, and as variables those that
  /// words and tables beside them share: `--paper`, `--text`, `--muted`, `--axis`, `--grid`, `--s0` ….
  public static let pageStyle: String = {
    func variables(_ theme: Theme) -> String {
      Ink.all.map { "--\($0.name):\(theme.color($0).css)" }.joined(separator: ";")
    }
    let inks = Ink.all.map { ink in
      ".hb-f-\(ink.name){fill:var(--\(ink.name))}.hb-s-\(ink.name){stroke:var(--\(ink.name))}"
    }.joined()
    return ":root{color-scheme:light dark;\(variables(.light))}"
      + "@media screen and (prefers-color-scheme:dark){:root{\(variables(.dark))}}" + inks
  }()

  /// The variable of ``pageStyle`` for a series color index of any size.
  public static func variable(ofSeries index: Int) -> String {
    "var(--\(Ink.palette(index).name))"
  }

  // Blue, vermilion, bluish green, reddish purple, orange, sky blue, grey.
  private static let lightPalette: [UInt32] = [
    0x0072B2, 0xD55E00, 0x009E73, 0xC05C92, 0xB87F00, 0x3597D3, 0x5B636D,
  ]
  private static let darkPalette: [UInt32] = [
    0x4AA3E0, 0xFF8A47, 0x2CC69A, 0xE79AC6, 0xF0B429, 0x9AD8FA, 0xA3ACB7,
  ]
}
