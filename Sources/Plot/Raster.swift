/// A picture of pixels on which draw commands are painted with smooth edges.
///
/// Lines are painted by their distance: a pixel is covered by as much as half the width exceeds its
/// distance from the line. Areas are painted by the exact share of each pixel that they cover.
struct Raster {
  let width: Int
  let height: Int
  /// Rows of RGB, top first.
  private(set) var pixels: [UInt8]
  private let scale: Double
  private let theme: Theme
  /// How much of each pixel the shape in hand covers; all zero between shapes. A row is a pixel
  /// longer than the picture's, for what `addEdge` leaves to the right of the last.
  private var coverage: [Float]
  private var stride: Int { width + 1 }

  init(width: Int, height: Int, scale: Double, theme: Theme) {
    self.width = width
    self.height = height
    self.scale = scale
    self.theme = theme
    pixels = Array(repeating: 0, count: width * height * 3)
    coverage = Array(repeating: 0, count: (width + 1) * height)
  }

  mutating func draw(_ command: DrawCommand) {
    switch command {
    case .polyline(let points, let stroke):
      let scaled = points.map { PlotPoint($0.x * scale, $0.y * scale) }
      let dashes =
        stroke.dash.map { Self.dashes(scaled, on: $0.on * scale, off: $0.off * scale) } ?? [scaled]
      self.stroke(dashes, width: stroke.width * scale, color: theme.color(stroke.ink))
    case .polygon(let points, let ink, let opacity):
      fill(
        points.map { PlotPoint($0.x * scale, $0.y * scale) }, color: theme.color(ink),
        opacity: Float(opacity))
    case .dot(let center, let radius, let ink):
      let at = PlotPoint(center.x * scale, center.y * scale)
      self.stroke([[at]], width: 2 * radius * scale, color: theme.color(ink))
    case .text(let run):
      let outline = StrokeFont.outline(run).map { line in
        line.map { PlotPoint($0.x * scale, $0.y * scale) }
      }
      let weight = StrokeFont.weight(bold: run.bold) * run.size * scale
      if run.halo {
        self.stroke(outline, width: weight + run.size * 0.3 * scale, color: theme.color(.paper))
      }
      self.stroke(outline, width: weight, color: theme.color(run.ink))
    }
  }

  // MARK: Lines

  /// Paints lines with round ends and joins as one shape: where they meet nothing is painted twice.
  private mutating func stroke(_ lines: [[PlotPoint]], width lineWidth: Double, color: RGB) {
    // A line thinner than a pixel is painted a pixel wide and paler.
    let strength = Float(min(lineWidth, 1))
    let half = max(lineWidth, 1) / 2
    var box = PixelBox()
    for line in lines {
      guard let first = line.first else { continue }
      if line.count == 1 { cover(first, first, half: half, box: &box) }
      for (from, to) in zip(line, line.dropFirst()) { cover(from, to, half: half, box: &box) }
    }
    paint(box, color: color, opacity: strength)
  }

  private mutating func cover(
    _ from: PlotPoint, _ to: PlotPoint, half: Double, box: inout PixelBox
  ) {
    let reach = half + 0.5
    let rows = range(min(from.y, to.y) - reach, max(from.y, to.y) + reach, below: height)
    let (dx, dy) = (to.x - from.x, to.y - from.y)
    let length2 = dx * dx + dy * dy
    for row in rows {
      let y = Double(row) + 0.5
      // Only the part of the segment within reach of this row counts for its columns.
      var (left, right) = (min(from.x, to.x), max(from.x, to.x))
      if dy.magnitude > 1e-9 {
        let a = from.x + dx * min(max((y - reach - from.y) / dy, 0), 1)
        let b = from.x + dx * min(max((y + reach - from.y) / dy, 0), 1)
        (left, right) = (min(a, b), max(a, b))
      }
      let columns = range(left - reach, right + reach, below: width)
      guard !columns.isEmpty else { continue }
      box.add(row: row, columns: columns)
      for column in columns {
        let (px, py) = (Double(column) + 0.5 - from.x, y - from.y)
        let along = length2 > 0 ? min(max((px * dx + py * dy) / length2, 0), 1) : 0
        let (ex, ey) = (px - along * dx, py - along * dy)
        let share = Float(min(max(reach - (ex * ex + ey * ey).squareRoot(), 0), 1))
        let index = row * stride + column
        if share > coverage[index] { coverage[index] = share }
      }
    }
  }

