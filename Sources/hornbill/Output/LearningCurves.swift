import HornbillPlot
import KerasFormat
import KerasTrain

/// Learning curves as a picture: loss and, where there is one, accuracy, training and validation.
enum LearningCurves {
  /// - Parameter runs: one history a model, with the name it goes by.
  static func figure(_ runs: [(name: String, history: History)], title: String) -> Figure {
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
      let references =
        measure == "loss" ? [ReferenceLine(y: 0.6931471805599453, label: "ln 2")] : []
      return Chart(
        title: measure, xLabel: "epoch", yLabel: measure, series: series, references: references)
    }
    return Figure(title: title, charts: charts, columns: charts.count)
  }

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
