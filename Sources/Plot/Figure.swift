/// A picture: a title, a legend that all charts share, and the charts in a grid, row by row.
///
/// The SVG and the PNG are drawn from one list of commands and so show the same thing. Both are
/// functions of the figure alone: same figure, same bytes.
///
///     let figure = Figure(title: "GRU", charts: [loss, accuracy], columns: 2)
///     let text = figure.svg(theme: .auto)
///     let bytes = figure.png(scale: 2, theme: .dark)
public struct Figure: Sendable, Hashable {
  /// Above all charts; empty for none.
  public var title: String
  /// Row by row.
  public var charts: [Chart]
  /// Charts in a row, at least 1.
  public var columns: Int
  /// Width and height in points (1/72 inch), held between 160 and 4,000.
  public var width: Double
  /// Height in points, held between the same limits.
  public var height: Double
  /// Whether every chart shows the same x range, or y range: small multiples to be compared. The
  /// numbers then stand at the outer charts only.
  public var sharedX: Bool
  /// Whether every chart shows the same y range.
  public var sharedY: Bool
  /// Whether the names of the series stand above the charts. A page with many figures names them
  /// once.
  public var hasLegend: Bool

  /// By default one column of 720 by 405 points, a range for each chart, and a legend.
  public init(
    title: String = "", charts: [Chart], columns: Int = 1, width: Double = 720,
    height: Double = 405, sharedX: Bool = false, sharedY: Bool = false, hasLegend: Bool = true
  ) {
    self.title = title
    self.charts = charts
    self.columns = columns
    self.width = width
    self.height = height
    self.sharedX = sharedX
    self.sharedY = sharedY
    self.hasLegend = hasLegend
  }

  /// The figure as an SVG document of its own: no script, no font to load.
  public func svg(theme: SVGTheme = .auto) -> String {
    var writer = SVGWriter(theme: theme)
    return writer.document(drawList(), title: title, description: summary)
  }

  /// The figure as an `<svg>` element of an HTML page, whose style sheet gives the colors: it holds
  /// ``Theme/pageStyle``. It fills the width that it is given and keeps its proportions.
  public func svgElement() -> String {
    var writer = SVGWriter(forPage: true)
    return writer.document(drawList(), title: title, description: summary)
  }

  /// The figure as a PNG file, `scale` (held between 1 and 4) pixels to the point.
  public func png(scale: Int = 2, theme: Theme = .light) -> [UInt8] {
    let list = drawList()
    let pixelsPerPoint = min(max(scale, 1), 4)
    var raster = Raster(
      width: Int(list.width) * pixelsPerPoint, height: Int(list.height) * pixelsPerPoint,
      scale: Double(pixelsPerPoint), theme: theme)
    for command in list.commands { raster.draw(command) }
    return PNGWriter.file(
      rgb: raster.pixels, width: raster.width, height: raster.height, pixelsPerPoint: pixelsPerPoint
    )
  }

  /// The commands that draw the figure.
  package func drawList() -> DrawList {
    var layout = FigureLayout(self)
    return layout.draw()
  }

  /// The figure in words, for those who do not see it.
  var summary: String {
    charts.map { chart in
      var words = chart.title.isEmpty ? "Chart" : chart.title
      if !chart.xLabel.isEmpty || !chart.yLabel.isEmpty {
        words += " (\(chart.yLabel) over \(chart.xLabel))"
      }
      let curves = chart.series.map { series in
        guard let last = series.points.last(where: chart.shows) else {
          return "\(series.name): no data"
        }
        return "\(series.name): \(series.points.count) points, "
          + "last \(NumberText.significant(last.y))"
      }
      return words + (curves.isEmpty ? "" : ": ") + curves.joined(separator: "; ")
    }.joined(separator: ". ")
  }
}
