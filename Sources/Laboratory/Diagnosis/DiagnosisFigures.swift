import HornbillPlot
import KerasRuntime

/// The pictures of a ``DiagnosisReport``.
struct DiagnosisFigures {
  let evidence: Evidence
  let tried: [Trial]

  /// One color for what is, another for what would be.
  private static let asItIs = SeriesStyle(color: 1)
  private static let changed = SeriesStyle(color: 0)

  init(_ diagnosis: Diagnosis) {
    evidence = diagnosis.evidence
    tried = diagnosis.trials
  }

  private func single(_ chart: Chart) -> Figure {
    Figure(charts: [chart], width: 340, height: 230, hasLegend: false)
  }

  // MARK: - Curves

  private func curves(
    _ title: String, _ series: [Series], within range: ClosedRange<Double>? = nil
  ) -> Figure {
    var chart = Chart(
      title: title, xLabel: "epoch", yLabel: "loss", series: series, yRange: range)
    if let guess = evidence.course?.constant, guess > 0 {
      chart.references = [ReferenceLine(y: guess, label: guessLabel)]
      let values = series.flatMap { $0.points.map(\.y) }
      if range == nil, values.contains(where: { $0 > 2 * guess }) { chart.yRange = 0...2 * guess }
    }
    return single(chart)
  }

  /// What the line across the losses is.
  var guessLabel: String {
    evidence.course?.isConstantKnown ?? true ? "a guess" : "before training"
  }

  /// One range for all, so that what stands still looks so: no further up than half above a guess.
  var range: ClosedRange<Double>? {
    guard let course = evidence.course, course.constant > 0 else { return nil }
    let values = (tried.map(\.course) + [course]).flatMap(\.validation).filter(\.isFinite)
    guard let low = values.min(), let high = values.max(), low < high else { return nil }
    let top = max(min(high, 1.5 * course.constant), 1.05 * course.constant)
    return min(low, 0.9 * course.constant)...top
  }

  /// Each remedy's validation loss beside that of the training as it is.
  var trials: [ReportPage.Block] {
    guard let course = evidence.course else { return [] }
    let base = Series("as it is", values: course.validation, style: Self.asItIs)
    let kind = course.history["val_loss"].isEmpty ? "Training" : "Validation"
    return [
      .figures(
        tried.map { trial in
          curves(
            trial.remedy.title,
            [
              base, Series("with the change", values: trial.course.validation, style: Self.changed),
            ],
            within: range)
        },
        legend: [
          .init("as it is", style: Self.asItIs), .init("with the change", style: Self.changed),
        ],
        caption:
          "\(kind) loss, the best remedy first."
          + (course.isConstantKnown
            ? " \"a guess\" is the loss of always giving the same answer." : ""))
    ]
  }

  /// The training alone.
  var course: [ReportPage.Block] {
    guard let course = evidence.course else { return [] }
    var series = [Series("training", values: course.training, style: SeriesStyle(color: 0))]
    var legend = [ReportPage.LegendEntry("training", style: SeriesStyle(color: 0))]
    if !course.history["val_loss"].isEmpty {
      series.append(Series("validation", values: course.validation, style: SeriesStyle(color: 1)))
      legend.append(.init("validation", style: SeriesStyle(color: 1)))
    }
    return [.figures([curves("Loss", series)], legend: legend)]
  }

  // MARK: - Inside

  /// Gradient, state and gates.
  var inside: [ReportPage.Block] {
    [byStep, gates, memory].compactMap { $0 }
  }

  private static let before = SeriesStyle(color: 0)
  private static let after = SeriesStyle(color: 1)
  private static let inFront = SeriesStyle(color: 2, dashed: true)

  /// Powers of ten: what is lost in a few steps would lie on the axis.
  private static func logarithms(_ values: [Double]) -> [Double] {
    values.map { $0 > 0 ? Double.log10($0) : .nan }
  }

  private func pair(
    _ title: String, _ x: String, _ y: String, _ before: [Double], _ after: [Double]?
  ) -> Chart {
    var series = [Series("before training", values: Self.logarithms(before), style: Self.before)]
    if let after {
      series.append(Series("after training", values: Self.logarithms(after), style: Self.after))
    }
    return Chart(title: title, xLabel: x, yLabel: y, series: series)
  }

  private static let inFrontName = "before training, padded in front"

