/// Plain text inside HTML.
enum HTMLText {
  /// Characters that mean something in HTML, and those that XML cannot hold, replaced.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n": result.unicodeScalars.append(scalar)
      case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The same with `<code>` around what stands between backticks. One alone stays as it is.
  static func inline(_ text: String) -> String {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false).map(String.init)
    guard parts.count > 2 else { return escaped(text) }
    var result = ""
    for (index, part) in parts.enumerated() {
      let isCode = index % 2 == 1 && index < parts.count - 1
      if isCode {
        result += "<code>\(escaped(part))</code>"
      } else {
        result += (index % 2 == 1 ? "`" : "") + escaped(part)
      }
    }
    return result
  }
}
