extension NumericArray {
  /// The elements from their little-endian bytes, C order. A `bool` is true where its byte is not
  /// 0.
  ///
  /// - Precondition: `bytes` holds as many bytes as shape and type say.
  package init(shape: [Int], littleEndian bytes: [UInt8], as type: ElementType) {
    precondition(bytes.count == shape.reduce(1, *) * type.size, "bytes do not fill the shape")
    let array = NumericArray(shape: shape, as: type) { buffer in
      bytes.withUnsafeBytes { buffer.copyMemory(from: $0) }
      return true
    }
    guard let array else { preconditionFailure("copying cannot fail") }
    self = array
  }

  /// The elements that `fill` writes, as little-endian bytes in C order, into the memory where they
  /// stay; `nil` where it returns `false`.
  ///
  /// The memory has as many bytes as shape and type say, and holds anything before.
  package init?(
    shape: [Int], as type: ElementType, fill: (UnsafeMutableRawBufferPointer) -> Bool
  ) {
    let count = shape.reduce(1, *)
    func filled<T: BitwiseCopyable>(_ type: T.Type = T.self) -> [T]? {
      var isFilled = false
      let values = [T](unsafeUninitializedCapacity: count) { buffer, used in
        // The array may have room for more.
        let raw = UnsafeMutableRawBufferPointer(
          UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        isFilled = fill(raw)
        #if _endian(big)
          for start in stride(from: 0, to: raw.count, by: MemoryLayout<T>.size) {
            raw[start..<start + MemoryLayout<T>.size].reverse()
          }
        #endif
        used = isFilled ? count : 0
      }
      return isFilled ? values : nil
    }
    let elements: Elements? =
      switch type {
      case .float16: filled().map(Elements.float16)
      case .bfloat16: filled().map(Elements.bfloat16)
      case .float32: filled().map(Elements.float32)
      case .float64: filled().map(Elements.float64)
      case .int8: filled().map(Elements.int8)
      case .int16: filled().map(Elements.int16)
      case .int32: filled().map(Elements.int32)
      case .int64: filled().map(Elements.int64)
      case .uint8: filled().map(Elements.uint8)
      case .uint16: filled().map(Elements.uint16)
      case .uint32: filled().map(Elements.uint32)
      case .uint64: filled().map(Elements.uint64)
      case .bool: filled(UInt8.self).map { .bool($0.map { $0 != 0 }) }
      }
    guard let elements else { return nil }
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
