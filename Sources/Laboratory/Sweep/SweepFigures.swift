import HornbillPlot
import KerasTrain

extension SweepResult {
  /// The curve of training and that of validation.
  static let training = SeriesStyle(color: 0)
  static let validation = SeriesStyle(color: 1)

  /// The measures that were reported, the loss first.
  var measures: [String] {
    let names = runs.first?.history.series.map(\.name) ?? []
    return names.filter { !$0.hasPrefix("val_") && $0 != "lr" && $0 != "learning_rate" }
      .sorted { a, b in a == "loss" || (b != "loss" && a < b) }
  }

  /// One setting: training and validation, the median over seeds in a band from the lowest to the
  /// highest.
  func chart(_ group: Group, _ measure: String, title: String) -> Chart {
    var chart = Chart(
      title: title, xLabel: "epoch", yLabel: Self.title(measure).lowercased(), series: [])
    for (prefix, name, style) in [
      ("", "training", Self.training), ("val_", "validation", Self.validation),
    ] {
      chart.series += Self.curve(group, prefix + measure, name: name, style: style)
    }
    finish(&chart, measure, [group])
    return chart
  }

  /// All settings of a panel in one chart, by their medians.
  ///
  /// - Parameter measure: `loss` or `val_loss`.
  func overview(_ panel: Panel, _ measure: String) -> Chart {
    var chart = Chart(
      title: panel.name, xLabel: "epoch",
      yLabel: measure == "val_loss" ? "validation loss" : "training loss", series: [])
    for (index, group) in panel.groups.enumerated() {
      chart.series += Self.curve(
        group, measure, name: group[Sweep.learningRate] ?? group.name(),
        style: SeriesStyle(color: index), hasBand: false)
    }
    finish(&chart, "loss", panel.groups)
    return chart
  }

  private static func curve(
    _ group: Group, _ name: String, name title: String, style: SeriesStyle, hasBand: Bool = true
  ) -> [Series] {
    let curves = group.runs.map { $0.history[name] }.filter { !$0.isEmpty }
    let count = curves.map(\.count).max() ?? 0
    guard count > 0 else { return [] }
    var (median, lower, upper): ([Double], [Double], [Double]) = ([], [], [])
    for epoch in 0..<count {
      let values = curves.compactMap { epoch < $0.count ? $0[epoch] : nil }.filter(\.isFinite)
      median.append(Median.of(values) ?? .nan)
      lower.append(values.min() ?? .nan)
      upper.append(values.max() ?? .nan)
    }
    let band = hasBand && curves.count > 1 ? Band(lower: lower, upper: upper) : nil
    return [Series(title, values: median, style: style, band: band)]
  }

  /// Draws a guess in. Where its loss is positive, as of any entropy, charts reach from 0 to twice
  /// that, so that they compare: what a model that has learned its rows by heart says of others
  /// grows without end, and would flatten the rest.
  private func finish(_ chart: inout Chart, _ measure: String, _ groups: [Group]) {
    guard measure == "loss" else {
      // A little more than all, so that a curve at 1 lies inside.
      if measure.hasPrefix("acc") { chart.yRange = 0...1.03 }
      return
    }
    guard let guesses = groups.lazy.flatMap(\.runs).compactMap(\.guesses).first else { return }
    let guess = guesses.validation ?? guesses.training
    chart.references = [ReferenceLine(y: guess, label: "a guess")]
    if guess > 0 { chart.yRange = 0...2 * guess }
  }

  static func title(_ measure: String) -> String {
    ["loss": "Loss", "acc": "Accuracy", "accuracy": "Accuracy"][measure] ?? measure
  }

  /// Every setting's loss, then every setting's accuracy, panel by panel in rows: `curves.svg`.
  public func figure(title: String) -> Figure {
    let panels = self.panels
    let columns = max(1, panels.map(\.groups.count).max() ?? 1)
    // One panel without rates: its settings side by side.
    let isGrid = columns > 1
    var charts: [Chart] = []
    for measure in measures {
      for panel in panels {
        for group in panel.groups {
          let rate = group[Sweep.learningRate].map { "learning rate \($0)" }
          var chart = chart(group, measure, title: rate ?? group.name())
          if rate != nil { chart.subtitle = panel.name }
          charts.append(chart)
        }
        if isGrid {
          // A row holds one panel, whole or not.
          for _ in panel.groups.count..<columns { charts.append(Chart(series: [])) }
        }
      }
    }
    let wide = isGrid ? columns : min(max(1, panels.count), 4)
    let rows = (charts.count + wide - 1) / wide
    return Figure(
      title: title, charts: charts, columns: wide, width: 40 + 250 * Double(max(2, wide)),
      height: 90 + 210 * Double(max(1, rows)))
  }
}
