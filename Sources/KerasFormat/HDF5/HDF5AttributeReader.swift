internal import CKerasHDF5

/// Reads attributes and the shapes and sizes that attributes and datasets share.
enum HDF5AttributeReader {
  static let maximumBytes = 64 << 20
  static let maximumStrings = 1_000_000

  static func attributes(
    of object: borrowing HDF5Handle
  ) throws(KerasError) -> HDF5Members<HDF5Attribute> {
    var names: [String] = []
    let status = withUnsafeMutablePointer(to: &names) { pointer in
      H5Aiterate2(
        object.id, H5_INDEX_NAME, H5_ITER_INC, nil,
        { _, name, _, context in
          guard let name, let context, let text = String(validatingCString: name) else { return -1 }
          context.assumingMemoryBound(to: [String].self).pointee.append(text)
          return 0
        }, pointer)
    }
    try HDF5Library.check(status, "list the attributes")
    var attributes = HDF5Members<HDF5Attribute>()
    for name in names {
      do { attributes[name] = try attribute(name, of: object) } catch {
        throw error.inside("@\(name)")
      }
    }
    return attributes
  }

  private static func attribute(
    _ name: String, of object: borrowing HDF5Handle
  ) throws(KerasError) -> HDF5Attribute {
    let handle = try HDF5Handle(
      H5Aopen(object.id, name, hornbill_default()), "open the attribute", close: H5Aclose)
    let type = try HDF5Handle(H5Aget_type(handle.id), "read the type", close: H5Tclose)
    try refuseCommitted(type)
    let space = try HDF5Handle(H5Aget_space(handle.id), "read the shape", close: H5Sclose)
    let shape = try shape(of: space)
    guard H5Tget_class(type.id) == H5T_STRING else {
      let memory = try HDF5ElementType.identify(type, isMarkedBfloat16: false)
      let size = try byteCount(shape, memory.element)
      try checkSize(size)
      return .numbers(
        NumericArray(
          shape: shape, littleEndian: try values(of: handle, memory.handle, size: size),
          as: memory.element))
    }
    let texts = try strings(handle, type, space, shape: shape)
    let stringType = HDF5StringType(
      isVariable: try HDF5Library.check(H5Tis_variable_str(type.id), "read the type") > 0,
      isUTF8: H5Tget_cset(type.id) == H5T_CSET_UTF8)
    if shape.isEmpty, let text = texts.first { return .string(text, stringType) }
    guard shape.count == 1 else {
      throw KerasError(.damagedFile, "a table of texts of shape \(shape); expected a list")
    }
    return .strings(texts, stringType)
  }

  private static func strings(
    _ handle: borrowing HDF5Handle, _ type: borrowing HDF5Handle, _ space: borrowing HDF5Handle,
    shape: [Int]
  ) throws(KerasError) -> [String] {
    let count = try product(shape)
    guard count <= maximumStrings else {
      throw KerasError(.damagedFile, "\(count) texts, more than \(maximumStrings)")
    }
    guard count > 0 else { return [] }
    var texts: [String?] = []
    if try HDF5Library.check(H5Tis_variable_str(type.id), "read the type") > 0 {
      // A type of our own: the file's padding and character set say nothing about memory.
      let memory = try HDF5ElementType.make(
        HDF5StringType(isVariable: true, isUTF8: H5Tget_cset(type.id) == H5T_CSET_UTF8), size: 0)
      var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
      try HDF5Library.check(H5Aread(handle.id, memory.id, &pointers), "read the text")
      texts = pointers.map { $0.map { String(validatingCString: $0) } ?? "" }
      try HDF5Library.check(
        hornbill_reclaim(memory.id, space.id, &pointers), "free the text's memory")
    } else {
      let width = H5Tget_size(type.id)
      let (size, overflow) = count.multipliedReportingOverflow(by: width)
      try checkSize(overflow ? .max : size)
      let bytes = try values(of: handle, type, size: size)
      texts = (0..<count).map { index in
        let field = bytes[index * width..<(index + 1) * width]
        return String(validating: field.prefix { $0 != 0 }, as: UTF8.self)
      }
    }
    var valid: [String] = []
    for text in texts {
      guard let text else { throw KerasError(.damagedFile, "the text is not valid UTF-8") }
      valid.append(text)
    }
    return valid
  }

  private static func values(
    of handle: borrowing HDF5Handle, _ memory: borrowing HDF5Handle, size: Int
  ) throws(KerasError) -> [UInt8] {
    var status: herr_t = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      status = size == 0 ? 0 : H5Aread(handle.id, memory.id, buffer.baseAddress)
      count = status < 0 ? 0 : size
    }
    try HDF5Library.check(status, "read the attribute")
    return bytes
  }

  // MARK: - Shapes, sizes and types

  static func shape(of space: borrowing HDF5Handle) throws(KerasError) -> [Int] {
    guard H5Sget_simple_extent_type(space.id) != H5S_NULL else {
      throw KerasError(.damagedFile, "has no values at all (a null dataspace)")
    }
    let rank = try HDF5Library.check(H5Sget_simple_extent_ndims(space.id), "read the shape")
    guard rank > 0 else { return [] }
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    try HDF5Library.check(
      H5Sget_simple_extent_dims(space.id, &extents, nil), "read the shape")
    var shape: [Int] = []
    for extent in extents {
      guard let extent = Int(exactly: extent) else {
        throw KerasError(.damagedFile, "an extent of \(extent) is beyond any memory")
      }
      shape.append(extent)
    }
    return shape
  }

  static func product(_ shape: [Int]) throws(KerasError) -> Int {
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else {
        throw KerasError(.damagedFile, "shape \(shape) is beyond any memory")
      }
      count = product
    }
    return count
  }

  static func byteCount(_ shape: [Int], _ type: ElementType) throws(KerasError) -> Int {
    try product(shape + [type.size])
  }

  private static func checkSize(_ size: Int) throws(KerasError) {
    guard size <= maximumBytes else {
      throw KerasError(.damagedFile, "an attribute of \(size) bytes, more than \(maximumBytes)")
    }
  }

  static func refuseCommitted(_ type: borrowing HDF5Handle) throws(KerasError) {
    guard try HDF5Library.check(H5Tcommitted(type.id), "read the type") == 0 else {
      throw KerasError(.damagedFile, "uses a named type, which Keras never writes")
    }
  }
}
