import HornbillPlot
import Testing

struct CurvesTests {
  private let rect = PlotRect(left: 0, top: 0, right: 10, bottom: 10)

  /// The curves of a chart as drawn, without axes and legend.
  private func drawn(_ series: Series) -> (lines: [[PlotPoint]], dots: [PlotPoint]) {
    let commands = Figure(charts: [Chart(series: [series])]).drawList().commands
    var (lines, dots): ([[PlotPoint]], [PlotPoint]) = ([], [])
    for command in commands {
      switch command {
      case .polyline(let points, let stroke) where stroke.name == series.name: lines.append(points)
      case .dot(let center, _, _): dots.append(center)
      default: break
      }
    }
    return (lines, dots)
  }

  @Test func `missing values break the line, and a value left alone is a dot`() {
    let values = [1, 2, .nan, 3, 4, 5, .infinity, 6, -.infinity, 1e200]
    let (lines, dots) = drawn(Series("loss", values: values))
    #expect(lines.map(\.count) == [2, 3])
    #expect(dots.count == 1)
  }

  @Test func `one point is a dot in the middle`() throws {
    let (lines, dots) = drawn(Series("loss", values: [0.5]))
    #expect(lines.isEmpty)
    let dot = try #require(dots.first)
    #expect(dot.x > 300 && dot.x < 450)
  }

  @Test func `a chart without data says so`() {
    for series in [[], [Series("loss", values: [])], [Series("loss", values: [.nan])]] {
      #expect(Figure(charts: [Chart(series: series)]).svg().contains(">no data<"))
    }
    #expect(!Figure(charts: [Chart(series: [Series("a", values: [1])])]).svg().contains("no data"))
  }

  @Test func `thinning keeps the ends and every column's extremes`() throws {
    var points = (0..<100_000).map {
      PlotPoint(Double($0) / 1000, Double(($0 * 7919) % 1009) / 100)
    }
    points[41_234].y = 99
    points[77_777].y = -99
    let thin = Curves.thinned(points, width: 100)
    #expect(thin.count <= 4 * 201)
    #expect(thin.first == points.first && thin.last == points.last)
    #expect(thin.contains(points[41_234]) && thin.contains(points[77_777]))
    #expect(zip(thin, thin.dropFirst()).allSatisfy { $0.x < $1.x })
  }

  @Test func `a short curve is not thinned`() {
    let points = (0..<400).map { PlotPoint(0.001 * Double($0), Double($0 % 7)) }
    #expect(Curves.thinned(points, width: 100) == points)
  }

  @Test func `a thinned band keeps its widest places`() {
    let band = (0..<1000).map { (x: Double($0) / 1000, upper: 5 - Double($0 % 3), lower: 6.0) }
    let thin = Curves.thinned(band: band, width: 1)
    #expect(thin.map(\.upper) == [3, 3])
    #expect(thin.map(\.lower) == [6, 6])
  }

  @Test func `a line that leaves the plot and returns is cut in two at the edge`() {
    let line = [PlotPoint(1, 5), PlotPoint(3, -5), PlotPoint(5, -5), PlotPoint(7, 5)]
    #expect(
      Curves.clipped(line, to: rect) == [
        [PlotPoint(1, 5), PlotPoint(2, 0)], [PlotPoint(6, 0), PlotPoint(7, 5)],
      ])
  }

  @Test func `a polygon is cut at the edge`() {
    let triangle = [PlotPoint(2, 8), PlotPoint(8, 8), PlotPoint(5, 14)]
    #expect(
      Curves.clipped(polygon: triangle, to: rect) == [
        PlotPoint(3, 10), PlotPoint(2, 8), PlotPoint(8, 8), PlotPoint(7, 10),
      ])
    #expect(Curves.clipped(polygon: triangle.map { PlotPoint($0.x + 50, $0.y) }, to: rect).isEmpty)
  }

  @Test func `points at and below zero are missing on a logarithmic axis`() {
    let series = Series("loss", points: [(0, 1), (-1, 1), (10, 1), (100, 2)])
    let commands = Figure(charts: [Chart(series: [series], logX: true)]).drawList().commands
    let lines = commands.compactMap { command -> [PlotPoint]? in
      guard case .polyline(let points, let stroke) = command, stroke.name == "loss" else {
        return nil
      }
      return points
    }
    #expect(lines.map(\.count) == [2])
  }
}
