import KerasFormat
import KerasRuntime

extension NumericArray {
  /// Shape, type, extremes and mean, for people.
  var facts: String {
    let statistics = Statistics(self)
    return "\(shape.tuple) \(elements.type.rawValue)  min \(Numbers.log(statistics.minimum))"
      + "  max \(Numbers.log(statistics.maximum))  mean \(Numbers.log(statistics.mean))"
  }

  /// The same as JSON, which has neither NaN nor infinity: they are null.
  func factsJSON(name: String) -> JSON {
    let statistics = Statistics(self)
    func finite(_ value: Double) -> JSON { value.isFinite ? .number(value) : .null }
    return [
      "name": .string(name), "shape": .array(shape.map(JSON.integer)),
      "dtype": .string(elements.type.rawValue), "min": finite(statistics.minimum),
      "max": finite(statistics.maximum), "mean": finite(statistics.mean),
    ]
  }
}

/// The extremes and the mean of an array; NaN where it has a NaN or nothing.
private struct Statistics {
  var minimum = Double.infinity
  var maximum = -Double.infinity
  var mean = 0.0

  init(_ array: NumericArray) {
    var sum = 0.0
    for value in array.doubles() {
      minimum = value < minimum || value.isNaN ? value : minimum
      maximum = value > maximum || value.isNaN ? value : maximum
      sum += value
    }
    mean = sum / Double(array.count)
    if array.count == 0 { (minimum, maximum) = (.nan, .nan) }
  }
}

/// What `inspect` shows of a file that holds weights alone.
struct BareWeightsReport {
  let weights: [WeightRecord]
  let file: String

  var text: String {
    let width = weights.map(\.name.count).max() ?? 0
    let lines = weights.map { weight in
      let space = String(repeating: " ", count: width - weight.name.count)
      return "\(weight.name)\(space)  \(weight.array.facts)"
    }
    return (["file        \(file)", "weights     alone, without a model's definition", ""] + lines)
      .joined(separator: "\n")
  }

  var json: JSON {
    [
      "file": .string(file),
      "weights": .array(weights.map { $0.array.factsJSON(name: $0.name) }),
    ]
  }
}
