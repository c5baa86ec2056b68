/// An ordered dictionary from words to whole numbers, as Python's: words are told apart code point
/// by code point, where Swift's `String` takes canonically equivalent ones (é, e + ◌́) for equal.
///
/// The words lie as UTF-8 in one array, found through open addressing, so that a word inside a
/// longer text is looked up without making a `String` of it. Two tables are equal when they hold
/// the same words with the same values, in whatever order.
public struct WordTable: Sendable {
  /// All words, one behind the other.
  private var bytes: [UInt8] = []
  /// Where each word ends in `bytes`, in order of insertion.
  private var ends: [Int] = []
  /// Each word's value, in order of insertion.
  public private(set) var values: [Int] = []
  /// Positions + 1 by hash; 0 is free. A power of two long, at most half full.
  private var slots: [Int32] = [Int32](repeating: 0, count: 16)

  public init() {}

  public var count: Int { ends.count }
  public var isEmpty: Bool { ends.isEmpty }

  /// The word at a position in order of insertion.
  public func word(at position: Int) -> String {
    String(decoding: bytes[range(position)], as: UTF8.self)
  }

  /// The words in order of insertion.
  public var words: [String] { (0..<count).map { word(at: $0) } }

  /// The value of a word, or `nil` where it is not in the table.
  public subscript(word: String) -> Int? {
    get {
      var word = word
      return word.withUTF8 { position(of: $0).map { values[$0] } }
    }
  }

  /// Sets the value of a word; a new one is appended.
  public mutating func set(_ word: String, to value: Int) {
    var word = word
    word.withUTF8 { set($0, to: value) }
  }

  // MARK: - By bytes

  /// Where a word stands, or `nil` where it does not.
  func position(of word: UnsafeBufferPointer<UInt8>) -> Int? {
    var slot = hash(word) & (slots.count - 1)
    while slots[slot] != 0 {
      let position = Int(slots[slot]) - 1
      if matches(position, word) { return position }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// The value of a word, or `nil`.
  func value(of word: UnsafeBufferPointer<UInt8>) -> Int? { position(of: word).map { values[$0] } }

  /// Sets the value of a word; a new one is appended.
  mutating func set(_ word: UnsafeBufferPointer<UInt8>, to value: Int) {
    values[insert(word)] = value
  }

  /// Adds to the value of a word, which starts at 0.
  mutating func add(_ amount: Int, to word: UnsafeBufferPointer<UInt8>) {
    values[insert(word)] += amount
  }

  /// The position of a word, appended with the value 0 where it is new.
  mutating func insert(_ word: UnsafeBufferPointer<UInt8>) -> Int {
    if let position = position(of: word) { return position }
    if (count + 1) * 2 > slots.count { grow() }
    bytes.append(contentsOf: word)
    ends.append(bytes.count)
    values.append(0)
    occupy(hash(word), count)
    return count - 1
  }

  mutating func setValue(_ value: Int, at position: Int) { values[position] = value }

  private func range(_ position: Int) -> Range<Int> {
    (position == 0 ? 0 : ends[position - 1])..<ends[position]
  }

  private func matches(_ position: Int, _ word: UnsafeBufferPointer<UInt8>) -> Bool {
    let range = range(position)
    guard range.count == word.count else { return false }
    for i in 0..<word.count where bytes[range.lowerBound + i] != word[i] { return false }
    return true
  }

  /// Swift's own hash, seeded anew in every process: a vocabulary cannot be made to collide.
  private func hash(_ word: UnsafeBufferPointer<UInt8>) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(word))
    return hasher.finalize()
  }

  private mutating func occupy(_ hash: Int, _ entry: Int) {
    var slot = hash & (slots.count - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = Int32(truncatingIfNeeded: entry)
  }

  private mutating func grow() {
    slots = [Int32](repeating: 0, count: slots.count * 2)
    for position in 0..<count {
      let hash = bytes[range(position)].withUnsafeBufferPointer { self.hash($0) }
      occupy(hash, position + 1)
    }
  }
}

extension WordTable: Equatable {
  public static func == (a: WordTable, b: WordTable) -> Bool {
    guard a.count == b.count else { return false }
    return (0..<a.count).allSatisfy { position in
      a.bytes[a.range(position)].withUnsafeBufferPointer { b.value(of: $0) } == a.values[position]
    }
  }
}

extension WordTable: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, Int)...) {
    self.init()
    for (word, value) in elements { set(word, to: value) }
  }
}