  /// What happens step by step, and what each chart shows.
  var stepCharts: [(chart: Chart, words: String)] {
    var charts: [(chart: Chart, words: String)] = []
    let flows = evidence.before?.flows ?? []
    for (place, flow) in flows.enumerated() {
      guard let flow else { continue }
      let after = evidence.after?.flows ?? []
      let input = flows.count == evidence.inputs.count ? evidence.inputs[place] : nil
      var chart = pair(
        "Gradient at each step\(input.map(evidence.note) ?? "")", "step", "log10 of its norm",
        flow.byStep, after.indices.contains(place) ? after[place]?.byStep : nil)
      var words =
        place == 0 ? "What of the loss's gradient comes back to each step of the rows" : ""
      if let padding = input?.padding, padding.endShare > 0.1 {
        chart.references.append(
          ReferenceLine(x: Double(padding.steps) - padding.meanEnd, label: "words end"))
        if !words.isEmpty { words += " (on average words end at the line)" }
      }
      charts.append((chart, words))
    }
    for (place, input) in evidence.inputs.enumerated() {
      guard let dependence = input.dependence, dependence.byWord.count > 1 else { continue }
      var chart = pair(
        "Gradient at each word\(evidence.note(input))", "word of a row", "log10 of its norm",
        dependence.byWord, input.dependenceAfter?.byWord)
      if input.padding.endShare > 0, !input.padding.isMasked {
        chart.series.append(
          Series(
            Self.inFrontName, values: Self.logarithms(dependence.byWordInFront),
            style: Self.inFront))
      }
      charts.append((chart, place == 0 ? "to its first, second, … word" : ""))
    }
    for (place, recurrent) in evidence.recurrent.enumerated()
    where !recurrent.spreadByStep.isEmpty {
      charts.append(
        (
          pair(
            "Spread of \(evidence.recurrent.count > 1 ? recurrent.layer : "the state") over rows",
            "step", "log10 of distance",
            recurrent.spreadByStep, after(place)?.spreadByStep),
          place == 0
            ? "how far the recurrent state of a row lies from that of others, step by step" : ""
        ))
    }
    return charts
  }

  /// ` of gru_1` where a model has several recurrent layers.
  private func layerNote(_ recurrent: RecurrentFacts) -> String {
    evidence.recurrent.count > 1 ? " of \(recurrent.layer)" : ""
  }

  /// The same layer after training.
  private func after(_ place: Int) -> RecurrentFacts? {
    evidence.recurrentAfter.indices.contains(place) ? evidence.recurrentAfter[place] : nil
  }

  private var byStep: ReportPage.Block? {
    let charts = stepCharts
    guard !charts.isEmpty else { return nil }
    var legend = [
      ReportPage.LegendEntry("before training", style: Self.before),
      ReportPage.LegendEntry("after training", style: Self.after),
    ]
    if charts.contains(where: { $0.chart.series.contains { $0.name == Self.inFrontName } }) {
      legend.append(.init(Self.inFrontName, style: Self.inFront))
    }
    return .figures(
      charts.map { single($0.chart) }, legend: legend,
      caption: charts.map(\.words).filter { !$0.isEmpty }.joined(separator: "; ")
        + ". Each unit down is a factor of ten less.")
  }

  private var gates: ReportPage.Block? {
    func histogram(_ gate: RecurrentFacts.Gate, _ name: String, _ style: SeriesStyle) -> Series {
      Series(
        name,
        points: gate.histogram.enumerated().map { (x: (Double($0) + 0.5) / 20, y: 100 * $1) },
        style: style)
    }
    let figures = evidence.recurrent.enumerated().flatMap { place, recurrent in
      recurrent.gates.enumerated().map { index, gate in
        var series = [histogram(gate, "before", Self.before)]
        if let after = after(place)?.gates, after.indices.contains(index) {
          series.append(histogram(after[index], "after", Self.after))
        }
        return single(
          Chart(
            title: "Gate \(gate.name) of \(recurrent.layer)", xLabel: "how far open",
            yLabel: "% of all", series: series, xRange: 0...1))
      }
    }
    guard !figures.isEmpty else { return nil }
    return .figures(
      figures,
      legend: [
        .init("before training", style: Self.before), .init("after training", style: Self.after),
      ],
      caption:
        "How often each gate is how far open at the words. Heaps at 0 or 1 are saturation: there "
        + "the gate no longer learns.")
  }

  /// Each recurrent map's eigenvalues on padding.
  var memoryCharts: [Chart] {
    evidence.recurrent.enumerated().compactMap { place, recurrent in
      guard let memory = recurrent.onPadding else { return nil }
      var series = [Series("before training", values: memory.spectrum, style: Self.before)]
      if let after = after(place)?.onPadding {
        series.append(Series("after training", values: after.spectrum, style: Self.after))
      }
      return Chart(
        title: "Memory\(layerNote(recurrent)) on padding", xLabel: "eigenvalue, by size",
        yLabel: "magnitude", series: series,
        references: [ReferenceLine(y: 1, label: "forgets nothing")])
    }
  }

  private var memory: ReportPage.Block? {
    var figures = memoryCharts.map(single)
    if let range = evidence.rateRange, range.rates.count > 1 {
      var chart = Chart(
        title: "Range test", xLabel: "learning rate", yLabel: "loss",
        series: [
          Series(
            "loss", points: zip(range.rates, range.smoothed).map { (x: $0, y: $1) },
            style: Self.before)
        ], logX: true)
      if let suggestion = range.suggestion {
        chart.references.append(ReferenceLine(x: suggestion, label: "suggested"))
      }
      if let rate = evidence.rate {
        chart.references.append(ReferenceLine(x: rate, label: "as it is"))
      }
      let low = range.smoothed.min() ?? 0
      if let first = range.smoothed.first, let top = range.smoothed.max(), top > 2 * first,
        first > low
      {
        chart.yRange = 0...2 * first
      }
      figures.append(single(chart))
    }
    guard !figures.isEmpty else { return nil }
    return .figures(
      figures,
      caption:
        "Memory: what a step of padding leaves of a difference between two states, in each "
        + "direction. The range test raises the learning rate from batch to batch and watches the "
        + "loss.")
  }
}
