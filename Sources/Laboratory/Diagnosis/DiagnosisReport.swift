import HornbillPlot
import KerasFormat
import KerasTrain

/// A ``Diagnosis`` as files: the page `diagnosis.html`, its essence in one picture `diagnosis.svg`,
/// and `diagnosis.json`.
public struct DiagnosisReport: Sendable {
  /// What is reported.
  public let diagnosis: Diagnosis
  /// The page's headline.
  public var title: String
  /// What makes the report again; shown on the page where there is one.
  public var command: String?

  /// The names of the files in the folder.
  public static let files = ["diagnosis.html", "diagnosis.svg", "diagnosis.json"]

  /// By default without a command.
  public init(_ diagnosis: Diagnosis, title: String = "Diagnosis", command: String? = nil) {
    self.diagnosis = diagnosis
    self.title = title
    self.command = command
  }

  /// Makes the folder where there is none, and refuses one that cannot be written to.
  ///
  /// - Throws: ``KerasError`` naming the file or folder that cannot be written to.
  public static func prepareFolder(_ folder: String) throws(KerasError) {
    try Folder.create(folder)
    for name in files { try AtomicFile.checkTarget("\(folder)/\(name)") }
  }

  /// Writes the files into a folder that is there.
  ///
  /// - Throws: ``KerasError/Code/fileNotFound`` where the folder is not there,
  ///   ``KerasError/Code/inputOutput`` naming a file that cannot be written.
  public func write(to folder: String) throws(KerasError) {
    let json = diagnosis.json.pythonText(indent: 1) + "\n"
    try AtomicFile.write(Array(json.utf8), to: "\(folder)/diagnosis.json")
    let picture = DiagnosisFigures(diagnosis).overview(title: title)
    try AtomicFile.write(Array(picture.svg().utf8), to: "\(folder)/diagnosis.svg")
    try AtomicFile.write(Array(page().html().utf8), to: "\(folder)/diagnosis.html")
  }

  /// The page `diagnosis.html`.
  public func page() -> ReportPage {
    var page = ReportPage(title: title, lead: diagnosis.introduction + ".")
    for (heading, blocks) in sections() { page.add(heading, blocks) }
    if let command { page.add("Made by", [.code(command)]) }
    return page
  }

  /// The report's parts, for pages that hold more.
  public func sections() -> [(heading: String, blocks: [ReportPage.Block])] {
    let figures = DiagnosisFigures(diagnosis)
    var parts: [(heading: String, blocks: [ReportPage.Block])] = []
    parts.append(("", [.verdict(diagnosis.verdict)]))
    for (number, cause) in diagnosis.causes.enumerated() {
      parts.append(
        (
          "\(number + 1). \(cause.kind.title), strength \(fixed(cause.strength, 2)) of 1",
          [
            .list(cause.figures.map(\.text)), .paragraph(cause.because),
            .paragraph("What would end it: \(cause.remedy)"),
          ]
        ))
    }
    if !diagnosis.trials.isEmpty {
      parts.append(
        (
          "What was tried",
          [
            .paragraph(
              "\(counted(diagnosis.subject.settings.epochs, "epoch")) each, from the same weights, "
                + "seed and rows."
            ),
            .table(diagnosis.trialTable(changeFirst: true)),
          ] + figures.trials
        ))
    } else if diagnosis.evidence.course != nil {
      parts.append(("The training", figures.course))
    }
    let inside = figures.inside
    if !inside.isEmpty { parts.append(("Inside", inside)) }
    parts.append(
      (
        "Measured",
        [
          .list(diagnosis.facts.map { "\($0.name): \($0.text)" })
        ] + weights
      ))
    if !diagnosis.notes.isEmpty { parts.append(("Notes", [.list(diagnosis.notes)])) }
    return parts
  }

  /// Gradient and updates of each weight.
  private var weights: [ReportPage.Block] {
    guard let before = diagnosis.evidence.before else { return [] }
    let updates = diagnosis.evidence.course?.updates ?? []
    let rows = before.weights.enumerated().map { index, weight in
      let own = updates.indices.contains(index) ? updates[index] : nil
      func share(_ value: Double?) -> String {
        value.map { $0.isNaN ? "-" : "\(inWords($0 * 100))%" } ?? "-"
      }
      return [
        weight.name, inWords(weight.norm), inWords(weight.gradientNorm), share(own?.first),
        share(own?.last),
      ]
    }
    return [
      .table(
        ReportTable(
          columns: [
            .init("weight", isNumeric: false), .init("norm"), .init("gradient"),
            .init("update, first epoch"), .init("update, last epoch"),
          ], rows: rows))
    ]
  }
}
