/// One chart of a figure with its axes: how much room its words need, and how it is drawn.
struct Panel {
  let chart: Chart
  let x: PlotAxis
  let y: PlotAxis
  let showsX: Bool
  let showsY: Bool
  private(set) var xTicks: [Tick] = []
  private(set) var yTicks: [Tick] = []
  private(set) var plot = PlotRect(left: 0, top: 0, right: 0, bottom: 0)
  /// Where the titles start: left of the numbers, in line with those of the charts above and below.
  private(set) var cellLeft = 0.0
  /// What stands above the plots of the panel's row, where the titles of all start.
  private(set) var rowHead = 0.0

  static let bandOpacity = 0.18
  static let titleSize = 12.5
  static let labelSize = 11.0
  static let tickSize = 10.5
  private static let tickGap = 7.0

  init(chart: Chart, x: PlotAxis, y: PlotAxis, showsX: Bool, showsY: Bool) {
    self.chart = chart
    self.x = x
    self.y = y
    self.showsX = showsX
    self.showsY = showsY
  }

  static func stroke(_ style: SeriesStyle, name: String = "") -> Stroke {
    Stroke(
      ink: .palette(style.color), width: 2, dash: style.dashed ? .init(on: 4, off: 5) : nil,
      name: name)
  }

  // MARK: Data

  static func xValues(_ chart: Chart) -> [Double] {
    let values = chart.series.flatMap { $0.points.filter(chart.shows).map(\.x) }
    let marks = chart.references.filter { $0.axis == .x && chart.shows(PlotPoint($0.value, 0)) }
    return values + marks.map(\.value)
  }

  static func yValues(_ chart: Chart) -> [Double] {
    let values = chart.series.flatMap { series in
      series.points.filter(chart.shows).map(\.y)
        + ((series.band?.lower ?? []) + (series.band?.upper ?? [])).filter(Chart.isDrawable)
    }
    let marks = chart.references.filter { $0.axis == .y && Chart.isDrawable($0.value) }
    return values + marks.map(\.value)
  }

  // MARK: Room

  /// Above the plot: title and subtitle.
  var headHeight: Double {
    var height = 4.0
    if !chart.title.isEmpty { height += 17 }
    if !chart.subtitle.isEmpty { height += 15 }
    return height + (height > 4 ? 4 : 0)
  }

  /// Below the plot: numbers and the axis' label.
  var footHeight: Double {
    guard showsX else { return 4 }
    return Self.tickGap + Self.tickSize + (chart.xLabel.isEmpty ? 2 : 8 + Self.labelSize)
  }

  /// Left of the plot: the axis' label and numbers.
  var sideWidth: Double {
    guard showsY else { return 0 }
    let numbers = yTicks.map { Self.reserved($0.label, size: Self.tickSize) }.max() ?? 0
    return (numbers + Self.tickGap + (chart.yLabel.isEmpty ? 0 : Self.labelSize + 7))
      .rounded(.up)
  }

  mutating func chooseYTicks(height: Double) {
    let usual = max(2, Int(height / 30))
    // Steps of 1, 2 and 5 can leave a range with two numbers; three make a scale.
    for most in usual...usual + 6 {
      yTicks = y.ticks(most: most)
      if yTicks.count > 2 || height < 72 { break }
    }
  }

  /// Sets the place of the plot, and the finest numbers along x that leave space between them.
  mutating func place(_ plot: PlotRect, cellLeft: Double, headHeight: Double) {
    self.plot = plot
    self.cellLeft = cellLeft
    rowHead = headHeight
    for most in (1...max(2, min(12, Int(plot.width / 28)))).reversed() {
      xTicks = x.ticks(most: most)
      let ends = xTicks.map { tick -> (Double, Double) in
        let half = Self.reserved(tick.label, size: Self.tickSize) / 2
        return (position(x: tick.value) - half, position(x: tick.value) + half)
      }
      if zip(ends, ends.dropFirst()).allSatisfy({ $0.1 + 14 <= $1.0 }) { break }
    }
  }

  /// The room kept for a text. A reader of the SVG shows it in a font of their own: DejaVu Sans,
  /// the widest of the usual ones, needs up to 1.18 times what ours does, and 1.27 times in bold.
  static func reserved(_ text: String, size: Double, bold: Bool = false) -> Double {
    StrokeFont.width(text, size: size, bold: bold) * (bold ? 1.27 : 1.18)
  }

  /// `text`, shortened with an ellipsis where it is too wide.
  static func fitted(
    _ text: String, into width: Double, size: Double, bold: Bool = false
  ) -> String {
    func fits(_ text: String) -> Bool {
      reserved(text, size: size, bold: bold) <= width
    }
    if fits(text) { return text }
    var short = text
    while !short.isEmpty, !fits(short + "\u{2026}") { short.removeLast() }
    while short.last == " " { short.removeLast() }
    return short.isEmpty ? "" : short + "\u{2026}"
  }

  // MARK: Places

  func position(x value: Double) -> Double { plot.left + x.fraction(value) * plot.width }
  func position(y value: Double) -> Double { plot.bottom - y.fraction(value) * plot.height }
  func position(_ point: PlotPoint) -> PlotPoint {
    PlotPoint(position(x: point.x), position(y: point.y))
  }
}

extension PlotRect {
  var corners: [PlotPoint] {
    [
      PlotPoint(left, top), PlotPoint(right, top), PlotPoint(right, bottom),
      PlotPoint(left, bottom),
    ]
  }

  /// With its sides in the middle of a pixel at scale 1, where a line of one point is sharp.
  var onPixels: PlotRect {
    PlotRect(
      left: left.rounded(.down) + 0.5, top: top.rounded(.down) + 0.5,
      right: right.rounded(.down) + 0.5, bottom: bottom.rounded(.down) + 0.5)
  }
}
