import KerasFormat

/// Zeros before the first and after the last step: `(B, T, F) → (B, left + T + right, F)`.
public struct ZeroPadding1D: GatheringLayer {
  public static let className = "ZeroPadding1D"
  /// Steps put in front.
  public let left: Int
  /// Steps put behind.
  public let right: Int

  /// With Keras's default, one step at either end.
  public init(left: Int = 1, right: Int = 1) {
    self.left = left
    self.right = right
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    (left, right) = try config.extentPair("padding", default: 1)
    guard try !config.channelsFirst() else {
      throw config.error("data_format", "channels_first, which is not supported here")
    }
  }

  public var config: JSONObject {
    ["padding": [.integer(left), .integer(right)], "data_format": "channels_last"]
  }

  // MARK: Shape

  func extents(for extents: [Int?]) throws(KerasError) -> [Int?] {
    try requireSequence(extents)
    return [extents[0].map { left + $0 + right }, extents[1]]
  }

  func sources(for extents: [Int]) -> [Int?] {
    let width = extents[1]
    let nothing = { (steps: Int) in [Int?](repeating: nil, count: steps * width) }
    return nothing(left) + (0..<extents[0] * width).map { $0 } + nothing(right)
  }
}
