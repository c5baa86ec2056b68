import KerasFormat

/// Every step `size` times: `(B, T, F) → (B, size·T, F)`.
public struct UpSampling1D: GatheringLayer {
  public static let className = "UpSampling1D"
  /// How often each step comes, 1 or more.
  public let size: Int

  /// With Keras's default, twice.
  public init(size: Int = 2) { self.size = size }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    size = try config.extent("size", default: 2)
  }

  public var config: JSONObject { ["size": .integer(size)] }

  // MARK: Shape

  func extents(for extents: [Int?]) throws(KerasError) -> [Int?] {
    try requireSequence(extents)
    return [extents[0].map { $0 * size }, extents[1]]
  }

  func sources(for extents: [Int]) -> [Int?] {
    let width = extents[1]
    return (0..<extents[0] * size).flatMap { step in
      (0..<width).map { step / size * width + $0 }
    }
  }
}
