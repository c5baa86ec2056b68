import KerasFormat

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
      next += Self.room(for: spec)
    }
    self.specs = specs
    self.offsets = offsets
    count = next
  }

  /// Elements that a weight takes, up to the next boundary.
  fileprivate static func room(for spec: WeightSpec) -> Int { (spec.count + 15) & ~15 }
}

/// One number for every element of every weight: the weights themselves, their gradients, or one
/// slot of an optimizer.
///
/// A class, so that many networks and calls share the memory at stable addresses.
public final class Parameters<S: Scalar>: @unchecked Sendable {
  // SAFETY: the memory is written only by its single owner before it is shared (a builder, a
  // trainer between batches); who changes the weights of a network is its only user meanwhile. Lent
  // arrays are never written.
  /// Where each weight lies.
  public let layout: ParameterLayout
  /// The first element of each weight.
  private let starts: [UnsafeMutablePointer<S>]
  /// All elements but those of lent arrays, as the layout has them; padding between weights is zero.
  private let block: UnsafeMutablePointer<S>
  /// Arrays that hold a weight themselves, by its place; they are others' too, and only read.
  private let lent: [Int: NumericArray]

  /// All zero.
  public convenience init(_ layout: ParameterLayout) { self.init(layout, lent: []) }

  private init(_ layout: ParameterLayout, lent: [(index: Int, array: NumericArray)]) {
    self.layout = layout
    self.lent = Dictionary(uniqueKeysWithValues: lent.map { ($0.index, $0.array) })
    var count = 0
    var offsets: [Int] = []
    for (index, spec) in layout.specs.enumerated() {
      offsets.append(count)
      if self.lent[index] == nil { count += ParameterLayout.room(for: spec) }
    }
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, count) * MemoryLayout<S>.stride, alignment: 64)
    let block = memory.initializeMemory(as: S.self, repeating: 0, count: max(1, count))
    self.block = block
    var starts = offsets.map { block + $0 }
    for (index, array) in lent {
      guard case .float32(let values) = array.elements else { continue }
      values.withUnsafeBufferPointer { values in
        guard let start = values.baseAddress else { return }
        // SAFETY: an array's elements stay in their place as long as somebody holds it and nobody
        // changes it; `lent` holds it, and lent weights are only read.
        starts[index] = UnsafeMutableRawPointer(mutating: start).assumingMemoryBound(to: S.self)
      }
    }
    self.starts = starts
  }

  deinit { block.deallocate() }

  /// A copy in another precision, or the same.
  public convenience init<T: Scalar>(copying other: Parameters<T>) {
    self.init(other.layout)
    for (index, spec) in layout.specs.enumerated() {
      let (source, target) = (other.pointer(index), pointer(index))
      if let source = source as? UnsafeMutablePointer<S> {
        target.update(from: source, count: spec.count)
      } else {
        for i in 0..<spec.count { target[i] = S(source[i]) }
      }
    }
  }

  /// The first element of a weight, by its place in the layout; to be read only where ``set(_:to:)``
  /// may not change it.
  public func pointer(_ index: Int) -> UnsafeMutablePointer<S> { starts[index] }

  /// The elements of one weight, row-major.
  public func values(_ index: Int) -> [S] {
    Array(UnsafeBufferPointer(start: pointer(index), count: layout.specs[index].count))
  }

  /// Replaces one weight's elements.
  ///
  /// - Precondition: they are as many, and the weight is not one that a file's array holds; a copy,
  ///   ``init(copying:)``, has none of these.
  public func set(_ index: Int, to values: some Collection<S>) {
    checkOwn(index)
    precondition(values.count == layout.specs[index].count, "values do not fill the weight")
    var target = pointer(index)
    for value in values {
      target.pointee = value
      target += 1
    }
  }

  /// Takes all elements of others of the same layout.
  package func update(from other: Parameters) {
    for (index, spec) in layout.specs.enumerated() {
      checkOwn(index)
      pointer(index).update(from: other.pointer(index), count: spec.count)
    }
  }

  /// Makes every element the same.
  package func update(repeating value: S) {
    for (index, spec) in layout.specs.enumerated() {
      checkOwn(index)
      pointer(index).update(repeating: value, count: spec.count)
    }
  }

  /// All weights, as a graph sees them.
  public var all: Weights<S> { Weights(starts[...]) }

  private func checkOwn(_ index: Int) {
    precondition(lent[index] == nil, "an array that others hold too is not written")
  }
}

extension Parameters<Float> {
  /// The weights of these arrays, one for each of the layout's: large ones stay where they are, so
  /// that a model takes the memory of its weights once. They must then only be read.
  ///
  /// - Precondition: each array has as many elements as its weight.
  convenience init(_ layout: ParameterLayout, reading arrays: [NumericArray]) {
    let lent = arrays.enumerated().filter { _, array in
      array.elements.type == .float32 && array.count >= Self.smallestLent
    }
    self.init(layout, lent: lent.map { (index: $0.offset, array: $0.element) })
    for (index, array) in arrays.enumerated() where self.lent[index] == nil {
      set(index, to: array.floats())
    }
  }

  /// Elements of the smallest array that is not copied: a quarter of a MiB. What is smaller is read
  /// again and again, and lies better on the boundaries of cache lines.
  private static var smallestLent: Int { 1 << 16 }

  /// All elements, each weight where the layout has it, with zeros between them.
  package var flat: [Float] {
    var flat = [Float](repeating: 0, count: layout.count)
    flat.withUnsafeMutableBufferPointer { flat in
      for (index, spec) in layout.specs.enumerated() {
        guard let start = flat.baseAddress else { return }
        (start + layout.offsets[index]).update(from: pointer(index), count: spec.count)
      }
    }
    return flat
  }

  /// - Parameter what: what an error calls them.
  /// - Throws: ``KerasError/Code/weightMismatch`` where they are not as many as ``flat`` has.
  package func setFlat(_ values: [Float], _ what: String) throws(KerasError) {
    guard values.count == layout.count else {
      throw KerasError(
        .weightMismatch, "\(values.count) numbers but the model has room for \(layout.count)",
        at: .init(path: [what]))
    }
    for (index, spec) in layout.specs.enumerated() {
      set(index, to: values[layout.offsets[index]..<layout.offsets[index] + spec.count])
    }
  }
}

/// One layer's part of ``Parameters``: its weights, or their gradients, by the layer's own index.
public struct Weights<S: Scalar> {
  private let starts: ArraySlice<UnsafeMutablePointer<S>>

  init(_ starts: ArraySlice<UnsafeMutablePointer<S>>) { self.starts = starts }

  /// How many weights there are.
  public var count: Int { starts.count }

  /// The first element of a weight, by the layer's own index.
  public subscript(index: Int) -> UnsafeMutablePointer<S> { starts[starts.startIndex + index] }

  /// A part of them, for a layer inside a layer.
  public subscript(range: Range<Int>) -> Weights {
    let start = starts.startIndex
    return Weights(starts[start + range.lowerBound..<start + range.upperBound])
  }
}
