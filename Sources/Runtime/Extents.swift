import KerasFormat

/// The extents of a tensor's axes, the batch first: a short array that asks for no memory, since every
/// signal between two layers has one.
///
/// It holds at most ``mostAxes``, of at most ``largest``; a network whose layers would make more is
/// refused when it is built.
public struct Extents: Sendable, BitwiseCopyable {
  /// The most axes a tensor may have, that of the batch among them.
  public static let mostAxes = 8

  /// The most that an extent may be.
  public static let largest = Int(Int32.max)

  private typealias Value = Int32
  private var values: (Value, Value, Value, Value, Value, Value, Value, Value) = (
    0, 0, 0, 0, 0, 0, 0, 0
  )
  private var axes: Value = 0

  /// How many there are.
  public var count: Int { Int(axes) }

  /// None, not even the batch's.
  public init() {}

  /// Those of rows of numbers: how many, and how long.
  public init(_ batch: Int, _ width: Int) {
    append(batch)
    append(width)
  }

  /// Adds one behind the others.
  ///
  /// - Precondition: there are fewer than ``mostAxes``.
  public mutating func append(_ extent: Int) {
    precondition(count < Self.mostAxes, "a tensor has at most \(Self.mostAxes) axes")
    axes += 1
    self[count - 1] = extent
  }

  /// The same with one axis more, the last.
  public func appending(_ extent: Int) -> Extents {
    var extents = self
    extents.append(extent)
    return extents
  }

  /// The same with another last axis.
  public func replacingLast(with extent: Int) -> Extents {
    var extents = self
    extents[count - 1] = extent
    return extents
  }

  /// How many numbers a tensor of these extents holds.
  public var product: Int { reduce(1, *) }
}

extension Extents: RandomAccessCollection, MutableCollection, RangeReplaceableCollection,
  ExpressibleByArrayLiteral
{
  public init(arrayLiteral elements: Int...) { self.init(elements) }

  public mutating func replaceSubrange(_ range: Range<Int>, with new: some Collection<Int>) {
    let (before, after) = (self[..<range.lowerBound], self[range.upperBound...])
    var extents = Extents()
    for part in before { extents.append(part) }
    for part in new { extents.append(part) }
    for part in after { extents.append(part) }
    self = extents
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  public subscript(axis: Int) -> Int {
    @inline(__always) get {
      precondition(axis < count, "no axis \(axis) among \(count)")
      return withUnsafeBytes(of: values) { values in
        Int(values.load(fromByteOffset: axis * MemoryLayout<Value>.stride, as: Value.self))
      }
    }
    @inline(__always) set {
      precondition(axis < count, "no axis \(axis) among \(count)")
      let value = Value(newValue)
      withUnsafeMutableBytes(of: &values) { values in
        values.storeBytes(
          of: value, toByteOffset: axis * MemoryLayout<Value>.stride, as: Value.self)
      }
    }
  }
}

extension Extents: Hashable {
  public static func == (a: Extents, b: Extents) -> Bool { a.elementsEqual(b) }

  public func hash(into hasher: inout Hasher) {
    for extent in self { hasher.combine(extent) }
  }
}

extension Extents {
  /// Refuses what a layer would put out where no tensor can have that shape.
  static func check(_ shape: Shape) throws(KerasError) {
    guard shape.rank < mostAxes else {
      throw KerasError(
        .unsupportedConfiguration,
        "an output with \(shape.rank + 1) axes but at most \(mostAxes) are computed")
    }
    if let extent = shape.extents.compactMap({ $0 }).first(where: { $0 > largest }) {
      throw KerasError(
        .unsupportedConfiguration,
        "an output with an extent of \(extent) but it may be at most \(largest)")
    }
  }
}
