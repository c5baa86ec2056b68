import KerasFormat

/// The axes after the batch in another order: with `dims` (2, 1), `(B, T, F) → (B, F, T)`.
public struct Permute: GatheringLayer {
  public static let className = "Permute"
  /// For each output axis the input axis, counted from 1 as Keras does.
  public let dims: [Int]

  /// - Parameter dims: every number from 1 to the input's rank, once.
  public init(dims: [Int]) { self.dims = dims }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    guard let value = config.value("dims"), let list = value.array else {
      throw config.error("dims", "missing, but this layer needs a list of axes")
    }
    let dims = list.compactMap(\.integer)
    guard dims.count == list.count, dims.sorted() == Array(1...max(1, dims.count)) else {
      throw config.error("dims", "\(value.pythonText()) but every axis from 1 on belongs here once")
    }
    self.dims = dims
  }

  public var config: JSONObject { ["dims": .array(dims.map(JSON.integer))] }

  // MARK: Shape

  func extents(for extents: [Int?]) throws(KerasError) -> [Int?] {
    guard extents.count == dims.count else {
      throw KerasError(
        .shapeMismatch, "input \(Shape(extents)) but dims name \(dims.count) axes after the batch")
    }
    return dims.map { extents[$0 - 1] }
  }

  func sources(for extents: [Int]) -> [Int?] {
    var strides = [Int](repeating: 1, count: extents.count)
    for axis in extents.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * extents[axis + 1]
    }
    var sources: [Int] = [0]
    for axis in dims.map({ $0 - 1 }) {
      sources = sources.flatMap { start in
        (0..<extents[axis]).map { start + $0 * strides[axis] }
      }
    }
    return sources
  }
}
