extension Panel {
  func draw(into list: inout DrawList) {
    drawTitles(into: &list)
    drawGrid(into: &list)
    for series in chart.series { drawBand(series, into: &list) }
    drawReferences(into: &list)
    var curves: [[PlotPoint]] = []
    for series in chart.series { curves += drawCurve(series, into: &list) }
    drawAxes(into: &list)
    for reference in chart.references { drawLabel(reference, avoiding: curves, into: &list) }
    if !chart.series.contains(where: { $0.points.contains(where: chart.shows) }) {
      list.text(
        TextRun(
          text: "no data",
          at: PlotPoint((plot.left + plot.right) / 2, (plot.top + plot.bottom) / 2),
          size: Self.labelSize, ink: .muted, anchor: .middle, halo: true))
    }
  }

  // MARK: Words and axes

  private func drawTitles(into list: inout DrawList) {
    let width = plot.right - cellLeft
    var baseline = plot.top - rowHead + 13
    list.text(
      TextRun(
        text: Self.fitted(chart.title, into: width, size: Self.titleSize, bold: true),
        at: PlotPoint(cellLeft, baseline), size: Self.titleSize, bold: true))
    baseline += chart.title.isEmpty ? 0 : 15
    list.text(
      TextRun(
        text: Self.fitted(chart.subtitle, into: width, size: Self.labelSize),
        at: PlotPoint(cellLeft, baseline), size: Self.labelSize, ink: .muted))
  }

  private func drawGrid(into list: inout DrawList) {
    for tick in yTicks {
      let y = position(y: tick.value).rounded(.down) + 0.5
      if y < plot.bottom - 0.5 {
        list.line(
          PlotPoint(plot.left, y), PlotPoint(plot.right, y), Stroke(ink: .grid, width: 1))
      }
    }
  }

  private func drawAxes(into list: inout DrawList) {
    let stroke = Stroke(ink: .axis, width: 1)
    list.line(PlotPoint(plot.left, plot.bottom), PlotPoint(plot.right, plot.bottom), stroke)
    for tick in xTicks {
      let x = position(x: tick.value).rounded(.down) + 0.5
      list.line(PlotPoint(x, plot.bottom), PlotPoint(x, plot.bottom + 4), stroke)
    }
    let half = Self.tickSize * StrokeFont.capHeight / 2
    if showsY {
      for tick in yTicks {
        list.text(
          TextRun(
            text: tick.label, at: PlotPoint(plot.left - 7, position(y: tick.value) + half),
            size: Self.tickSize, ink: .muted, anchor: .end))
      }
      list.text(
        TextRun(
          text: Self.fitted(chart.yLabel, into: plot.height, size: Self.labelSize),
          at: PlotPoint(cellLeft + Self.labelSize * 0.8, (plot.top + plot.bottom) / 2),
          size: Self.labelSize, ink: .muted, anchor: .middle, upwards: true))
    }
    if showsX {
      let numbers = plot.bottom + 8 + 2 * half
      for tick in xTicks {
        list.text(
          TextRun(
            text: tick.label, at: PlotPoint(position(x: tick.value), numbers),
            size: Self.tickSize, ink: .muted, anchor: .middle))
      }
      list.text(
        TextRun(
          text: Self.fitted(chart.xLabel, into: plot.width, size: Self.labelSize),
          at: PlotPoint((plot.left + plot.right) / 2, numbers + 17), size: Self.labelSize,
          ink: .muted, anchor: .middle))
    }
  }

  // MARK: Curves

  /// Draws a curve; returns its lines as drawn.
  private func drawCurve(_ series: Series, into list: inout DrawList) -> [[PlotPoint]] {
    let stroke = Self.stroke(series.style, name: series.name)
    var drawn: [[PlotPoint]] = []
    for run in Curves.runs(series.points.map { chart.shows($0) ? position($0) : nil }) {
      for line in Curves.clipped(Curves.thinned(run, width: plot.width), to: plot) {
        // A line that is cut down to one place by the edge of the plot is no lone point.
        if line.count == 1, run.count == 1 {
          list.dot(line[0], radius: 3, ink: stroke.ink)
        } else if line.count > 1 {
          list.polyline(line, stroke)
        }
        drawn.append(line)
      }
    }
    return drawn
  }

