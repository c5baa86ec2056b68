/// Where everything of a figure stands: title, legend, then the charts in a grid whose plots all
/// have one size, however wide the numbers beside them are.
struct FigureLayout {
  private let figure: Figure
  private let columns: Int
  private var panels: [Panel]
  private var list: DrawList

  private static let margin = 18.0
  private static let gap = 22.0
  private static let titleSize = 16.0
  private static let legendSize = 11.5
  private static let legendRow = 19.0
  private static let swatch = 24.0
  private static let legendGap = 20.0

  init(_ figure: Figure) {
    self.figure = figure
    columns = max(1, min(figure.columns, figure.charts.count))
    func side(_ length: Double, otherwise: Double) -> Double {
      length.isNaN ? otherwise : min(max(length.rounded(), 160), 4000)
    }
    list = DrawList(
      width: side(figure.width, otherwise: 720), height: side(figure.height, otherwise: 405))
    panels = []
    panels = makePanels()
  }

  mutating func draw() -> DrawList {
    list.polygon(
      PlotRect(left: 0, top: 0, right: list.width, bottom: list.height).corners, ink: .paper)
    placePanels(below: drawHeader())
    for panel in panels { panel.draw(into: &list) }
    return list
  }

  // MARK: Axes

  private func makePanels() -> [Panel] {
    let everyX = figure.charts.flatMap(Panel.xValues)
    let everyY = figure.charts.flatMap(Panel.yValues)
    let count = figure.charts.count
    return figure.charts.enumerated().map { index, chart in
      Panel(
        chart: chart,
        x: .containing(
          figure.sharedX ? everyX.filter { !chart.logX || $0 >= 1e-100 } : Panel.xValues(chart),
          fixed: chart.xRange, margin: 0.02, isLog: chart.logX),
        y: .containing(
          figure.sharedY ? everyY : Panel.yValues(chart), fixed: chart.yRange, margin: 0.05,
          mayBeWhole: false),
        // Under the last chart of its column, and beside the first of its row.
        showsX: !figure.sharedX || index + columns >= count,
        showsY: !figure.sharedY || index % columns == 0)
    }
  }

  /// Shares out the space: what stands around the plots is taken off first, row by row and column
  /// by column, and the rest is divided evenly.
  private mutating func placePanels(below top: Double) {
    guard !panels.isEmpty else { return }
    let rows = groups { $0 / columns }
    let bandHeight = list.height - top - Self.margin
    let above = rows.map { row in row.map { panels[$0].headHeight }.max() ?? 0 }
    let below = rows.map { row in row.map { panels[$0].footHeight }.max() ?? 0 }
    let plotHeight = share(of: bandHeight, without: zip(above, below).map(+))
    for index in panels.indices { panels[index].chooseYTicks(height: plotHeight) }

    let stacks = groups { $0 % columns }
    let before = stacks.map { stack in stack.map { panels[$0].sideWidth }.max() ?? 0 }
    let plotWidth = share(of: list.width - 2 * Self.margin, without: before.map { $0 + 6 })

    var y = top
    for (row, members) in rows.enumerated() {
      y += above[row]
      var x = Self.margin
      for index in members {
        let column = index % columns
        x += before[column]
        panels[index].place(
          PlotRect(left: x, top: y, right: x + plotWidth, bottom: y + plotHeight).onPixels,
          cellLeft: x - before[column], headHeight: above[row])
        x += plotWidth + 6 + Self.gap
      }
      y += plotHeight + below[row] + Self.gap
    }
  }

  /// The panels' indices by row or by column.
  private func groups(by key: (Int) -> Int) -> [[Int]] {
    Dictionary(grouping: panels.indices, by: key).sorted { $0.key < $1.key }.map(\.value)
  }

  private func share(of length: Double, without taken: [Double]) -> Double {
    let gaps = Self.gap * Double(taken.count - 1)
    return max((length - gaps - taken.reduce(0, +)) / Double(taken.count), 24).rounded(.down)
  }

