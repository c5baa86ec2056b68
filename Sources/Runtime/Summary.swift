import KerasFormat

extension Network {
  /// The table that Keras prints: layers, output shapes, parameter counts, in the form of the
  /// generation that the model is of.
  public func summary() -> String {
    let rows = summaryRows()
    let counts = parameterCounts()
    switch generation {
    case .keras1, .keras2: return SummaryTable.keras2(rows, counts)
    case .keras2_15: return SummaryTable.keras2_15(name, rows, counts)
    case .keras3: return SummaryTable.keras3(name, rows, counts)
    }
  }

  /// One line per layer. A sequential model does not list its input layer.
  private func summaryRows() -> [SummaryTable.Row] {
    var seen: Set<String> = []
    var rows: [SummaryTable.Row] = []
    for node in nodes where seen.insert(node.name).inserted {
      if isSequential && node.layer is InputLayer { continue }
      let count = node.weights.reduce(0) { $0 + parameters.layout.specs[$1].count }
      rows.append(
        SummaryTable.Row(
          name: node.name, className: type(of: node.layer).className,
          shape: node.outputShapes.map(\.description).joined(separator: ", "), parameters: count))
    }
    return rows
  }

  private func parameterCounts() -> SummaryTable.Counts {
    var counts = SummaryTable.Counts()
    var seen: Set<String> = []
    for node in nodes where seen.insert(node.name).inserted {
      for index in node.weights {
        let spec = parameters.layout.specs[index]
        if node.isTrainable && spec.isTrainable {
          counts.trainable += spec.count
        } else {
          counts.frozen += spec.count
        }
      }
    }
    if let optimizer = training?.optimizer, !optimizer.slots.isEmpty {
      // Keras counts iteration and learning rate with the slots.
      counts.optimizer = 2 + optimizer.slots.reduce(0) { $0 + $1.arrays.reduce(0) { $0 + $1.count } }
    }
    return counts
  }
}

/// The tables of the generations. Source: `utils/layer_utils.py` (2.2.4, 2.15) and
/// `utils/summary_utils.py` (3.15).
enum SummaryTable {
  struct Row {
    let name: String
    let className: String
    let shape: String
    let parameters: Int
  }

  struct Counts {
    var trainable = 0
    var frozen = 0
    var optimizer: Int?
    var total: Int { trainable + frozen }
  }

  // MARK: - Keras 1 and 2.2: 65 columns, lines between rows

  static func keras2(_ rows: [Row], _ counts: Counts) -> String {
    let (thin, thick) = (String(repeating: "_", count: 65), String(repeating: "=", count: 65))
    var lines = [thin, columns(["Layer (type)", "Output Shape", "Param #"], at: [29, 55, 65]), thick]
    for (index, row) in rows.enumerated() {
      lines.append(
        columns(
          ["\(row.name) (\(row.className))", row.shape, "\(row.parameters)"], at: [29, 55, 65]))
      lines.append(index == rows.count - 1 ? thick : thin)
    }
    lines.append("Total params: \(grouped(counts.total))")
    lines.append("Trainable params: \(grouped(counts.trainable))")
    lines.append("Non-trainable params: \(grouped(counts.frozen))")
    lines.append(thin)
    return lines.joined(separator: "\n")
  }

  // MARK: - Keras 2.15: the same width, blank lines between rows, sizes

  static func keras2_15(_ name: String, _ rows: [Row], _ counts: Counts) -> String {
    let (thin, thick) = (String(repeating: "_", count: 65), String(repeating: "=", count: 65))
    let stops = [29, 55, 65]
    var lines = ["Model: \"\(name)\"", thin]
    lines.append(columns([" Layer (type)", "Output Shape", "Param #"], at: stops))
    lines.append(thick)
    for (index, row) in rows.enumerated() {
      lines.append(
        columns([" \(row.name) (\(row.className))", row.shape, "\(row.parameters)"], at: stops))
      lines.append(index == rows.count - 1 ? thick : String(repeating: " ", count: 65))
    }
    func size(_ count: Int) -> String { "\(count) (\(bytes(count, zero: "0.00 Byte")))" }
    lines.append("Total params: \(size(counts.total))")
    lines.append("Trainable params: \(size(counts.trainable))")
    lines.append("Non-trainable params: \(size(counts.frozen))")
    lines.append(thin)
    return lines.joined(separator: "\n")
  }

  /// Fields that end at fixed columns, cut where they are too long.
  private static func columns(_ fields: [String], at stops: [Int]) -> String {
    var line = ""
    for (index, field) in fields.enumerated() {
      if index > 0 { line = String(line.dropLast()) + " " }
      line += field
      line = String(line.prefix(stops[index]))
      line += String(repeating: " ", count: stops[index] - line.count)
    }
    return line
  }

  // MARK: - Keras 3: a box

  static func keras3(_ name: String, _ rows: [Row], _ counts: Counts) -> String {
    let widths = [33, 24, 15]
    func rule(_ left: String, _ line: String, _ middle: String, _ right: String) -> String {
      left + widths.map { String(repeating: line, count: $0) }.joined(separator: middle) + right
    }
    func cells(_ fields: [String], _ bar: String) -> String {
      let padded = zip(fields, widths).enumerated().map { index, pair in
        let (field, width) = pair
        let text = String(field.prefix(width - 2))
        let space = String(repeating: " ", count: width - 2 - text.count)
        return index == 2 ? " \(space)\(text) " : " \(text)\(space) "
      }
      return bar + padded.joined(separator: bar) + bar
    }
    var lines = ["Model: \"\(name)\"", rule("┏", "━", "┳", "┓")]
    lines.append(cells(["Layer (type)", "Output Shape", "Param #"], "┃"))
    lines.append(rule("┡", "━", "╇", "┩"))
    for (index, row) in rows.enumerated() {
      lines.append(
        cells(["\(row.name) (\(row.className))", row.shape, grouped(row.parameters)], "│"))
      lines.append(
        index == rows.count - 1 ? rule("└", "─", "┴", "┘") : rule("├", "─", "┼", "┤"))
    }
    func size(_ count: Int) -> String { "\(grouped(count)) (\(bytes(count, zero: "0.00 B")))" }
    lines.append(" Total params: \(size(counts.total + (counts.optimizer ?? 0)))")
    lines.append(" Trainable params: \(size(counts.trainable))")
    lines.append(" Non-trainable params: \(size(counts.frozen))")
    if let optimizer = counts.optimizer { lines.append(" Optimizer params: \(size(optimizer))") }
    return lines.joined(separator: "\n")
  }

  // MARK: - Numbers

  private static func grouped(_ value: Int) -> String {
    var text = ""
    for (index, digit) in String(value).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  /// The size of that many float32 numbers: `2.71 KB`.
  private static func bytes(_ count: Int, zero: String) -> String {
    guard count > 0 else { return zero }
    var size = Double(count * 4)
    var unit = 0
    let units = ["B", "KB", "MB", "GB", "TB"]
    while size >= 1024 && unit < units.count - 1 {
      size /= 1024
      unit += 1
    }
    let hundredths = Int((size * 100).rounded())
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) \(units[unit])"
  }
}
