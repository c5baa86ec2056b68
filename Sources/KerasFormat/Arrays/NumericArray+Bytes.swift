extension NumericArray {
  /// The elements from their little-endian bytes, C order. A `bool` is true where its byte is not
  /// 0.
  ///
  /// - Precondition: `bytes` holds as many bytes as shape and type say.
  package init(shape: [Int], littleEndian bytes: [UInt8], as type: ElementType) {
    precondition(bytes.count == shape.reduce(1, *) * type.size, "bytes do not fill the shape")
    let elements: Elements =
      switch type {
      case .float16: .float16(loaded(bytes))
      case .bfloat16: .bfloat16(loaded(bytes))
      case .float32: .float32((loaded(bytes) as [UInt32]).map(Float.init(bitPattern:)))
      case .float64: .float64((loaded(bytes) as [UInt64]).map(Double.init(bitPattern:)))
      case .int8: .int8(loaded(bytes))
      case .int16: .int16(loaded(bytes))
      case .int32: .int32(loaded(bytes))
      case .int64: .int64(loaded(bytes))
      case .uint8: .uint8(bytes)
      case .uint16: .uint16(loaded(bytes))
      case .uint32: .uint32(loaded(bytes))
      case .uint64: .uint64(loaded(bytes))
      case .bool: .bool(bytes.map { $0 != 0 })
      }
    self.init(shape: shape, elements)
  }

  /// The elements as little-endian bytes, C order.
  package var littleEndianBytes: [UInt8] {
    switch elements {
    case .float16(let a), .bfloat16(let a), .uint16(let a): stored(a)
    case .float32(let a): stored(a.map(\.bitPattern))
    case .float64(let a): stored(a.map(\.bitPattern))
    case .int8(let a): stored(a)
    case .int16(let a): stored(a)
    case .int32(let a): stored(a)
    case .int64(let a): stored(a)
    case .uint8(let a): a
    case .uint32(let a): stored(a)
    case .uint64(let a): stored(a)
    case .bool(let a): a.map { $0 ? 1 : 0 }
    }
  }
}

private func loaded<T: FixedWidthInteger>(_ bytes: [UInt8]) -> [T] {
  let size = MemoryLayout<T>.size
  return bytes.withUnsafeBytes { buffer in
    (0..<buffer.count / size).map {
      T(littleEndian: buffer.loadUnaligned(fromByteOffset: $0 * size, as: T.self))
    }
  }
}

private func stored<T: FixedWidthInteger>(_ values: [T]) -> [UInt8] {
  let size = MemoryLayout<T>.size
  return [UInt8](unsafeUninitializedCapacity: values.count * size) { buffer, count in
    let raw = UnsafeMutableRawBufferPointer(buffer)
    for (index, value) in values.enumerated() {
      raw.storeBytes(of: value.littleEndian, toByteOffset: index * size, as: T.self)
    }
    count = values.count * size
  }
}
