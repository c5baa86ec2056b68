import KerasFormat

/// The numbers that a Constant initializer was given as an array.
public struct ConstantArray: Sendable, Equatable {
  /// Row-major.
  public let numbers: [Float]
  /// Its extents.
  public let shape: [Int]

  /// From lists in lists; `nil` where they are of different lengths, or hold anything but numbers.
  init?(_ list: JSON) {
    var (numbers, shape): ([Float], [Int]) = ([], [])
    func collect(_ value: JSON, depth: Int) -> Bool {
      guard let list = value.array else {
        guard depth == shape.count, let number = value.number else { return false }
        numbers.append(Float(number))
        return true
      }
      if depth == shape.count {
        guard numbers.isEmpty else { return false }
        shape.append(list.count)
      }
      return list.count == shape[depth] && list.allSatisfy { collect($0, depth: depth + 1) }
    }
    guard collect(list, depth: 0), numbers.count == shape.reduce(1, *) else { return nil }
    (self.numbers, self.shape) = (numbers, shape)
  }

  /// Refuses a weight of another shape, unless the array is repeated along its axes as numpy does.
  func check(_ shape: [Int]) throws(KerasError) {
    let fits =
      self.shape.count <= shape.count
      && zip(self.shape.reversed(), shape.reversed()).allSatisfy { $0 == $1 || $0 == 1 }
    guard fits else {
      throw KerasError(
        .unsupportedConfiguration,
        "a Constant of shape \(self.shape.tuple) for a weight of shape \(shape.tuple)")
    }
  }

  /// The numbers of a weight of this shape, which ``check(_:)`` has let pass.
  func values(spreadOver shape: [Int]) -> [Float] {
    if shape == self.shape { return numbers }
    let own = Array(repeating: 1, count: shape.count - self.shape.count) + self.shape
    let places = Broadcast(from: Extents(own), to: Extents(shape))
    return (0..<shape.reduce(1, *)).map { numbers[places[$0]] }
  }
}
