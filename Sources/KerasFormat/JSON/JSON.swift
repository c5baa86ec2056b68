/// A JSON value as Keras's files hold it: objects keep the order of their keys, and whole numbers
/// stay apart from floating-point ones, as in Python (`1` is not `1.0`).
public enum JSON: Sendable, Equatable {
  /// Python's `None`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A whole number that fits into 64 bits.
  case integer(Int)
  /// Any other number; NaN and the infinities too, which Python writes.
  case number(Double)
  /// Text.
  case string(String)
  /// A list, in order.
  case array([JSON])
  /// Members by key, in order.
  case object(JSONObject)
}

/// The members of a JSON object, in the order in which they stand in the file.
public struct JSONObject: Sendable, Equatable {
  /// The keys in file order.
  public private(set) var keys: [String] = []
  private var values: [ExactKey: JSON] = [:]

  /// No members.
  public init() {}

  /// The value of `key`. Setting a new key appends it; setting `nil` removes the member.
  public subscript(key: String) -> JSON? {
    get { values[ExactKey(key)] }
    set {
      if let newValue {
        if values.updateValue(newValue, forKey: ExactKey(key)) == nil { keys.append(key) }
      } else if values.removeValue(forKey: ExactKey(key)) != nil {
        keys.removeAll { ExactKey($0) == ExactKey(key) }
      }
    }
  }

  /// How many members there are.
  public var count: Int { keys.count }
  /// Whether there are no members.
  public var isEmpty: Bool { keys.isEmpty }

  /// The members in file order.
  public var members: [(key: String, value: JSON)] {
    keys.map { ($0, values[ExactKey($0)] ?? .null) }
  }

  /// Gives the member `old` the name `new`, in its place. Nothing happens where `old` is not there.
  public mutating func rename(_ old: String, to new: String) {
    guard let index = keys.firstIndex(where: { ExactKey($0) == ExactKey(old) }),
      let value = values.removeValue(forKey: ExactKey(old))
    else {
      return
    }
    if values.updateValue(value, forKey: ExactKey(new)) == nil {
      keys[index] = new
    } else {
      keys.remove(at: index)
    }
  }

  /// Two objects are equal when they hold the same members; their order does not count.
  public static func == (a: JSONObject, b: JSONObject) -> Bool { a.values == b.values }
}

/// A key that is equal to another only code point by code point, as Python's strings are; Swift's
/// take "é" and "e" with a combining accent for equal, which are two words of a vocabulary.
private struct ExactKey: Hashable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (a: ExactKey, b: ExactKey) -> Bool {
    var (a, b) = (a.text, b.text)
    return a.withUTF8 { a in b.withUTF8 { b in a.elementsEqual(b) } }
  }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// Members in the order written; of equal keys the last one's value stands in the first one's
  /// place.
  public init(dictionaryLiteral elements: (String, JSON)...) {
    for (key, value) in elements { self[key] = value }
  }
}

// MARK: - Literals

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSON)...) {
    var object = JSONObject()
    for (key, value) in elements { object[key] = value }
    self = .object(object)
  }
}

// MARK: - Looking inside

extension JSON {
  /// The members, or `nil` when this is no object.
  public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
  /// The elements, or `nil` when this is no list.
  public var array: [JSON]? { if case .array(let array) = self { array } else { nil } }
  /// The text, or `nil` when this is no string.
  public var string: String? { if case .string(let string) = self { string } else { nil } }
  /// The truth value, or `nil` when this is none; a number is none.
  public var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
  /// A whole number; `2.0` counts as one, as it does where Python compares.
  public var integer: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }
  /// Any number.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
  /// Whether this is `null`.
  public var isNull: Bool { self == .null }

  /// What a message calls it: `null`, `true`, `3`, `"text"`, `a list`, `an object`.
  public var kind: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "\"\(value.prefix(60))\""
    case .array: "a list"
    case .object: "an object"
    }
  }
}
