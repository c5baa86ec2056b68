import KerasFormat

extension JSON {
  /// The same with null for numbers that are not finite: JSON has no word for them.
  var finite: JSON {
    switch self {
    case .number(let value) where !value.isFinite: return .null
    case .array(let values): return .array(values.map(\.finite))
    case .object(let object):
      return .object(
        object.members.reduce(into: JSONObject()) { $0[$1.key] = $1.value.finite })
    default: return self
    }
  }

  /// The same with NaN for null in lists, where ``finite`` put it.
  var nullAsNaN: JSON {
    switch self {
    case .array(let values): .array(values.map { $0.isNull ? .number(.nan) : $0 })
    case .object(let object):
      .object(object.members.reduce(into: JSONObject()) { $0[$1.key] = $1.value.nullAsNaN })
    default: self
    }
  }

  /// A seed, which may be larger than any `Int`.
  init(seed: UInt64) { self = Int(exactly: seed).map(JSON.integer) ?? .number(Double(seed)) }
}