  // MARK: Title and legend

  /// Draws the title and the legend; returns where they end.
  private mutating func drawHeader() -> Double {
    var y = Self.margin
    let available = list.width - 2 * Self.margin
    if !figure.title.isEmpty {
      y += Self.titleSize * StrokeFont.capHeight
      list.text(
        TextRun(
          text: Panel.fitted(figure.title, into: available, size: Self.titleSize, bold: true),
          at: PlotPoint(Self.margin, y), size: Self.titleSize, bold: true))
      y += 12
    }
    for row in legendRows() {
      for place in row { drawEntry(place.entry, x: place.x, y: y) }
      y += Self.legendRow
    }
    if y > Self.margin { y += 8 }
    return y
  }

  /// The legend in as few rows as its entries need, filled evenly column by column, so that the two
  /// curves of a model come to stand one below the other.
  func legendRows() -> [[(entry: Series, x: Double, width: Double)]] {
    let entries = legendEntries()
    let available = list.width - 2 * Self.margin
    let widths = entries.map { entry in
      min(available, Self.swatch + 7 + Panel.reserved(entry.name, size: Self.legendSize))
    }
    // Rows by the twos where entries come in pairs.
    let step = entries.count.isMultiple(of: 2) && entries.count > 2 ? 2 : 1
    for most in 1...max(1, entries.count) where most == 1 || most.isMultiple(of: step) {
      let columnCount = (entries.count + most - 1) / most
      let columns = spread(entries.count, over: columnCount, by: most == 1 ? 1 : step)
      let columnWidths = columns.map { column in column.map { widths[$0] }.max() ?? 0 }
      let total = columnWidths.reduce(0, +) + Self.legendGap * Double(max(0, columnCount - 1))
      guard total <= available || most >= entries.count else { continue }
      let height = columns.map(\.count).max() ?? 0
      var rows = [[(entry: Series, x: Double, width: Double)]](repeating: [], count: height)
      var x = Self.margin
      for (column, width) in zip(columns, columnWidths) {
        for (row, index) in column.enumerated() { rows[row].append((entries[index], x, width)) }
        x += width + Self.legendGap
      }
      return rows
    }
    return []
  }

  /// `count` entries in columns that differ by one step at most, the fuller ones first.
  private func spread(_ count: Int, over columns: Int, by step: Int) -> [Range<Int>] {
    let units = count / step
    var start = 0
    return (0..<columns).map { column in
      let size = (units / columns + (column < units % columns ? 1 : 0)) * step
      defer { start += size }
      return start..<start + size
    }
  }

  private mutating func drawEntry(_ entry: Series, x: Double, y: Double) {
    let ink = Ink.palette(entry.style.color)
    let middle = y + 7
    if entry.band != nil {
      list.polygon(
        PlotRect(left: x, top: middle - 5, right: x + Self.swatch, bottom: middle + 5).corners,
        ink: ink, opacity: Panel.bandOpacity)
    }
    list.line(
      PlotPoint(x + 1, middle), PlotPoint(x + Self.swatch - 1, middle), Panel.stroke(entry.style))
    list.text(
      TextRun(
        text: Panel.fitted(
          entry.name, into: list.width - 2 * Self.margin - Self.swatch - 7, size: Self.legendSize),
        at: PlotPoint(
          x + Self.swatch + 7, middle + Self.legendSize * StrokeFont.capHeight / 2),
        size: Self.legendSize))
  }

  /// Every name once, in order of appearance; one name in two looks stays two entries.
  private func legendEntries() -> [Series] {
    guard figure.hasLegend else { return [] }
    var entries: [Series] = []
    for series in figure.charts.flatMap(\.series) where !series.name.isEmpty {
      if !entries.contains(where: { $0.name == series.name && $0.style == series.style }) {
        entries.append(series)
      }
    }
    return entries
  }
}
