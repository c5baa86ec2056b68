/// A table of a ``ReportPage``. Where it is wider than the page it scrolls by itself.
public struct ReportTable: Sendable {
  /// A column's heading, and whether numbers stand in it, which are set to the right.
  public struct Column: Sendable {
    /// The text at its head.
    public var title: String
    /// Whether numbers stand in it.
    public var isNumeric: Bool
    /// Whether long texts in it may take several lines of a page.
    public var wraps: Bool

    /// By default a column of numbers.
    public init(_ title: String, isNumeric: Bool = true, wraps: Bool = false) {
      self.title = title
      self.isNumeric = isNumeric
      self.wraps = wraps
    }
  }

  /// From left to right.
  public var columns: [Column]
  /// One text a column.
  public var rows: [[String]]
  /// Rows to point out, by index.
  public var highlighted: Set<Int>

  /// By default no row is pointed out.
  ///
  /// - Parameter rows: one text a column.
  public init(columns: [Column], rows: [[String]], highlighted: Set<Int> = []) {
    self.columns = columns
    self.rows = rows
    self.highlighted = highlighted
  }

  var html: String {
    let heads = columns.map { column in
      "<th scope=\"col\"\(column.isNumeric ? " class=\"n\"" : "")>\(HTMLText.inline(column.title))</th>"
    }
    let body = rows.enumerated().map { index, row in
      let cells = zip(columns, row).map { column, text in
        "<td\(column.isNumeric ? " class=\"n\"" : column.wraps ? " class=\"w\"" : "")>"
          + "\(HTMLText.inline(text))</td>"
      }
      let mark = highlighted.contains(index) ? " class=\"best\"" : ""
      return "<tr\(mark)>\(cells.joined())</tr>"
    }
    return "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>\(heads.joined())</tr></thead>\n"
      + "<tbody>\n\(body.joined(separator: "\n"))\n</tbody></table></div>"
  }

  /// The same in columns of characters, for a terminal.
  public var text: String {
    let lines = [columns.map(\.title)] + rows
    let widths = columns.indices.map { column in
      lines.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
    }
    return lines.map { line in
      var text = ""
      for (index, column) in columns.enumerated() where line.indices.contains(index) {
        let room = String(repeating: " ", count: widths[index] - line[index].count)
        let isLast = index == columns.count - 1
        text += column.isNumeric ? room + line[index] : line[index] + (isLast ? "" : room)
        if !isLast { text += "  " }
      }
      while text.last == " " { text.removeLast() }
      return text
    }.joined(separator: "\n")
  }
}
