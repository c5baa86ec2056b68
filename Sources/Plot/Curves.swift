/// A rectangle on the page, in points, y downwards.
package struct PlotRect: Sendable, Equatable {
  package var left: Double
  package var top: Double
  package var right: Double
  package var bottom: Double

  package init(left: Double, top: Double, right: Double, bottom: Double) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }

  package var width: Double { right - left }
  package var height: Double { bottom - top }

  func contains(_ point: PlotPoint) -> Bool {
    point.x >= left && point.x <= right && point.y >= top && point.y <= bottom
  }

  func nearest(to point: PlotPoint) -> PlotPoint {
    PlotPoint(min(max(point.x, left), right), min(max(point.y, top), bottom))
  }

  /// Left, right, top, bottom: the half planes that a rectangle is the overlap of, each as a signed
  /// distance, positive inside.
  fileprivate var edges: [@Sendable (PlotPoint) -> Double] {
    [
      { [left] in $0.x - left }, { [right] in right - $0.x }, { [top] in $0.y - top },
      { [bottom] in bottom - $0.y },
    ]
  }
}

/// Points prepared for drawing: cut where data is missing, thinned, clipped.
package enum Curves {
  /// The stretches of consecutive elements that are not nil.
  package static func runs<Element>(_ elements: [Element?]) -> [[Element]] {
    var runs: [[Element]] = []
    var current: [Element] = []
    for element in elements {
      if let element {
        current.append(element)
      } else if !current.isEmpty {
        runs.append(current)
        current = []
      }
    }
    if !current.isEmpty { runs.append(current) }
    return runs
  }

  /// At most four points of each half-point-wide column: the first, the lowest, the highest and the
  /// last, in their order. A curve drawn through them looks the same. Short curves come back whole.
  package static func thinned(_ points: [PlotPoint], width: Double) -> [PlotPoint] {
    guard Double(points.count) > max(width, 1) * 4 else { return points }
    var kept: [PlotPoint] = []
    var start = 0
    while start < points.count {
      let column = (points[start].x * 2).rounded(.down)
      var (end, lowest, highest) = (start, start, start)
      while end + 1 < points.count, (points[end + 1].x * 2).rounded(.down) == column {
        end += 1
        if points[end].y < points[lowest].y { lowest = end }
        if points[end].y > points[highest].y { highest = end }
      }
      for index in Set([start, lowest, highest, end]).sorted() { kept.append(points[index]) }
      start = end + 1
    }
    return kept
  }

  /// A band's upper and lower edge with one place for each column: its extremes there.
  package static func thinned(
    band: [(x: Double, upper: Double, lower: Double)], width: Double
  ) -> [(x: Double, upper: Double, lower: Double)] {
    guard Double(band.count) > max(width, 1) * 4 else { return band }
    var kept: [(x: Double, upper: Double, lower: Double)] = []
    for place in band {
      if let last = kept.last, (last.x * 2).rounded(.down) == (place.x * 2).rounded(.down) {
        kept[kept.count - 1].upper = min(last.upper, place.upper)
        kept[kept.count - 1].lower = max(last.lower, place.lower)
      } else {
        kept.append(place)
      }
    }
    return kept
  }

  /// The parts of a polyline inside `rect` (Liang and Barsky's cut of each segment).
  package static func clipped(_ points: [PlotPoint], to rect: PlotRect) -> [[PlotPoint]] {
    guard points.count > 1 else { return points.filter(rect.contains).map { [$0] } }
    var pieces: [[PlotPoint]] = []
    var current: [PlotPoint] = []
    for (from, to) in zip(points, points.dropFirst()) {
      guard let (start, end) = clip(from, to, rect) else {
        if !current.isEmpty { pieces.append(current) }
        current = []
        continue
      }
      if current.last != start {
        if !current.isEmpty { pieces.append(current) }
        current = [start]
      }
      current.append(end)
    }
    if !current.isEmpty { pieces.append(current) }
    return pieces
  }

  private static func clip(
    _ from: PlotPoint, _ to: PlotPoint, _ rect: PlotRect
  ) -> (PlotPoint, PlotPoint)? {
    var (enter, leave) = (0.0, 1.0)
    for edge in rect.edges {
      let (a, b) = (edge(from), edge(to))
      if a < 0, b < 0 { return nil }
      if a < 0 { enter = max(enter, a / (a - b)) }
      if b < 0 { leave = min(leave, a / (a - b)) }
    }
    if enter > leave { return nil }
    // Held inside: from very far away, rounding leaves a cut beside the edge that it was made at.
    return (
      enter == 0 ? from : rect.nearest(to: between(from, to, enter)),
      leave == 1 ? to : rect.nearest(to: between(from, to, leave))
    )
  }

  /// The part of a polygon inside `rect` (Sutherland and Hodgman).
  package static func clipped(polygon: [PlotPoint], to rect: PlotRect) -> [PlotPoint] {
    var points = polygon
    for edge in rect.edges {
      guard var previous = points.last else { return [] }
      var inside: [PlotPoint] = []
      for point in points {
        let (a, b) = (edge(previous), edge(point))
        if (a < 0) != (b < 0) { inside.append(between(previous, point, a / (a - b))) }
        if b >= 0 { inside.append(point) }
        previous = point
      }
      points = inside
    }
    return points
  }

  private static func between(_ a: PlotPoint, _ b: PlotPoint, _ share: Double) -> PlotPoint {
    PlotPoint(a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share)
  }
}
