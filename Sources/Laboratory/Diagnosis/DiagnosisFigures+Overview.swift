import HornbillPlot
import KerasRuntime

extension DiagnosisFigures {
  /// The essence in one picture, `diagnosis.svg`: the loss as it is and with the best three
  /// remedies, the gradient word by word, the state step by step, and the memory on padding.
  func overview(title: String) -> Figure {
    var charts: [Chart] = []
    if let course = evidence.course {
      var series = tried.prefix(3).enumerated().map { index, trial in
        Series(
          trial.remedy.title, values: trial.course.validation,
          style: SeriesStyle(color: 3 + index))
      }
      series.append(
        Series("as it is", values: course.validation, style: SeriesStyle(color: 6)))
      let kind = course.history["val_loss"].isEmpty ? "Training" : "Validation"
      charts.append(
        Chart(
          title: "\(kind) loss", xLabel: "epoch", yLabel: "loss", series: series,
          references: course.constant > 0
            ? [ReferenceLine(y: course.constant, label: guessLabel)] : [],
          yRange: range))
    }
    charts += stepCharts.map(\.chart) + memoryCharts
    return Figure(
      title: title, charts: charts, columns: 2, width: 760,
      height: 90 + 230 * Double((charts.count + 1) / 2))
  }
}
