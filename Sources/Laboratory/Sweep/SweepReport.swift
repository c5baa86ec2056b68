import HornbillPlot
import KerasFormat
import KerasTrain

/// A ``SweepResult`` as files: `report.html`, `curves.svg`, `curves.png`, `runs.csv`, `runs.json`.
public struct SweepReport: Sendable {
  /// What is reported.
  public let result: SweepResult
  /// The page's headline.
  public var title: String
  /// What was trained on what, in a sentence.
  public var lead: String
  /// What makes the report again; shown on the page where there is one.
  public var command: String?

  /// The names of the files in the folder.
  public static let files = ["report.html", "curves.svg", "curves.png", "runs.csv", "runs.json"]

  /// By default without a lead and a command.
  public init(
    _ result: SweepResult, title: String = "Sweep", lead: String = "", command: String? = nil
  ) {
    self.result = result
    self.title = title
    self.lead = lead
    self.command = command
  }

  /// Makes the folder where it is not there, and finds out before hours of training whether the
  /// report can be written into it.
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
    let figure = result.figure(title: title)
    try AtomicFile.write(Array(figure.svg().utf8), to: "\(folder)/curves.svg")
    try AtomicFile.write(figure.png(), to: "\(folder)/curves.png")
    try AtomicFile.write(Array(result.csv.utf8), to: "\(folder)/runs.csv")
    let json = result.json.pythonText(indent: 1) + "\n"
    try AtomicFile.write(Array(json.utf8), to: "\(folder)/runs.json")
    // The page last: where it is, everything is.
    try AtomicFile.write(Array(page().html().utf8), to: "\(folder)/report.html")
  }

  /// The page `report.html`.
  public func page() -> ReportPage {
    var page = ReportPage(title: title, lead: lead)
    add(to: &page)
    if let command { page.add("Made by", [.code(command)]) }
    return page
  }

  /// Adds the report to a page that may hold more.
  public func add(to page: inout ReportPage) {
    page.add(
      "What came of it",
      result.verdict.map(ReportPage.Block.verdict) + [.table(result.table), .list(definitions)])
    let overview = overview
    if !overview.isEmpty { page.add("Side by side", overview) }
    for panel in result.panels {
      let name = panel.name.isEmpty ? "Each run" : panel.name
      page.add(name, result.measures.map { multiples(panel, $0) })
    }
  }

  /// The settings of each panel in one picture.
  private var overview: [ReportPage.Block] {
    let panels = result.panels.filter { $0.groups.count > 1 }
    guard let first = panels.max(by: { $0.groups.count < $1.groups.count }) else { return [] }
    let legend = first.groups.enumerated().map { index, group in
      let rate = group[Sweep.learningRate].map { "learning rate \($0)" }
      return ReportPage.LegendEntry(rate ?? group.name(), style: SeriesStyle(color: index))
    }
    let isValidated = result.runs.first?.measure == "val_loss"
    return ["loss", "val_loss"].prefix(isValidated ? 2 : 1).map { measure in
      .figures(
        panels.map { single(result.overview($0, measure)) }, legend: legend,
        caption: (measure == "loss" ? "Training loss" : "Validation loss")
          + " by learning rate, medians over seeds.")
    }
  }

  /// Each setting of a panel by itself.
  private func multiples(_ panel: SweepResult.Panel, _ measure: String) -> ReportPage.Block {
    let charts = panel.groups.map { group in
      let rate = group[Sweep.learningRate].map { "learning rate \($0)" }
      return result.chart(group, measure, title: rate ?? group.name())
    }
    let hasValidation = charts.contains { $0.series.count > 1 }
    let legend =
      [ReportPage.LegendEntry("training", style: SweepResult.training)]
      + (hasValidation
        ? [ReportPage.LegendEntry("validation", style: SweepResult.validation)] : [])
    let band =
      panel.groups.contains { $0.runs.count > 1 }
      ? ": the line is the median over seeds, the band reaches from the lowest to the highest."
      : "."
    return .figures(
      charts.map(single), legend: legend, caption: "\(SweepResult.title(measure))\(band)")
  }

  private func single(_ chart: Chart) -> Figure {
    Figure(charts: [chart], width: 340, height: 230, hasLegend: false)
  }

  private var definitions: [String] {
    let plateau = result.sweep.plateau
    let isValidated = result.runs.first?.measure == "val_loss"
    let loss = isValidated ? "validation loss" : "loss"
    var lines: [String] = []
    let guesses = result.comparable.compactMap(\.guess)
    if !guesses.isEmpty {
      let values = guesses.map { inWords($0.validation ?? $0.training) }
      let different = values.indices.filter { values.firstIndex(of: values[$0]) == $0 }
        .map { values[$0] }
      lines += [
        "A guess: always saying the same, whatever it reads. The best such guess has the \(loss) "
          + "\(different.joined(separator: ", "))\(different.count > 1 ? ", by setting" : "").",
        "Left the plateau: the first epoch whose \(loss) is more than "
          + "\(NumberText.plain(plateau.margin * 100)) % below a guess's, if one of the two losses "
          + "stays so for \(counted(plateau.epochs, "epoch")).",
        "Learned by heart: the loss of the rows it learns from fell, that of others never did.",
        "Diverged: the loss is no number, or has grown and ends above a guess's by that margin. "
          + "Above a guess: it ends there without having grown. Stood still: none of these.",
      ]
    }
    lines += [
      "Best \(loss) and accuracy: of the run's best epoch; medians over seeds. Of two middle ones the mean.",
      "A seed's runs start from the same weights and visit the rows in the same order at every rate.",
    ]
    return lines
  }
}
