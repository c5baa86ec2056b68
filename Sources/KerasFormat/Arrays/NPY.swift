/// NumPy's `.npy` format, versions 1 to 3 (`numpy/lib/format.py`).
extension NumericArray {
  /// The array in an `.npy` file. Big-endian numbers are swapped, and Fortran order is transposed.
  ///
  /// - Throws: ``KerasError/Code/damagedFile`` for bytes that are no `.npy`,
  ///   ``KerasError/Code/unsupportedConfiguration`` for an element type that is no number.
  public init(npy bytes: [UInt8]) throws(KerasError) {
    guard bytes.count >= 10, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw KerasError(.damagedFile, "the bytes are no .npy array: the magic string is missing")
    }
    let version = bytes[6]
    let lengthSize = version == 1 ? 2 : 4
    guard (1...3).contains(version), bytes.count >= 8 + lengthSize else {
      throw KerasError(.damagedFile, ".npy version \(version); expected 1, 2 or 3")
    }
    let length = (0..<lengthSize).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    let start = 8 + lengthSize + length
    guard start <= bytes.count,
      let text = String(validating: bytes[(8 + lengthSize)..<start], as: UTF8.self)
    else {
      throw KerasError(.damagedFile, "the .npy header of \(length) bytes is cut off")
    }
    let header = try NPYHeader(parsing: text)
    var count = 1
    for extent in header.shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else {
        throw KerasError(.damagedFile, "the .npy shape \(header.shape) overflows")
      }
      count = product
    }
    let (size, overflow) = count.multipliedReportingOverflow(by: header.type.size)
    guard !overflow, size == bytes.count - start else {
      throw KerasError(
        .damagedFile,
        "\(bytes.count - start) bytes follow the .npy header, but shape \(header.shape) of "
          + "\(header.type.rawValue) needs \(overflow ? "more" : "\(size)")")
    }
    var content = Array(bytes[start...])
    let width = header.type.size
    if header.isBigEndian, width > 1 {
      for index in stride(from: 0, to: content.count, by: width) {
        content[index..<index + width].reverse()
      }
    }
    if header.isFortranOrder, header.shape.count > 1 {
      content = Self.transposed(content, shape: header.shape, width: width)
    }
    self.init(shape: header.shape, littleEndian: content, as: header.type)
  }

  /// The bytes of an `.npy` file, version 1.0, as `numpy.save` writes it. NumPy has no bfloat16;
  /// such an array is written as float32, which holds its numbers exactly.
  public func npy() -> [UInt8] {
    if case .bfloat16 = elements {
      return NumericArray(shape: shape, floats: floats(), as: .float32).npy()
    }
    let extents = shape.map(String.init)
    let tuple = extents.count == 1 ? "(\(extents[0]),)" : "(\(extents.joined(separator: ", ")))"
    var header =
      "{'descr': '\(elements.type.npyDescription)', 'fortran_order': False, 'shape': \(tuple), }"
    // NumPy leaves room for the first extent to grow to 21 digits in place.
    if let first = extents.first {
      header += String(repeating: " ", count: 21 - first.utf8.count)
    }
    let padding = 64 - (10 + header.utf8.count + 1) % 64
    header += String(repeating: " ", count: padding) + "\n"
    let length = header.utf8.count
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8)
    bytes += [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
    return bytes + Array(header.utf8) + littleEndianBytes
  }

  /// C order out of Fortran order, element by element.
  private static func transposed(_ bytes: [UInt8], shape: [Int], width: Int) -> [UInt8] {
    var strides: [Int] = []
    var stride = width
    for extent in shape {
      strides.append(stride)
      stride *= extent
    }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = [Int](repeating: 0, count: shape.count)
    for _ in 0..<bytes.count / width {
      let offset = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
      result.append(contentsOf: bytes[offset..<offset + width])
      var axis = shape.count - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
        axis -= 1
      }
    }
    return result
  }
}

/// The dictionary in front of an `.npy` array: a Python literal with three keys.
private struct NPYHeader {
  var type: ElementType
  var isBigEndian: Bool
  var isFortranOrder: Bool
  var shape: [Int]

  init(parsing text: String) throws(KerasError) {
    func bad(_ what: String) -> KerasError {
      KerasError(.damagedFile, "the .npy header has no \(what): \(text.prefix(80))")
    }
    guard let description = Self.value("descr", in: text), description.first == "'",
      let close = description.dropFirst().firstIndex(of: "'")
    else { throw bad("element type") }
    let name = String(description[description.index(after: description.startIndex)..<close])
    guard
      let type = ElementType.allCases.first(where: { type in
        type != .bfloat16 && type.npyDescription.dropFirst() == name.dropFirst()
      }), let order = name.first, "<>|=".contains(order)
    else {
      throw KerasError(
        .unsupportedConfiguration, "the .npy element type '\(name)' is no plain number type",
        hint: "save it with .astype(\"float32\") or .astype(\"int32\")")
    }
    self.type = type
    isBigEndian = order == ">"
    guard let order = Self.value("fortran_order", in: text) else { throw bad("fortran_order") }
    if order.hasPrefix("True") {
      isFortranOrder = true
    } else if order.hasPrefix("False") {
      isFortranOrder = false
    } else {
      throw bad("fortran_order")
    }
    guard let tuple = Self.value("shape", in: text), tuple.first == "(",
      let close = tuple.firstIndex(of: ")")
    else { throw bad("shape") }
    shape = []
    for part in tuple[..<close].dropFirst().split(separator: ",") {
      let trimmed = part.filter { $0 != " " }
      if trimmed.isEmpty { continue }
      guard let extent = Int(trimmed), extent >= 0, shape.count < 32 else { throw bad("shape") }
      shape.append(extent)
    }
  }

  /// The text that follows `'key':`.
  private static func value(_ key: String, in text: String) -> Substring? {
    guard let range = text.firstRange(of: "'\(key)':") else { return nil }
    return text[range.upperBound...].drop { $0 == " " }
  }
}

extension ElementType {
  /// NumPy's `dtype.str`. bfloat16 has none.
  fileprivate var npyDescription: String {
    switch self {
    case .float16: "<f2"
    case .bfloat16: "<V2"
    case .float32: "<f4"
    case .float64: "<f8"
    case .int8: "|i1"
    case .int16: "<i2"
    case .int32: "<i4"
    case .int64: "<i8"
    case .uint8: "|u1"
    case .uint16: "<u2"
    case .uint32: "<u4"
    case .uint64: "<u8"
    case .bool: "|b1"
    }
  }
}
