/// One place in a chart, in the units of its data, or in points on the page (y downwards).
public struct PlotPoint: Sendable, Hashable {
  public var x: Double
  public var y: Double

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

  public init(color: Int = 0, dashed: Bool = false) {
    self.color = color
    self.dashed = dashed
  }
}

/// A shaded area behind a curve: one lower and one upper value for each of the curve's points.
/// Where the two lists differ in length the shorter one counts.
public struct Band: Sendable, Hashable {
  public var lower: [Double]
  public var upper: [Double]

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
  public var name: String
  public var points: [PlotPoint]
  public var style: SeriesStyle
  public var band: Band?

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

  public var axis: Axis
  public var value: Double
  public var label: String

  public init(x: Double, label: String = "") {
    axis = .x
    value = x
    self.label = label
  }

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
  public var title: String
  public var subtitle: String
  public var xLabel: String
  public var yLabel: String
  public var series: [Series]
  public var references: [ReferenceLine]
  /// The range to show; nil takes it from the data. What lies outside is cut off at the edge.
  public var xRange: ClosedRange<Double>?
  public var yRange: ClosedRange<Double>?
  /// A logarithmic x axis. Points with x below 1e-100 then count as missing.
  public var logX: Bool

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
