/// Where each weight of a network lies in one flat array.
public struct ParameterLayout: Sendable, Equatable {
  /// All weights, layer after layer in Keras's order.
  public let specs: [WeightSpec]
  /// The first element of each weight; weights start on 64-byte boundaries of a `Float` array.
  public let offsets: [Int]
  /// Elements in all, padding included.
  public let count: Int

  /// - Parameter specs: all weights, layer after layer in Keras's order.
  public init(_ specs: [WeightSpec]) {
    var offsets: [Int] = []
    var next = 0
    for spec in specs {
      offsets.append(next)
      next += (spec.count + 15) & ~15
    }
    self.specs = specs
    self.offsets = offsets
    count = next
  }
}

/// One number for every element of every weight: the weights themselves, their gradients, or one
/// slot of an optimizer. Padding between weights is zero.
///
/// A class, so that many networks and calls share one allocation with a stable address.
public final class Parameters<S: Scalar>: @unchecked Sendable {
  // SAFETY: the memory is written only by its single owner before it is shared (a builder, a
  // trainer between batches); who changes the weights of a network is its only user meanwhile.
  /// Where each weight lies.
  public let layout: ParameterLayout
  /// The first of ``ParameterLayout/count`` elements, on a boundary of 64 bytes.
  public let base: UnsafeMutablePointer<S>

  /// All zero.
  public init(_ layout: ParameterLayout) {
    self.layout = layout
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, layout.count) * MemoryLayout<S>.stride, alignment: 64)
    base = memory.initializeMemory(as: S.self, repeating: 0, count: max(1, layout.count))
  }

  deinit { base.deallocate() }

  /// A copy in another precision, or the same.
  public convenience init<T: Scalar>(copying other: Parameters<T>) {
    self.init(other.layout)
    for i in 0..<layout.count { base[i] = S(other.base[i]) }
  }

  /// The first element of a weight, by its place in the layout.
  public func pointer(_ index: Int) -> UnsafeMutablePointer<S> { base + layout.offsets[index] }

  /// The elements of one weight, row-major.
  public func values(_ index: Int) -> [S] {
    Array(UnsafeBufferPointer(start: pointer(index), count: layout.specs[index].count))
  }

  /// Replaces one weight's elements.
  public func set(_ index: Int, to values: some Collection<S>) {
    precondition(values.count == layout.specs[index].count, "values do not fill the weight")
    var target = pointer(index)
    for value in values {
      target.pointee = value
      target += 1
    }
  }

  /// All weights, as a graph sees them.
  public var all: Weights<S> { Weights(base: base, offsets: layout.offsets[...]) }

  /// Makes every element 0, as gradients are before a batch.
  public func setZero() { base.update(repeating: 0, count: layout.count) }
}

/// One layer's part of ``Parameters``: its weights, or their gradients, by the layer's own index.
public struct Weights<S: Scalar> {
  private let base: UnsafeMutablePointer<S>
  private let offsets: ArraySlice<Int>

  init(base: UnsafeMutablePointer<S>, offsets: ArraySlice<Int>) {
    self.base = base
    self.offsets = offsets
  }

  /// How many weights there are.
  public var count: Int { offsets.count }

  /// The first element of a weight, by the layer's own index.
  public subscript(index: Int) -> UnsafeMutablePointer<S> {
    base + offsets[offsets.startIndex + index]
  }

  /// A part of them, for a layer inside a layer.
  public subscript(range: Range<Int>) -> Weights {
    let start = offsets.startIndex
    return Weights(
      base: base, offsets: offsets[start + range.lowerBound..<start + range.upperBound])
  }
}
