extension Diagnosis {
  /// The whole for a terminal: what was measured, why, what was tried, in lines of up to 80
  /// characters.
  public var text: String { text(withFacts: true) }

  /// The same.
  ///
  /// - Parameter withFacts: whether everything that was measured is listed, or only what speaks for
  ///   a cause.
  public func text(withFacts: Bool) -> String {
    var lines = wrapped(introduction, indent: 0)
    if withFacts {
      lines += ["", "measured"]
      let width = (facts.map(\.name.count).max() ?? 0) + 4
      for fact in facts { lines += wrapped(fact.text, indent: width, label: "  \(fact.name)") }
    }
    if !causes.isEmpty { lines += ["", "why"] }
    for (number, cause) in causes.enumerated() {
      lines += wrapped(
        "\(cause.kind.title) (strength \(fixed(cause.strength, 2)))", indent: 5,
        label: "  \(number + 1).")
      for figure in cause.figures { lines += wrapped(figure.text, indent: 7, label: "     -") }
      lines += wrapped(cause.because, indent: 5)
      lines += wrapped("What would end it: \(cause.remedy)", indent: 5)
    }
    if !trials.isEmpty {
      lines += [
        "",
        "tried, \(counted(subject.settings.epochs, "epoch")) each from the same weights and seed",
      ]
      lines += trialTable().text.split(separator: "\n", omittingEmptySubsequences: false)
        .map { "  \($0)" }
    }
    for note in notes { lines += wrapped("note: \(note)", indent: 0) }
    lines += [""] + wrapped(verdict, indent: 0)
    return lines.joined(separator: "\n")
  }

  /// What became of each remedy, and of the training as it is; the change in the last column, where
  /// a terminal has room for it, or in the first.
  public func trialTable(changeFirst: Bool = false) -> ReportTable {
    guard let course = evidence.course else { return ReportTable(columns: [], rows: []) }
    let name = course.history["val_loss"].isEmpty ? "loss" : "val. loss"
    let change = ReportTable.Column("change", isNumeric: false, wraps: true)
    let numbers: [ReportTable.Column] = [
      .init("left at epoch"), .init("best \(name)"), .init("at the end"),
    ]
    func row(_ course: Course, _ title: String) -> [String] {
      let values = [
        course.leftPlateau.map { "\($0)" } ?? "never", inWords(course.best), inWords(course.final),
      ]
      return changeFirst ? [title] + values : values + [title]
    }
    let rows = trials.map { row($0.course, $0.remedy.title) } + [row(course, "as it is")]
    return ReportTable(
      columns: changeFirst ? [change] + numbers : numbers + [change], rows: rows,
      highlighted: best == nil ? [] : [0])
  }

  private func wrapped(_ text: String, indent: Int, label: String = "") -> [String] {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    var line = label + String(repeating: " ", count: max(0, indent - label.count))
    var isEmpty = true
    for word in text.split(separator: " ") {
      if !isEmpty, line.count + 1 + word.count > 80 {
        lines.append(line)
        (line, isEmpty) = (margin, true)
      }
      line += isEmpty ? String(word) : " \(word)"
      isEmpty = false
    }
    return lines + [line]
  }
}
