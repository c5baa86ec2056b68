import KerasFormat

/// Without the first and last steps: `(B, T, F) → (B, T - left - right, F)`.
public struct Cropping1D: GatheringLayer {
  public static let className = "Cropping1D"
  /// Steps taken off in front.
  public let left: Int
  /// Steps taken off behind.
  public let right: Int

  /// With Keras's default, one step at either end.
  public init(left: Int = 1, right: Int = 1) {
    self.left = left
    self.right = right
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    (left, right) = try config.extentPair("cropping", default: 1)
  }

  public var config: JSONObject { ["cropping": [.integer(left), .integer(right)]] }

  // MARK: Shape

  func extents(for extents: [Int?]) throws(KerasError) -> [Int?] {
    try requireSequence(extents)
    if let steps = extents[0], steps <= left + right {
      throw KerasError(
        .shapeMismatch, "\(steps) steps but \(left + right) are cropped, so that none is left")
    }
    return [extents[0].map { $0 - left - right }, extents[1]]
  }

  func sources(for extents: [Int]) -> [Int?] {
    let width = extents[1]
    return (left * width..<(extents[0] - right) * width).map { $0 }
  }
}
