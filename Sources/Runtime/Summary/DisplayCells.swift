/// How wide text stands in a terminal: East Asian wide characters take two cells, marks that are
/// put on others none. Ranges by Unicode's East Asian Width, W and F.
extension Unicode.Scalar {
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x231A...0x231B, 0x2329...0x232A, 0x23E9...0x23EC, 0x25FD...0x25FE,
    0x2614...0x2615, 0x2648...0x2653, 0x26AA...0x26AB, 0x26BD...0x26BE, 0x26C4...0x26C5,
    0x2753...0x2755, 0x2795...0x2797, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF,
    0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
    0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18CFF, 0x1B000...0x1B2FF, 0x1F300...0x1F64F,
    0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD,
  ]

  var cells: Int {
    guard value >= 0x300 else { return 1 }
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: return Self.wide.contains { $0.contains(value) } ? 2 : 1
    }
  }
}

extension String {
  var cells: Int { unicodeScalars.reduce(0) { $0 + $1.cells } }

  /// The beginning that takes `width` cells; a space stands for half of a wide character.
  func cut(toCells width: Int) -> String {
    var text = String.UnicodeScalarView()
    var taken = 0
    for scalar in unicodeScalars {
      guard taken + scalar.cells <= width else { break }
      text.append(scalar)
      taken += scalar.cells
    }
    return String(text) + String(repeating: " ", count: width - taken)
  }
}
