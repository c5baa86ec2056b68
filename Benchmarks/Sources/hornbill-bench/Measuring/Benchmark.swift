import KerasFormat

/// A piece of work with a name, run again and again.
struct Benchmark {
  /// `kernel/product/128x32·32x96`
  let name: String
  /// What one run does: how many times the thing that the figure is about.
  var items = 1.0
  /// The thing: `call`, `epoch`, `review`, `float`.
  var unit = "call"
  /// Multiply-adds of one item, each counted as two operations; `nil` where that says nothing.
  var operations: Double?
  /// The seconds of each repetition, a whole run each.
  let measure: (Effort) throws -> [Double]

  /// Work that times itself.
  init(
    _ name: String, items: Double = 1, unit: String = "call", operations: Double? = nil,
    measure: @escaping (Effort) throws -> [Double]
  ) {
    self.name = name
    self.items = items
    self.unit = unit
    self.operations = operations
    self.measure = measure
  }

  /// - Parameter prepare: does what must not be timed and returns what must.
  init(
    _ name: String, items: Double = 1, unit: String = "call", operations: Double? = nil,
    prepare: @escaping () throws -> () throws -> Void
  ) {
    self.init(name, items: items, unit: unit, operations: operations) { effort in
      let body = try prepare()
      // The first run warms caches and memory; the second says how long a run is.
      try body()
      let once = try Stopwatch.seconds(body)
      let inside = max(1, Int((effort.shortest / max(once, 1e-9)).rounded(.up)))
      return try (0..<effort.repetitions).map { _ in
        try Stopwatch.seconds { for _ in 0..<inside { try body() } } / Double(inside)
      }
    }
  }
}

/// How long to measure.
struct Effort {
  var repetitions: Int
  /// The least seconds of a repetition: shorter work is repeated inside it, so that reading the
  /// clock does not count.
  var shortest: Double
  var threads: Int
}

/// What came out.
struct Outcome {
  let benchmark: Benchmark
  /// Seconds an item.
  let spread: Spread

  init(_ benchmark: Benchmark, _ effort: Effort) throws {
    self.benchmark = benchmark
    spread = Spread(try benchmark.measure(effort).map { $0 / benchmark.items })
  }

  /// Operations a second.
  var rate: Double? { benchmark.operations.map { $0 / spread.median } }

  func json(peak: Double) -> JSON {
    var object: JSONObject = [
      "name": .string(benchmark.name), "unit": .string(benchmark.unit), "seconds": spread.json,
    ]
    if let rate {
      object["gflops"] = .number(rate / 1e9)
      object["share_of_peak"] = .number(rate / peak)
    }
    return .object(object)
  }

  func line(peak: Double) -> String {
    let spreadText =
      "\(Figures.time(spread.lowerQuartile))…\(Figures.time(spread.upperQuartile))"
    var text =
      Figures.padded(benchmark.name, 44)
      + Figures.padded("\(Figures.time(spread.median)) / \(benchmark.unit)", 24)
      + Figures.padded(spreadText, 24)
    if let rate {
      text +=
        "\(Figures.significant(rate / 1e9)) GFLOP/s, "
        + "\(Int((rate / peak * 100).rounded())) % of peak"
    } else if benchmark.unit != "call" && benchmark.unit != "epoch" {
      text += "\(Figures.significant(1 / spread.median)) \(benchmark.unit)s/s"
    }
    return text
  }
}

/// Numbers as people read them.
enum Figures {
  /// `1.23 ms`
  static func time(_ seconds: Double) -> String {
    for (unit, size) in [("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)] where seconds >= size {
      return "\(significant(seconds / size)) \(unit)"
    }
    return "\(significant(seconds / 1e-9)) ns"
  }

  /// Three digits.
  static func significant(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    let magnitude = value.magnitude
    let places = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3
    let scale = [1.0, 10, 100, 1000][places]
    let rounded = (value * scale).rounded() / scale
    return places == 0 ? "\(Int(rounded))" : "\(rounded)"
  }

  static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }
}
