/// The picture as commands, in points with y downwards: what both the SVG writer and the rasterizer
/// draw, in this order.
package struct DrawList: Sendable, Equatable {
  package var width: Double
  package var height: Double
  package var commands: [DrawCommand] = []

  mutating func line(_ from: PlotPoint, _ to: PlotPoint, _ stroke: Stroke) {
    commands.append(.polyline([from, to], stroke))
  }

  mutating func polyline(_ points: [PlotPoint], _ stroke: Stroke) {
    commands.append(.polyline(points, stroke))
  }

  mutating func polygon(_ points: [PlotPoint], ink: Ink, opacity: Double = 1) {
    commands.append(.polygon(points, ink, opacity: opacity))
  }

  mutating func dot(_ center: PlotPoint, radius: Double, ink: Ink) {
    commands.append(.dot(center, radius: radius, ink))
  }

  mutating func text(_ run: TextRun) {
    if !run.text.isEmpty { commands.append(.text(run)) }
  }
}

package enum DrawCommand: Sendable, Equatable {
  case polyline([PlotPoint], Stroke)
  /// A closed, filled outline.
  case polygon([PlotPoint], Ink, opacity: Double)
  case dot(PlotPoint, radius: Double, Ink)
  case text(TextRun)
}

/// A line's look. Ends and joins are round.
package struct Stroke: Sendable, Equatable {
  package var ink: Ink
  package var width: Double
  /// Lengths of dash and gap along the middle of the line; nil for a solid line. The round ends
  /// lengthen each dash by the width.
  package var dash: Dash?
  /// What the line shows, said by an SVG reader; empty for lines of the axes.
  package var name = ""

  package struct Dash: Sendable, Equatable {
    package var on: Double
    package var off: Double
  }
}

/// One line of text on its baseline.
package struct TextRun: Sendable, Equatable {
  package enum Anchor: Sendable { case start, middle, end }

  package var text: String
  package var at: PlotPoint
  package var size: Double
  package var ink: Ink = .text
  package var bold = false
  package var anchor: Anchor = .start
  /// Turned a quarter to the left, so that it reads upwards.
  package var upwards = false
  /// Outlined in the paper's color, to stay readable over lines.
  package var halo = false
}
