/// The tables of Keras 2.2 and 2.15: columns that end at fixed places. Source: `utils/layer_utils.py`
/// of 2.2.4 and of 2.15.
extension ModelSummary {
  // MARK: - Keras 1 and 2.2: rules between rows, what is too long is cut

  /// Keras 1 is wider and shows connections of a line too.
  func keras1() -> String { table(stops: [33, 55, 67, 100]) }

  func keras2() -> String { table(stops: isLine ? [29, 55, 65] : [32, 53, 65, 98]) }

  private func table(stops: [Int]) -> String {
    let hasConnections = stops.count > 3
    let width = stops[stops.count - 1]
    let (thin, thick) = (String(repeating: "_", count: width), String(repeating: "=", count: width))
    let header = ["Layer (type)", "Output Shape", "Param #", "Connected to"]
    var lines = [thin, Self.cut(header.prefix(stops.count), at: stops), thick]
    for (index, row) in rows.enumerated() {
      let shape = row.isMultiple ? "multiple" : Self.list(row.shapeTexts)
      var fields = ["\(row.name) (\(row.className))", shape, "\(row.parameters)"]
      if hasConnections { fields.append(row.connections.first ?? "") }
      lines.append(Self.cut(fields[...], at: stops))
      if hasConnections {
        for connection in row.connections.dropFirst() {
          lines.append(Self.cut(["", "", "", connection], at: stops))
        }
      }
      lines.append(index == rows.count - 1 ? thick : thin)
    }
    lines.append("Total params: \(Self.grouped(trainable.count + frozen.count))")
    lines.append("Trainable params: \(Self.grouped(trainable.count))")
    lines.append("Non-trainable params: \(Self.grouped(frozen.count))")
    lines.append(thin)
    return lines.joined(separator: "\n")
  }

  private static func cut(_ fields: ArraySlice<String>, at stops: [Int]) -> String {
    var line = ""
    for (field, stop) in zip(fields, stops) {
      if !line.isEmpty { line = line.dropLast() + " " }
      line = String((line + field).prefix(stop))
      line += String(repeating: " ", count: stop - line.count)
    }
    return line
  }

  /// One as it is, several as Python prints a list.
  private static func list(_ items: [String]) -> String {
    items.count == 1 ? items[0] : "[\(items.joined(separator: ", "))]"
  }

  // MARK: - Keras 2.15: blank lines between rows, what is too long goes on below, sizes

  func keras2_15() -> String {
    let stops = isLine ? [29, 55, 65] : [29, 58, 68, 98]
    let width = stops[stops.count - 1]
    let (thin, thick) = (String(repeating: "_", count: width), String(repeating: "=", count: width))
    let header = ["Layer (type)", "Output Shape", "Param #", "Connected to"]
    var lines = ["Model: \"\(name)\"", thin]
    lines += Self.wrapped(Array(header.prefix(stops.count)), at: stops)
    lines.append(thick)
    for row in rows {
      // The input layer's shape is that of the list of its outputs.
      let shapes = row.nestedShapeTexts
      let shape =
        row.isMultiple
        ? "multiple" : row.isInput ? "[\(shapes.joined(separator: ", "))]" : Self.list(shapes)
      var fields = ["\(row.name) (\(row.className))", shape, "\(row.parameters)"]
      if !isLine {
        fields.append("[\(row.connections.map { "'\($0)'" }.joined(separator: ", "))]")
      }
      lines += Self.wrapped(fields, at: stops)
      lines.append(String(repeating: " ", count: width))
    }
    lines.append(thick)
    func line(_ what: String, _ size: Size) -> String {
      "\(what) params: \(size.count) (\(Self.readable(bytes: size.bytes, unit: "Byte")))"
    }
    lines.append(line("Total", trainable + frozen))
    lines.append(line("Trainable", trainable))
    lines.append(line("Non-trainable", frozen))
    lines.append(thin)
    return lines.joined(separator: "\n")
  }

  private static func wrapped(_ fields: [String], at stops: [Int]) -> [String] {
    var rest = fields.map { Substring($0) }
    var lines: [String] = []
    while rest.contains(where: { !$0.isEmpty }) {
      var line = ""
      for (column, stop) in stops.enumerated() {
        let isLast = column == stops.count - 1
        let start = column == 0 ? 0 : stops[column - 1]
        // Two spaces and an offset of one between columns.
        var part = rest[column].prefix(stop - start - (isLast ? 0 : 3))
        // A line ends where a tuple or another item does.
        let ends = ["),", "},", "],", "',"].compactMap { part.firstRange(of: $0)?.upperBound }
        if let end = ends.min() { part = part[..<end] }
        rest[column] = rest[column][part.endIndex...]
        line += (column == 0 ? " " : "") + part + (isLast ? "" : "  ")
        line += String(repeating: " ", count: max(0, stop - line.count))
      }
      lines.append(line)
    }
    return lines
  }
}
