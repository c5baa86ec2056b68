import HornbillPlot
import KerasFormat
import KerasTrain

/// Learning curves as a picture: loss and, where there is one, accuracy, training and validation.
enum LearningCurves {
  /// - Parameters:
  ///   - runs: one history a model, with the name it goes by.
  ///   - loss: what was minimised. Where it is binary cross-entropy, the loss of a guess is drawn
  ///     in.
  static func figure(
    _ runs: [(name: String, history: History)], loss: (any Loss)?, title: String
  ) -> Figure {
    let names = runs.first?.history.series.map(\.name) ?? []
    let measures = names.filter { !$0.hasPrefix("val_") }.sorted { a, b in
      a == "loss" || (b != "loss" && a < b)
    }
    let charts = measures.map { chart(of: $0, runs, loss) }
    return Figure(title: title, charts: charts, columns: charts.count)
  }

  private static func chart(
    of measure: String, _ runs: [(name: String, history: History)], _ loss: (any Loss)?
  ) -> Chart {
    var series: [Series] = []
    for (color, run) in runs.enumerated() {
      for (prefix, dashed) in [("", false), ("val_", true)] {
        let values = run.history[prefix + measure]
        guard !values.isEmpty else { continue }
        let points = zip(run.history.epochs, values).map { (x: Double($0 + 1), y: $1) }
        let part = dashed ? "validation" : "training"
        series.append(
          Series(
            runs.count > 1 ? "\(run.name), \(part)" : part, points: points,
            style: SeriesStyle(color: color, dashed: dashed)))
      }
    }
    let name = titles[measure] ?? measure
    var chart = Chart(title: name, xLabel: "epoch", yLabel: name.lowercased(), series: series)
    if measure == "loss", let loss {
      chart.yLabel = loss.name
      if loss is BinaryCrossentropy { addGuess(to: &chart) }
    }
    return chart
  }

  /// Draws the loss of a guess in, and cuts curves off at twice that: what a model that has learned
  /// its rows by heart says of others grows without end, and would flatten the rest.
  private static func addGuess(to chart: inout Chart) {
    let guess = 0.6931471805599453
    chart.references = [ReferenceLine(y: guess, label: "ln 2 = 0.693, a guess")]
    let values = chart.series.flatMap { $0.points.map(\.y) }
    guard values.contains(where: { $0.isFinite && $0 > 2 * guess }) else { return }
    chart.yRange = 0...2 * guess
    chart.subtitle = "cut off at \(Numbers.fixed(2 * guess, 2)), twice a guess's"
  }

  private static let titles = ["loss": "Loss", "acc": "Accuracy", "accuracy": "Accuracy"]

  /// Writes the picture; the name's ending chooses SVG or PNG.
  static func write(_ figure: Figure, to path: String) throws(KerasError) {
    if path.lowercased().hasSuffix(".svg") {
      try AtomicFile.write(Array(figure.svg().utf8), to: path)
    } else if path.lowercased().hasSuffix(".png") {
      try AtomicFile.write(figure.png(), to: path)
    } else {
      throw KerasError(
        .invalidArgument, "--plot '\(path)' but its name must end in .svg or .png")
    }
  }
}
