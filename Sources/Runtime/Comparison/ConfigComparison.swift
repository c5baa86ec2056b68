import KerasFormat

/// Two JSON values compared member by member, as Python would: `1` is `1.0`, and a key that is not
/// there is one that is null. Rates that one Keras rounded to float32 are equal to the others.
struct ConfigComparison {
  private let aspect: ModelDifference.Aspect
  private(set) var differences: [ModelDifference] = []
  /// Names inside that differ in their number alone: `forward_gru` and `forward_gru_1`.
  private var renamed: [String: String] = [:]

  init(_ first: JSON, _ second: JSON, at place: [String], aspect: ModelDifference.Aspect) {
    self.aspect = aspect
    collectNames(first, second)
    compare(first, second, at: place)
  }

  private mutating func collectNames(_ first: JSON, _ second: JSON) {
    if let a = first.object, let b = second.object {
      for (key, value) in a.members {
        guard let other = b[key] else { continue }
        if key == "name", let name = value.string, let otherName = other.string,
          name != otherName, LayerNames.base(name) == LayerNames.base(otherName)
        {
          renamed[name] = otherName
        }
        collectNames(value, other)
      }
    } else if let a = first.array, let b = second.array {
      for (value, other) in zip(a, b) { collectNames(value, other) }
    }
  }

  private mutating func compare(_ first: JSON, _ second: JSON, at place: [String]) {
    if let a = first.object, let b = second.object {
      for key in a.keys + b.keys.filter({ a[$0] == nil }) {
        compare(a[key] ?? .null, b[key] ?? .null, at: place + [key])
      }
    } else if let a = first.array, let b = second.array, a.count == b.count {
      for (index, (value, other)) in zip(a, b).enumerated() {
        // A list of numbers is one value: a shape, a pair of strides.
        if value.object == nil && value.array == nil {
          if !isEqual(value, other) { return add(first, second, at: place) }
        } else {
          compare(value, other, at: place + ["\(index)"])
        }
      }
    } else if !isEqual(first, second) {
      if let name = first.string, let other = second.string, renamed[name] == other {
        guard place.last == "name" else { return }
        differences.append(ModelDifference(.numbering, at: place, name, other))
      } else {
        add(first, second, at: place)
      }
    }
  }

  private mutating func add(_ first: JSON, _ second: JSON, at place: [String]) {
    differences.append(ModelDifference(aspect, at: place, Self.text(first), Self.text(second)))
  }

  private func isEqual(_ first: JSON, _ second: JSON) -> Bool {
    if first == second { return true }
    guard let a = first.number, let b = second.number else { return false }
    return a == b || Float(a) == Float(b)
  }

  /// A value as Python prints it, cut where it is long.
  private static func text(_ value: JSON) -> String {
    let text = value.pythonText()
    return text.count <= 80 ? text : "\(text.prefix(77))..."
  }
}