  /// The dashes of a line, the first at its start.
  static func dashes(_ points: [PlotPoint], on: Double, off: Double) -> [[PlotPoint]] {
    guard var at = points.first, on > 0, off > 0 else { return [points] }
    var dashes: [[PlotPoint]] = []
    var current = [at]
    var (isOn, left) = (true, on)
    for next in points.dropFirst() {
      var rest = ((next.x - at.x) * (next.x - at.x) + (next.y - at.y) * (next.y - at.y))
        .squareRoot()
      while rest > left {
        let share = left / rest
        at = PlotPoint(at.x + (next.x - at.x) * share, at.y + (next.y - at.y) * share)
        rest -= left
        if isOn { dashes.append(current + [at]) }
        isOn.toggle()
        current = [at]
        left = isOn ? on : off
      }
      left -= rest
      at = next
      current.append(next)
    }
    if isOn { dashes.append(current) }
    return dashes
  }

  // MARK: Areas

  /// Paints a closed outline. Each edge adds the area to its right, row by row, with a sign; the
  /// running sum along a row is then the covered share (as in font-rs by Raph Levien).
  private mutating func fill(_ points: [PlotPoint], color: RGB, opacity: Float) {
    guard var previous = points.last, points.count > 2 else { return }
    let (xs, ys) = (points.map(\.x), points.map(\.y))
    guard let left = xs.min(), let right = xs.max(), let top = ys.min(), let bottom = ys.max()
    else { return }
    let rows = range(top, bottom, below: height)
    let columns = range(left, right, below: width)
    guard !rows.isEmpty, !columns.isEmpty else { return }
    for point in points {
      addEdge(previous, point)
      previous = point
    }
    var box = PixelBox()
    for row in rows {
      box.add(row: row, columns: columns)
      var sum: Float = 0
      for index in row * stride + columns.lowerBound..<row * stride + columns.upperBound {
        sum += coverage[index]
        coverage[index] = min(sum.magnitude, 1)
      }
      // What an edge at the far right left for the next pixel belongs to nobody.
      coverage[row * stride + columns.upperBound] = 0
    }
    paint(box, color: color, opacity: opacity)
  }

  private mutating func addEdge(_ from: PlotPoint, _ to: PlotPoint) {
    guard from.y != to.y else { return }
    let (upper, lower) = from.y < to.y ? (from, to) : (to, from)
    let direction: Double = from.y < to.y ? 1 : -1
    let slope = (lower.x - upper.x) / (lower.y - upper.y)
    for row in range(upper.y, lower.y, below: height) {
      let start = max(Double(row), upper.y)
      let end = min(Double(row + 1), lower.y)
      guard end > start else { continue }
      let a = clampColumn(upper.x + (start - upper.y) * slope)
      let b = clampColumn(upper.x + (end - upper.y) * slope)
      let (low, high) = (min(a, b), max(a, b))
      let area = direction * (end - start)
      let first = min(Int(low), width - 1)
      let last = min(Int(high), width - 1)
      // The share of the edge in each column, and of the column's area that lies right of it.
      for column in first...last {
        let cell = Double(column)
        let (enter, leave) = (max(low, cell), min(high, cell + 1))
        let share = high > low ? (leave - enter) / (high - low) : 1
        let covered = 1 - ((enter + leave) / 2 - cell)
        let whole = area * share
        let index = row * stride + column
        coverage[index] += Float(whole * covered)
        coverage[index + 1] += Float(whole * (1 - covered))
      }
    }
  }

  private func clampColumn(_ x: Double) -> Double { min(max(x, 0), Double(width)) }

  // MARK: Pixels

  private mutating func paint(_ box: PixelBox, color: RGB, opacity: Float) {
    let source = (Float(color.red), Float(color.green), Float(color.blue))
    for row in box.rows {
      for column in box.columns {
        let share = coverage[row * stride + column] * opacity
        coverage[row * stride + column] = 0
        if share <= 0 { continue }
        let index = row * width + column
        Self.blend(&pixels[index * 3], source.0, share)
        Self.blend(&pixels[index * 3 + 1], source.1, share)
        Self.blend(&pixels[index * 3 + 2], source.2, share)
      }
    }
  }

  private static func blend(_ byte: inout UInt8, _ source: Float, _ share: Float) {
    let below = Float(byte)
    byte = UInt8((below + (source - below) * share).rounded())
  }

  /// The pixels from `low` to `high`, of `0 ..< count`.
  private func range(_ low: Double, _ high: Double, below count: Int) -> Range<Int> {
    let start = Int(min(max(low.rounded(.down), 0), Double(count)))
    let end = Int(min(max(high.rounded(.up), 0), Double(count)))
    return start..<max(start, end)
  }
}

/// The part of a picture that a shape has touched.
private struct PixelBox {
  private(set) var rows = 0..<0
  private(set) var columns = 0..<0

  mutating func add(row: Int, columns added: Range<Int>) {
    let isEmpty = rows.isEmpty
    rows = isEmpty ? row..<row + 1 : min(rows.lowerBound, row)..<max(rows.upperBound, row + 1)
    columns =
      isEmpty
      ? added
      : min(columns.lowerBound, added.lowerBound)..<max(columns.upperBound, added.upperBound)
  }
}