  private func drawBand(_ series: Series, into list: inout DrawList) {
    guard let band = series.band else { return }
    let places = zip(series.points, zip(band.lower, band.upper)).map { point, limits in
      let (low, high) = (PlotPoint(point.x, limits.0), PlotPoint(point.x, limits.1))
      return chart.shows(low) && chart.shows(high)
        ? (x: position(x: point.x), upper: position(y: limits.1), lower: position(y: limits.0))
        : nil
    }
    for run in Curves.runs(places) {
      let run = Curves.thinned(band: run, width: plot.width)
      let outline =
        run.map { PlotPoint($0.x, $0.upper) } + run.reversed().map { PlotPoint($0.x, $0.lower) }
      let visible = Curves.clipped(polygon: outline, to: plot)
      if visible.count > 2 {
        list.polygon(visible, ink: .palette(series.style.color), opacity: Self.bandOpacity)
      }
    }
  }

  // MARK: Reference lines

  private func place(_ reference: ReferenceLine) -> Double? {
    guard Chart.isDrawable(reference.value) else { return nil }
    switch reference.axis {
    case .x:
      guard reference.value >= x.low, reference.value <= x.high else { return nil }
      return position(x: reference.value).rounded(.down) + 0.5
    case .y:
      guard reference.value >= y.low, reference.value <= y.high else { return nil }
      return position(y: reference.value).rounded(.down) + 0.5
    }
  }

  private func drawReferences(into list: inout DrawList) {
    let stroke = Stroke(ink: .muted, width: 1, dash: .init(on: 1, off: 3))
    for reference in chart.references {
      guard let place = place(reference) else { continue }
      switch reference.axis {
      case .x: list.line(PlotPoint(place, plot.top), PlotPoint(place, plot.bottom), stroke)
      case .y: list.line(PlotPoint(plot.left, place), PlotPoint(plot.right, place), stroke)
      }
    }
  }

  /// Writes the label beside its line, where the fewest curves pass: as far to the right as can be,
  /// above before below; beside an upright line at the top first.
  private func drawLabel(
    _ reference: ReferenceLine, avoiding curves: [[PlotPoint]], into list: inout DrawList
  ) {
    guard !reference.label.isEmpty, let place = place(reference) else { return }
    let size = Self.tickSize
    let text = Self.fitted(reference.label, into: plot.width - 8, size: size)
    let width = Self.reserved(text, size: size)
    let cap = size * StrokeFont.capHeight
    let lefts: [Double]
    let baselines: [Double]
    switch reference.axis {
    case .y:
      lefts = stride(from: 0, through: 40, by: 1).map {
        plot.left + 4 + Double(40 - $0) / 40 * (plot.width - 8 - width)
      }
      baselines = [place - 5, place + 5 + cap]
    case .x:
      lefts = [place + 5, place - 5 - width]
      baselines = [plot.top + 4 + cap, plot.bottom - 6, (plot.top + plot.bottom + cap) / 2]
    }
    var best: (crossings: Int, at: PlotPoint)?
    for left in lefts {
      for baseline in baselines {
        let box = PlotRect(
          left: left - 2, top: baseline - cap - 3, right: left + width + 2, bottom: baseline + 3)
        // Above the plot's top there is room at the right, where no title is.
        let title = cellLeft + Self.reserved(chart.title, size: Self.titleSize, bold: true) + 8
        let top = chart.subtitle.isEmpty && box.left > title ? plot.top - 12 : plot.top - 2
        let isInside =
          box.left >= plot.left - 2 && box.right <= plot.right + 2 && box.top >= top
          && box.bottom <= plot.bottom
        let crossings =
          curves.count { !Curves.clipped($0, to: box).isEmpty } + (isInside ? 0 : 1000)
        if crossings < best?.crossings ?? .max { best = (crossings, PlotPoint(left, baseline)) }
      }
    }
    guard let at = best?.at else { return }
    list.text(TextRun(text: text, at: at, size: size, ink: .muted, halo: true))
  }
}
