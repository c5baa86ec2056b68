internal import CKerasHDF5

/// An element type and the HDF5 type that it has in memory.
struct HDF5MemoryType: ~Copyable {
  let element: ElementType
  let handle: HDF5Handle
}

/// HDF5's types for our element types, both ways.
enum HDF5ElementType {
  /// The type of `type` in memory and in files that we write: little-endian, as h5py makes it.
  static func make(_ type: ElementType) throws(KerasError) -> HDF5Handle {
    switch type {
    case .float16: return try half(sign: 15, exponent: (10, 5), fraction: (0, 10), bias: 15)
    case .bfloat16:
      // h5py has no type for ml_dtypes' bfloat16 and stores NumPy's |V2 as it is.
      return try handle(H5Tcreate(H5T_OPAQUE, 2))
    case .bool:
      let handle = try handle(H5Tenum_create(hornbill_i8le()))
      for (name, value) in [("FALSE", Int8(0)), ("TRUE", Int8(1))] {
        var value = value
        try HDF5Library.check(H5Tenum_insert(handle.id, name, &value), "make a type")
      }
      return handle
    case .float32: return try copy(hornbill_f32le())
    case .float64: return try copy(hornbill_f64le())
    case .int8: return try copy(hornbill_i8le())
    case .int16: return try copy(hornbill_i16le())
    case .int32: return try copy(hornbill_i32le())
    case .int64: return try copy(hornbill_i64le())
    case .uint8: return try copy(hornbill_u8le())
    case .uint16: return try copy(hornbill_u16le())
    case .uint32: return try copy(hornbill_u32le())
    case .uint64: return try copy(hornbill_u64le())
    }
  }

  /// What a type in a file is to us, and the type to read it into; conversion of byte order is the
  /// library's. An opaque type counts as bfloat16 when `isMarkedBfloat16`.
  static func identify(
    _ file: borrowing HDF5Handle, isMarkedBfloat16: Bool
  ) throws(KerasError) -> HDF5MemoryType {
    let size = H5Tget_size(file.id)
    let kind = H5Tget_class(file.id)
    switch kind {
    case H5T_FLOAT:
      for (type, ids) in [
        (ElementType.float32, [hornbill_f32le(), hornbill_f32be()]),
        (.float64, [hornbill_f64le(), hornbill_f64be()]),
      ] where ids.contains(where: { H5Tequal(file.id, $0) > 0 }) {
        return HDF5MemoryType(element: type, handle: try make(type))
      }
      if size == 2 {
        let layouts = [
          (ElementType.float16, 15, (10, 5), (0, 10), 15), (.bfloat16, 15, (7, 8), (0, 7), 127),
        ]
        for (type, sign, exponent, fraction, bias) in layouts {
          let memory = try half(sign: sign, exponent: exponent, fraction: fraction, bias: bias)
          if H5Tequal(file.id, memory.id) > 0 {
            return HDF5MemoryType(element: type, handle: memory)
          }
          let swapped = try handle(H5Tcopy(memory.id))
          try HDF5Library.check(H5Tset_order(swapped.id, H5T_ORDER_BE), "make a type")
          if H5Tequal(file.id, swapped.id) > 0 {
            return HDF5MemoryType(element: type, handle: memory)
          }
        }
      }
    case H5T_INTEGER:
      let isSigned = H5Tget_sign(file.id) == H5T_SGN_2
      let type: ElementType? =
        switch (size, isSigned) {
        case (1, true): .int8
        case (2, true): .int16
        case (4, true): .int32
        case (8, true): .int64
        case (1, false): .uint8
        case (2, false): .uint16
        case (4, false): .uint32
        case (8, false): .uint64
        default: nil
        }
      if let type, H5Tget_precision(file.id) == 8 * size {
        return HDF5MemoryType(element: type, handle: try make(type))
      }
    case H5T_ENUM:
      let bool = try make(.bool)
      if H5Tequal(file.id, bool.id) > 0 { return HDF5MemoryType(element: .bool, handle: bool) }
    case H5T_OPAQUE where size == 2 && isMarkedBfloat16:
      return HDF5MemoryType(element: .bfloat16, handle: try handle(H5Tcopy(file.id)))
    default: break
    }
    throw KerasError(
      .damagedFile,
      "holds \(name(of: kind)) of \(size) bytes; expected float16, bfloat16, float32, float64, "
        + "whole numbers of 1, 2, 4 or 8 bytes, or bool")
  }

  /// A string type.
  static func make(_ type: HDF5StringType, size: Int) throws(KerasError) -> HDF5Handle {
    let handle = try copy(hornbill_c_string())
    try HDF5Library.check(
      H5Tset_size(handle.id, type.isVariable ? hornbill_variable() : size), "make a string type")
    if !type.isVariable {
      try HDF5Library.check(H5Tset_strpad(handle.id, H5T_STR_NULLPAD), "make a string type")
    }
    try HDF5Library.check(
      H5Tset_cset(handle.id, type.isUTF8 ? H5T_CSET_UTF8 : H5T_CSET_ASCII), "make a string type")
    return handle
  }

  private static func half(
    sign: Int, exponent: (Int, Int), fraction: (Int, Int), bias: Int
  ) throws(KerasError) -> HDF5Handle {
    let handle = try copy(hornbill_f32le())
    try HDF5Library.check(
      H5Tset_fields(handle.id, sign, exponent.0, exponent.1, fraction.0, fraction.1), "make a type")
    try HDF5Library.check(H5Tset_size(handle.id, 2), "make a type")
    try HDF5Library.check(H5Tset_ebias(handle.id, bias), "make a type")
    return handle
  }

  private static func copy(_ id: hid_t) throws(KerasError) -> HDF5Handle { try handle(H5Tcopy(id)) }

  private static func handle(_ id: hid_t) throws(KerasError) -> HDF5Handle {
    try HDF5Handle(id, "make a type", close: H5Tclose)
  }

  private static func name(of kind: H5T_class_t) -> String {
    switch kind {
    case H5T_FLOAT: "floating-point numbers of an unknown layout"
    case H5T_INTEGER: "integers of an unknown layout"
    case H5T_STRING: "text"
    case H5T_BITFIELD: "bit fields"
    case H5T_OPAQUE: "opaque bytes"
    case H5T_COMPOUND: "compound values"
    case H5T_REFERENCE: "references"
    case H5T_ENUM: "an enumeration"
    case H5T_VLEN: "lists of varying length"
    case H5T_ARRAY: "arrays"
    default: "values of an unknown class"
    }
  }
}
