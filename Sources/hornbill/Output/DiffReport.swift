import KerasFormat
import KerasRuntime

/// What `diff` found, for people and as JSON.
struct DiffReport {
  /// Both files as they were named.
  let files: [String]
  /// Both generations; `nil` for files of weights alone.
  let generations: [Generation]?
  let stored: ModelComparison
  /// `nil` where the models did not run.
  let outputs: OutputComparison?

  var isEqual: Bool { stored.differences.isEmpty && outputs?.first == nil }

  // MARK: - For people

  var text: String {
    var lines = ["\(files[0]) and \(files[1]) \(isEqual ? "are equal" : "differ")"]
    if let generations, generations[0] != generations[1] {
      lines.append(
        "generation  Keras \(generations[0].rawValue) and \(generations[1].rawValue), "
          + "which does not count")
    }
    let contents = stored.contents
    if let first = contents.first {
      lines.append("first       \(first)")
      if contents.count > 1 { lines.append("further     \(further(contents.dropFirst()))") }
    }
    if let name = stored.numberings.first {
      let more = stored.numberings.count - 1
      lines.append(
        "names       \(name.first) and \(name.second)" + (more > 0 ? ", and \(more) more" : ""))
    }
    if let outputs {
      if let first = outputs.first {
        lines.append("output      \(first)")
        let more = outputs.differences.count - 1
        if more > 0 {
          lines.append("            and of \(more) further layer\(more == 1 ? "" : "s")")
        }
      } else {
        let rows = outputs.rows == 1 ? "1 row" : "\(outputs.rows) rows"
        lines.append("output      the same of all \(outputs.count) layers, on \(rows)")
      }
    }
    return lines.joined(separator: "\n")
  }

  /// `3: 2 weights, 1 setting`.
  private func further(_ rest: ArraySlice<ModelDifference>) -> String {
    var words: [String] = []
    var counts: [String: Int] = [:]
    for word in rest.map(\.aspect.word) {
      if counts[word] == nil { words.append(word) }
      counts[word, default: 0] += 1
    }
    let kinds = words.map { word in
      let count = counts[word] ?? 0
      return "\(count) \(word)" + (count == 1 ? "" : word.hasSuffix("s") ? "es" : "s")
    }
    return "\(rest.count): \(kinds.joined(separator: ", "))"
  }

  // MARK: - As JSON

  var json: JSON {
    var object: JSONObject = [
      "files": .array(files.map(JSON.string)), "equal": .bool(isEqual),
      "generations": generations.map { .array($0.map { .string($0.rawValue) }) } ?? .null,
      "differences": .array(stored.differences.map(Self.json)),
    ]
    object["outputs"] =
      outputs.map { outputs in
        [
          "rows": .integer(outputs.rows), "layers": .integer(outputs.count),
          "differences": .array(outputs.differences.map(Self.json)),
        ]
      } ?? .null
    return .object(object)
  }

  private static func json(_ difference: ModelDifference) -> JSON {
    var object: JSONObject = [
      "aspect": .string(difference.aspect.rawValue),
      "place": .string(difference.place.joined(separator: "/")),
      "first": .string(difference.first), "second": .string(difference.second),
    ]
    if let numbers = difference.numbers, let shape = difference.shape {
      object["shape"] = .array(shape.map(JSON.integer))
      object["count"] = .integer(numbers.count)
      object["largest"] = json(numbers.largest) { indices(of: $0, in: shape) }
    }
    return .object(object)
  }

  private static func json(_ difference: OutputComparison.Difference) -> JSON {
    var object: JSONObject = [
      "layer": .string(difference.layer), "other_layer": .string(difference.otherLayer),
      "call": .integer(difference.call), "output": .integer(difference.output),
      "shape": .array(difference.shape.map(JSON.integer)),
      "other_shape": .array(difference.otherShape.map(JSON.integer)),
    ]
    if let numbers = difference.numbers {
      let place = { (place: NumericDifference.Place) -> JSONObject in
        let axes = difference.axes(of: place)
        return [
          "row": .integer(axes.row), "step": axes.step.map(JSON.integer) ?? .null,
          "feature": axes.feature.map(JSON.integer) ?? .null,
          "index": .array(
            NumericDifference.indices(of: place.position, in: difference.shape).map(JSON.integer)),
        ]
      }
      object["count"] = .integer(numbers.count)
      object["earliest"] = json(numbers.earliest, place)
      object["largest"] = json(numbers.largest, place)
    }
    return .object(object)
  }

  private static func indices(of place: NumericDifference.Place, in shape: [Int]) -> JSONObject {
    [
      "index": .array(NumericDifference.indices(of: place.position, in: shape).map(JSON.integer))
    ]
  }

  /// JSON has neither NaN nor infinity: they are null.
  private static func json(
    _ place: NumericDifference.Place, _ position: (NumericDifference.Place) -> JSONObject
  ) -> JSON {
    func finite(_ value: Double) -> JSON { value.isFinite ? .number(value) : .null }
    var object = position(place)
    object["first"] = finite(place.first)
    object["second"] = finite(place.second)
    object["size"] = finite(place.size)
    return .object(object)
  }
}

extension ModelDifference.Aspect {
  /// What one of them is called.
  fileprivate var word: String {
    switch self {
    case .layers: "layer"
    case .className: "class"
    case .name, .numbering: "name"
    case .config: "setting"
    case .connections: "connection"
    case .weightCount, .weightShape, .weightType, .weightValues: "weight"
    case .compilation: "compile setting"
    case .optimizer: "optimizer setting"
    case .slot: "optimizer array"
    case .textPipeline: "text pipeline setting"
    }
  }
}
