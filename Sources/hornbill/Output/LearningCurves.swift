import HornbillPlot
import KerasFormat
import KerasTrain

/// Learning curves as a picture: loss and, where there is one, accuracy, training and validation.
enum LearningCurves {
  /// - Parameters:
  ///   - runs: one history a model, with the name it goes by.
  ///   - loss: what was minimised. Where it is binary cross-entropy, the loss of a guess is drawn in.
  static func figure(
    _ runs: [(name: String, history: History)], loss: (any Loss)?, title: String
  ) -> Figure {
    let names = runs.first?.history.series.map(\.name) ?? []
    let measures = names.filter { !$0.hasPrefix("val_") }.sorted { a, b in
      a == "loss" || (b != "loss" && a < b)
    }
    let charts = measures.map { measure in
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
      let guess = measure == "loss" && loss is BinaryCrossentropy ? 0.6931471805599453 : nil
      return Chart(
        title: titles[measure] ?? measure, xLabel: "epoch",
        yLabel: measure == "loss" ? loss?.name ?? measure : measure, series: series,
        references: guess.map { [ReferenceLine(y: $0, label: "ln 2 = 0.693, a guess")] } ?? [],
        yRange: guess.flatMap { range(of: series, guess: $0) })
    }
    return Figure(title: title, charts: charts, columns: charts.count)
  }

  /// Up to twice a guess's loss, where curves go beyond: what a model that has learned its rows by
  /// heart says of others grows without end, and would flatten the rest.
  private static func range(of series: [Series], guess: Double) -> ClosedRange<Double>? {
    let values = series.flatMap { $0.points.map(\.y) }.filter(\.isFinite)
    return values.contains { $0 > 2 * guess } ? 0...2 * guess : nil
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
