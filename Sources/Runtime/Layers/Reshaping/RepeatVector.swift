import KerasFormat

/// The same vector `n` times: `(B, F) → (B, n, F)`.
public struct RepeatVector: GatheringLayer {
  public static let className = "RepeatVector"
  /// The steps of the output, 1 or more.
  public let n: Int

  /// - Parameter n: the steps of the output, 1 or more.
  public init(_ n: Int) { self.n = n }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    n = try config.positiveInteger("n")
  }

  public var config: JSONObject { ["n": .integer(n)] }

  // MARK: Shape

  func extents(for extents: [Int?]) throws(KerasError) -> [Int?] {
    guard extents.count == 1 else {
      throw KerasError(
        .shapeMismatch, "input \(Shape(extents)) but RepeatVector needs (batch, features)")
    }
    return [n, extents[0]]
  }

  func sources(for extents: [Int]) -> [Int?] {
    (0..<n).flatMap { _ in (0..<extents[0]).map { $0 } }
  }
}
