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
  /// Each word's hash, in order of insertion.
  private var hashes: [UInt32] = []
  /// Positions + 1 by hash; 0 is free. A power of two long, at most half full.
  private var slots: [Int32] = [Int32](repeating: 0, count: 16)

  /// No words.
  public init() {}

  /// How many words there are.
  public var count: Int { ends.count }
  /// Whether there are no words.
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
    position(of: word, WordHash.of(word))
  }

  private func position(of word: UnsafeBufferPointer<UInt8>, _ hash: UInt32) -> Int? {
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let position = Int(slots[slot]) - 1
      if hashes[position] == hash, matches(position, word) { return position }
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
    let hash = WordHash.of(word)
    if let position = position(of: word, hash) { return position }
    if (count + 1) * 2 > slots.count { grow() }
    bytes.append(contentsOf: word)
    ends.append(bytes.count)
    values.append(0)
    hashes.append(hash)
    occupy(hash, count)
    return count - 1
  }

  mutating func setValue(_ value: Int, at position: Int) { values[position] = value }

  private func range(_ position: Int) -> Range<Int> {
    (position == 0 ? 0 : ends[position - 1])..<ends[position]
  }

  private func matches(_ position: Int, _ word: UnsafeBufferPointer<UInt8>) -> Bool {
    let range = range(position)
    guard range.count == word.count else { return false }
    return bytes.withUnsafeBufferPointer { bytes in
      for i in 0..<word.count where bytes[range.lowerBound + i] != word[i] { return false }
      return true
    }
  }

  private mutating func occupy(_ hash: UInt32, _ entry: Int) {
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = Int32(truncatingIfNeeded: entry)
  }

  private mutating func grow() {
    slots = [Int32](repeating: 0, count: slots.count * 2)
    for position in 0..<count { occupy(hashes[position], position + 1) }
  }
}

/// The hash of a word's bytes, eight at a time by a multiplication to 128 bits whose halves are
/// folded, as in wyhash. Keyed anew in every process: a vocabulary cannot be made to collide.
private enum WordHash {
  private static let key: (UInt64, UInt64) = (
    UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max) | 1
  )

  static func of(_ word: UnsafeBufferPointer<UInt8>) -> UInt32 {
    let (start, factor) = key
    let bytes = UnsafeRawBufferPointer(word)
    var hash = start ^ UInt64(truncatingIfNeeded: word.count)
    var offset = 0
    while offset + 8 <= bytes.count {
      hash = mixed(hash ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self), factor)
      offset += 8
    }
    var rest: UInt64 = 0
    while offset < bytes.count {
      rest = rest << 8 | UInt64(bytes[offset])
      offset += 1
    }
    hash = mixed(hash ^ rest, factor)
    return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
  }

  private static func mixed(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (high, low) = a.multipliedFullWidth(by: b)
    return high ^ low
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
