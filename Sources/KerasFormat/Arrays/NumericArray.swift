/// A dense array of numbers in C (row-major) order, in the type that it has in its file.
///
/// It is what an HDF5 dataset, an `.npy` file and a weight have in common. Float16 and bfloat16 are
/// kept as their bits, so that what was read can be written back equal to the last bit.
public struct NumericArray: Sendable, Equatable {
  /// The elements, in their own type.
  public enum Elements: Sendable, Equatable {
    /// IEEE half precision, as bits.
    case float16([UInt16])
    /// The upper half of a float32, as bits.
    case bfloat16([UInt16])
    /// Single precision, in which Keras keeps weights unless told otherwise.
    case float32([Float])
    /// Double precision.
    case float64([Double])
    /// Signed, 1 byte.
    case int8([Int8])
    /// Signed, 2 bytes.
    case int16([Int16])
    /// Signed, 4 bytes; what token ids are.
    case int32([Int32])
    /// Signed, 8 bytes.
    case int64([Int64])
    /// Unsigned, 1 byte.
    case uint8([UInt8])
    /// Unsigned, 2 bytes.
    case uint16([UInt16])
    /// Unsigned, 4 bytes.
    case uint32([UInt32])
    /// Unsigned, 8 bytes.
    case uint64([UInt64])
    /// NumPy's `bool`, 1 byte.
    case bool([Bool])
  }

  /// Extents, outermost first; empty for a scalar.
  public var shape: [Int]
  /// The numbers, the last axis running fastest.
  public var elements: Elements

  /// - Precondition: `elements` holds as many numbers as `shape` says.
  public init(shape: [Int], _ elements: Elements) {
    precondition(elements.count == shape.reduce(1, *), "elements do not fill the shape")
    self.shape = shape
    self.elements = elements
  }

  /// How many numbers it holds: the product of its extents.
  public var count: Int { elements.count }
}

/// The element types, by Keras's (NumPy's) names.
public enum ElementType: String, Sendable, CaseIterable {
  /// Numbers with fractions.
  case float16, bfloat16, float32, float64
  /// Whole numbers and truth values.
  case int8, int16, int32, int64, uint8, uint16, uint32, uint64, bool

  /// Bytes of one element.
  public var size: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// Whether its numbers can have fractions.
  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }
}

extension NumericArray.Elements {
  /// What its numbers are.
  public var type: ElementType {
    switch self {
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .float32: .float32
    case .float64: .float64
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .uint8: .uint8
    case .uint16: .uint16
    case .uint32: .uint32
    case .uint64: .uint64
    case .bool: .bool
    }
  }

  /// How many there are.
  public var count: Int {
    switch self {
    case .float16(let a), .bfloat16(let a), .uint16(let a): a.count
    case .float32(let a): a.count
    case .float64(let a): a.count
    case .int8(let a): a.count
    case .int16(let a): a.count
    case .int32(let a): a.count
    case .int64(let a): a.count
    case .uint8(let a): a.count
    case .uint32(let a): a.count
    case .uint64(let a): a.count
    case .bool(let a): a.count
    }
  }
}

extension Sequence<Int> {
  /// A shape as Python prints a tuple: `(3,)`, `(2, 96)`.
  package var tuple: String {
    let parts = map(String.init)
    return parts.count == 1 ? "(\(parts[0]),)" : "(\(parts.joined(separator: ", ")))"
  }
}
