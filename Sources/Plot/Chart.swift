/// One place in a chart, in the units of its data, or in points on the page (y downwards).
public struct PlotPoint: Sendable, Hashable {
  /// To the right.
  public var x: Double
  /// Up in the units of data, down on the page.
  public var y: Double

  /// A place by both coordinates.
  public init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// How a series is drawn.
public struct SeriesStyle: Sendable, Hashable {
  /// An index into the palette; it wraps round, and negative numbers count from the end.
  public var color: Int
  /// Dashes tell a pair of curves apart (loss and val_loss) without a second color.
  public var dashed: Bool

  /// By default the palette's first color, without dashes.
  public init(color: Int = 0, dashed: Bool = false) {
    self.color = color
    self.dashed = dashed
  }
}

/// A shaded area behind a curve: one lower and one upper value for each of the curve's points.
/// Where the two lists differ in length the shorter one counts.
public struct Band: Sendable, Hashable {
  /// The lower edge, a value for each point.
  public var lower: [Double]
  /// The upper edge, a value for each point.
  public var upper: [Double]

  /// Both edges, a value for each point.
  public init(lower: [Double], upper: [Double]) {
    self.lower = lower
    self.upper = upper
  }
}

/// A curve with a name.
///
/// A point with a NaN, an infinity or a magnitude above 1e100 is not drawn and breaks the line; a
/// point that stands alone is drawn as a dot.
public struct Series: Sendable, Hashable {
  /// What the legend calls it.
  public var name: String
  /// In the order in which they are joined.
  public var points: [PlotPoint]
  /// How it is drawn.
  public var style: SeriesStyle
  /// The area behind it; `nil` for none.
  public var band: Band?

  /// A curve through these points, by default without a band.
  public init(
    _ name: String, points: [(x: Double, y: Double)], style: SeriesStyle = SeriesStyle(),
    band: Band? = nil
  ) {
    self.name = name
    self.points = points.map { PlotPoint($0.x, $0.y) }
    self.style = style
    self.band = band
  }

  /// A curve of values at `start`, `start + 1`, …: one for each epoch.
  public init(
    _ name: String, values: [Double], start: Int = 1, style: SeriesStyle = SeriesStyle(),
    band: Band? = nil
  ) {
    self.name = name
    self.points = values.enumerated().map {
      PlotPoint(Double(start) + Double($0.offset), $0.element)
    }
    self.style = style
    self.band = band
  }
}

/// A thin line across the whole chart with a label: the loss of a guess, the epoch that was kept.
public struct ReferenceLine: Sendable, Hashable {
  /// The axis on which `value` stands.
  public enum Axis: Sendable, Hashable { case x, y }

  /// The axis on which ``value`` stands.
  public var axis: Axis
  /// Where the line is, in the units of the axis.
  public var value: Double
  /// What stands beside it; empty for nothing.
  public var label: String

  /// An upright line.
  public init(x: Double, label: String = "") {
    axis = .x
    value = x
    self.label = label
  }

  /// A level line.
  public init(y: Double, label: String = "") {
    axis = .y
    value = y
    self.label = label
  }
}

/// One pair of axes with its curves.
///
///     Chart(
///       title: "Loss", xLabel: "epoch", yLabel: "binary cross-entropy",
///       series: [Series("gru", values: [0.61, 0.44, 0.39])],
///       references: [ReferenceLine(y: 0.6931, label: "ln 2")])
public struct Chart: Sendable, Hashable {
  /// Above the chart; empty for none.
  public var title: String
  /// Under the title, smaller; empty for none.
  public var subtitle: String
  /// Under the x axis; empty for none.
  public var xLabel: String
  /// Beside the y axis; empty for none.
  public var yLabel: String
  /// The curves, drawn in this order.
  public var series: [Series]
  /// Lines across the whole chart.
  public var references: [ReferenceLine]
  /// The range to show; nil takes it from the data. What lies outside is cut off at the edge.
  public var xRange: ClosedRange<Double>?
  /// The same for y.
  public var yRange: ClosedRange<Double>?
  /// A logarithmic x axis. Points with x below 1e-100 then count as missing.
  public var logX: Bool

  /// By default without words, lines and fixed ranges.
  public init(
    title: String = "", subtitle: String = "", xLabel: String = "", yLabel: String = "",
    series: [Series], references: [ReferenceLine] = [], xRange: ClosedRange<Double>? = nil,
    yRange: ClosedRange<Double>? = nil, logX: Bool = false
  ) {
    self.title = title
    self.subtitle = subtitle
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
    self.references = references
    self.xRange = xRange
    self.yRange = yRange
    self.logX = logX
  }
}

extension Chart {
  /// Whether the point can be drawn: above 1e100 the arithmetic of axes would overflow.
  func shows(_ point: PlotPoint) -> Bool {
    Self.isDrawable(point.x) && Self.isDrawable(point.y) && (!logX || point.x >= 1e-100)
  }

  static func isDrawable(_ value: Double) -> Bool { value.magnitude <= 1e100 }
}
