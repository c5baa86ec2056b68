/// Keras 3's table, a box of 76 columns. Source: `utils/summary_utils.py` of 3.15, and the way in
/// which the Python package `rich` 14 fills a table's cells.
extension ModelSummary {
  func keras3() -> String {
    // rich takes what does not fit evenly from all columns.
    let widths = isLine ? [33, 24, 15] : [21, 19, 12, 19]
    let header = ["Layer (type)", "Output Shape", "Param #", "Connected to"]
    var lines = ["Model: \"\(name)\"", rule("┏", "━", "┳", "┓", widths)]
    lines += cells(Array(header.prefix(widths.count)), "┃", widths)
    lines.append(rule("┡", "━", "╇", "┩", widths))
    for (index, row) in rows.enumerated() {
      var fields = [
        "\(row.name) (\(row.className))", shape(of: row), Self.grouped(row.parameters),
      ]
      if !isLine {
        fields.append(row.connections.isEmpty ? "-" : row.connections.joined(separator: ", "))
      }
      lines += cells(fields, "│", widths)
      let isLast = index == rows.count - 1
      lines.append(isLast ? rule("└", "─", "┴", "┘", widths) : rule("├", "─", "┼", "┤", widths))
    }
    func line(_ what: String, _ size: Size) -> String {
      let bytes = Self.readable(bytes: size.bytes, unit: "B")
      return " \(what) params: \(Self.grouped(size.count)) (\(bytes))"
    }
    lines.append(line("Total", trainable + frozen + (optimizer ?? Size())))
    lines.append(line("Trainable", trainable))
    lines.append(line("Non-trainable", frozen))
    if let optimizer { lines.append(line("Optimizer", optimizer)) }
    return lines.joined(separator: "\n")
  }

  private func shape(of row: Row) -> String {
    let batch = row.batch.map(String.init) ?? "None"
    let shapes = row.shapes.map { shape in
      "(\(([batch] + shape.extents.map { $0.map(String.init) ?? "None" }).joined(separator: ", ")))"
    }
    return shapes.count == 1 ? shapes[0] : "[\(shapes.joined(separator: ", "))]"
  }

  private func rule(
    _ left: String, _ line: String, _ middle: String, _ right: String, _ widths: [Int]
  ) -> String {
    left + widths.map { String(repeating: line, count: $0) }.joined(separator: middle) + right
  }

  /// The lines of one row; the parameter count stands at the right.
  private func cells(_ fields: [String], _ bar: String, _ widths: [Int]) -> [String] {
    let columns = zip(fields, widths).map { Self.filled($0, width: $1 - 2) }
    let height = columns.map(\.count).max() ?? 0
    return (0..<height).map { line in
      let parts = columns.enumerated().map { index, column in
        let text = line < column.count ? column[line] : ""
        let space = String(repeating: " ", count: widths[index] - 2 - text.cells)
        return index == 2 ? " \(space)\(text) " : " \(text)\(space) "
      }
      return bar + parts.joined(separator: bar) + bar
    }
  }

  /// Words in lines of at most `width`; a longer word stands alone and ends in `…`.
  private static func filled(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      let word = String(word)
      if let last = lines.last, last.cells + 1 + word.cells <= width {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(word)
      }
    }
    return lines.map { $0.cells > width ? $0.cut(toCells: width - 1) + "…" : $0 }
  }
}
