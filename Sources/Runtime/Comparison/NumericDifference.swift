import KerasFormat

/// How two arrays of one shape differ: the first place, the worst place, and how many places.
///
/// Two NaN at one place are equal, and a NaN beside a number is infinitely far from it. A place is
/// an index into the flattened array until ``indices(of:in:)`` makes a row, a step and a feature of
/// it.
public struct NumericDifference: Sendable, Equatable {
  /// One place where two numbers differ.
  public struct Place: Sendable, Equatable {
    /// The position in row-major order, from 0.
    public var position: Int
    /// The first array's number.
    public var first: Double
    /// The second array's number.
    public var second: Double

    /// |first − second|; infinite where only one of them is NaN.
    public var size: Double { NumericDifference.distance(first, second) }

    /// In words: how far apart, or which of both is not finite.
    var distance: String {
      if size.isFinite { return "off by \(Float(size))" }
      if first.isFinite { return "the second is not finite" }
      return second.isFinite ? "the first is not finite" : "neither is finite"
    }
  }

  /// In row-major order the first place where the numbers are further apart than the tolerance.
  public private(set) var earliest: Place
  /// The place where they are furthest apart.
  public private(set) var largest: Place
  /// In how many places they are further apart than the tolerance.
  public private(set) var count: Int

  /// The size of the difference at its largest.
  public var size: Double { largest.size }

  /// `nil` where no two numbers are further apart than `tolerance`.
  ///
  /// - Parameter offset: what the position of the first number counts as, for parts of an array.
  init?<Numbers: RandomAccessCollection>(
    _ first: Numbers, _ second: Numbers, tolerance: Double, offset: Int = 0
  ) where Numbers.Element: BinaryFloatingPoint {
    var earliest: Place?
    var largest: Place?
    var size = 0.0
    var count = 0
    for (position, (a, b)) in zip(first, second).enumerated() where a != b {
      let (a, b) = (Double(a), Double(b))
      let distance = Self.distance(a, b)
      guard distance > tolerance else { continue }
      count += 1
      let place = Place(position: offset + position, first: a, second: b)
      if earliest == nil { earliest = place }
      if largest == nil || distance > size { (largest, size) = (place, distance) }
    }
    guard let earliest, let largest else { return nil }
    (self.earliest, self.largest, self.count) = (earliest, largest, count)
  }

  /// `nil` for arrays of one shape that are nowhere further apart than `tolerance`.
  ///
  /// - Precondition: both have one shape.
  init?(_ first: NumericArray, _ second: NumericArray, tolerance: Double) {
    precondition(first.shape == second.shape, "arrays of two shapes")
    guard first.elements != second.elements else { return nil }
    self.init(first.doubles(), second.doubles(), tolerance: tolerance)
  }

  private static func distance(_ a: Double, _ b: Double) -> Double {
    if a == b || a.isNaN && b.isNaN { return 0 }
    let distance = abs(a - b)
    return distance.isNaN ? .infinity : distance
  }

  /// Takes in what a later part of the same array shows.
  mutating func add(_ later: NumericDifference) {
    count += later.count
    if later.size > size { largest = later.largest }
  }

  /// The index along each axis of a position in an array of this shape.
  public static func indices(of position: Int, in shape: [Int]) -> [Int] {
    var rest = position
    var indices: [Int] = []
    for extent in shape.reversed() where extent > 0 {
      indices.append(rest % extent)
      rest /= extent
    }
    return indices.reversed()
  }
}
