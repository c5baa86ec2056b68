import KerasFormat

/// Initializers without random numbers: Zeros, Ones, Constant, Identity.
extension Initializer {
  static func constant(_ config: inout ConfigReader) throws(KerasError) -> Kind {
    guard let list = config.value("value"), list.array != nil else {
      return .constant(try config.number("value", default: 0))
    }
    guard let array = ConstantArray(list) else {
      throw config.error("value", "lists that do not make an array of numbers")
    }
    return .array(array)
  }

  static func identity(_ config: inout ConfigReader) throws(KerasError) -> Kind {
    .identity(gain: try config.number("gain", default: 1))
  }

  /// Ones on the diagonal times `gain`. Keras 2.2 repeats the identity along the longer side of a
  /// matrix whose sides are multiples of each other.
  static func identity(_ shape: [Int], gain: Double, generation: Generation) -> [Float] {
    let count = shape.reduce(1, *)
    let (rows, columns) = (shape.first ?? 1, shape.last ?? 1)
    let period = generation <= .keras2 ? max(1, min(rows, columns)) : max(1, rows, columns)
    return (0..<count).map { index in
      (index / columns) % period == (index % columns) % period ? Float(gain) : 0
    }
  }
}
