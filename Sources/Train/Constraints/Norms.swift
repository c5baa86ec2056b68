import KerasFormat
import KerasRuntime

/// No vector longer than `max_value`: `w · min(norm, max) / (1e-7 + norm)`, so that also what is
/// short enough shrinks by a hair.
public struct MaxNorm: Constraint {
  public static let className = "MaxNorm"
  private let maxValue: Float
  private let axes: NormAxes

  public init(from config: inout ConfigReader) throws(KerasError) {
    maxValue = Float(try config.number("max_value", default: 2))
    axes = try NormAxes(from: &config)
  }

  public func objection(to shape: [Int]) -> String? { axes.objection(to: shape) }

  public func apply(to weight: UnsafeMutablePointer<Float>, shape: [Int], generation: Generation) {
    axes.scale(weight, shape: shape) { min(max($0, 0), maxValue) / (1e-7 + $0) }
  }
}

/// Vectors of length 1: `w / (1e-7 + norm)`.
public struct UnitNorm: Constraint {
  public static let className = "UnitNorm"
  private let axes: NormAxes

  public init(from config: inout ConfigReader) throws(KerasError) {
    axes = try NormAxes(from: &config)
  }

  public func objection(to shape: [Int]) -> String? { axes.objection(to: shape) }

  public func apply(to weight: UnsafeMutablePointer<Float>, shape: [Int], generation: Generation) {
    axes.scale(weight, shape: shape) { 1 / (1e-7 + $0) }
  }
}

/// Lengths between `min_value` and `max_value`, approached by the share `rate` at each update.
public struct MinMaxNorm: Constraint {
  public static let className = "MinMaxNorm"
  private let minValue: Float
  private let maxValue: Float
  private let rate: Float
  private let axes: NormAxes

  public init(from config: inout ConfigReader) throws(KerasError) {
    minValue = Float(try config.number("min_value", default: 0))
    maxValue = Float(try config.number("max_value", default: 1))
    rate = Float(try config.number("rate", default: 1))
    axes = try NormAxes(from: &config)
  }

  public func objection(to shape: [Int]) -> String? { axes.objection(to: shape) }

  public func apply(to weight: UnsafeMutablePointer<Float>, shape: [Int], generation: Generation) {
    axes.scale(weight, shape: shape) { norm in
      (rate * min(max(norm, minValue), maxValue) + (1 - rate) * norm) / (1e-7 + norm)
    }
  }
}

/// Nothing below zero.
public struct NonNeg: Constraint {
  public static let className = "NonNeg"

  public init(from config: inout ConfigReader) throws(KerasError) {}

  public func objection(to shape: [Int]) -> String? { nil }

  public func apply(to weight: UnsafeMutablePointer<Float>, shape: [Int], generation: Generation) {
    for i in 0..<shape.reduce(1, *) where !(weight[i] >= 0) {
      // The earlier generations multiply by zero, which keeps the sign.
      weight[i] = generation == .keras3 ? max(weight[i], 0) : weight[i] * 0
    }
  }
}

/// The axes along which lengths are taken: all indices that differ in these alone make one vector.
private struct NormAxes: Sendable {
  private let axes: [Int]

  init(from config: inout ConfigReader) throws(KerasError) {
    let value = config.value("axis") ?? 0
    let numbers = (value.array ?? [value]).map(\.integer)
    guard !numbers.isEmpty, !numbers.contains(nil) else {
      throw config.error("axis", "\(value.kind) but whole numbers belong here")
    }
    axes = numbers.compactMap { $0 }
  }

  func objection(to shape: [Int]) -> String? {
    axes.allSatisfy { (-shape.count..<shape.count).contains($0) }
      ? nil : "axis \(axes) but the weight has the shape \(shape.tuple)"
  }

  func scale(
    _ weight: UnsafeMutablePointer<Float>, shape: [Int], by factor: (_ norm: Float) -> Float
  ) {
    let summed = Set(axes.map { $0 < 0 ? $0 + shape.count : $0 })
    // Where in the array of norms each index counts, by axis.
    var strides = [Int](repeating: 0, count: shape.count)
    var groups = 1
    for axis in shape.indices.reversed() where !summed.contains(axis) {
      strides[axis] = groups
      groups *= shape[axis]
    }
    let count = shape.reduce(1, *)
    let places = (0..<count).map { index in
      var (rest, place) = (index, 0)
      for axis in shape.indices.reversed() {
        place += rest % shape[axis] * strides[axis]
        rest /= shape[axis]
      }
      return place
    }
    var squares = [Double](repeating: 0, count: groups)
    for i in 0..<count { squares[places[i]] += Double(weight[i]) * Double(weight[i]) }
    let factors = squares.map { factor(Float($0.squareRoot())) }
    for i in 0..<count { weight[i] *= factors[places[i]] }
  }
}
