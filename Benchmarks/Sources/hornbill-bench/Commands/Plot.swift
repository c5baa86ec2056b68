import ArgumentParser
import HornbillPlot
import KerasFormat

/// `hornbill-bench plot`: the growth curves as a picture.
struct Plot: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw what peers/run.py measured of growing sizes.")

  @Argument(help: "The file of growth figures.", completion: .file())
  var input: String

  @Argument(help: "The picture, .svg or .png.", completion: .file())
  var output: String

  /// One measured size.
  private struct Point {
    let axis: String
    let framework: String
    let value: Double
    let seconds: Double
    let operations: Double
  }

  func run() throws {
    let json = try JSON(parsing: FileBytes.read(input)).object ?? [:]
    let points = (json["points"]?.array ?? []).compactMap { entry -> Point? in
      guard let object = entry.object, let axis = object["axis"]?.string,
        let framework = object["framework"]?.string, let value = object["value"]?.number,
        let seconds = object["seconds"]?.number, let operations = object["operations"]?.number
      else { return nil }
      return Point(
        axis: axis, framework: framework, value: value, seconds: seconds, operations: operations)
    }
    guard !points.isEmpty else {
      throw KerasError(.invalidData, "no figures in it", at: .init(file: input))
    }
    // Ours first, in the first color.
    let others = Set(points.map(\.framework)).subtracting(["hornbill"]).sorted()
    let names = (points.contains { $0.framework == "hornbill" } ? ["hornbill"] : []) + others
    func height(_ point: Point) -> Double {
      point.axis == "vocabulary"
        ? point.seconds * 1e3 : point.operations / point.seconds / 1e9
    }
    let axes = ["units", "length", "batch", "vocabulary"]
    let charts = axes.map { axis in
      Chart(
        title: "Growing \(axis)", xLabel: axis,
        yLabel: axis == "vocabulary" ? "ms a step" : "GFLOP/s",
        series: names.enumerated().map { index, name in
          let own = points.filter { $0.axis == axis && $0.framework == name }
            .sorted { $0.value < $1.value }
          return Series(
            name,
            points: own.map { (x: $0.value, y: height($0)) }, style: SeriesStyle(color: index))
        }, yRange: 0...1.05 * (points.filter { $0.axis == axis }.map(height).max() ?? 1), logX: true
      )
    }
    let figure = Figure(
      title: json["title"]?.string ?? "A training step of a GRU", charts: charts, columns: 2,
      width: 900, height: 640)
    let bytes = output.hasSuffix(".png") ? figure.png() : Array(figure.svg().utf8)
    try AtomicFile.write(bytes, to: output)
  }
}
