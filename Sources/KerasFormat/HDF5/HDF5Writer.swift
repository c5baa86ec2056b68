internal import CKerasHDF5

/// Writes a tree into a file image in memory: contiguous little-endian datasets without filters,
/// old-style groups and no times, as h5py does for Keras, so that equal trees give equal bytes.
struct HDF5Writer {
  /// The most that an object's header can hold of one attribute.
  static let maximumAttributeBytes = 64_512

  func write(_ root: HDF5Group) throws(KerasError) -> [UInt8] {
    let access = try HDF5Handle(
      H5Pcreate(hornbill_file_access()), "make the file image", close: H5Pclose)
    try HDF5Library.check(H5Pset_fapl_core(access.id, 1 << 20, false), "make the file image")
    let file = try HDF5Handle(
      H5Fcreate("image.h5", hornbill_truncate(), hornbill_default(), access.id),
      "make the file image", close: H5Fclose)
    let group = try HDF5Handle(
      H5Gopen2(file.id, "/", hornbill_default()), "open the root group", close: H5Gclose)
    try write(root, into: group)
    try HDF5Library.check(H5Fflush(file.id, H5F_SCOPE_GLOBAL), "finish the file image")
    let size = try HDF5Library.check(H5Fget_file_image(file.id, nil, 0), "finish the file image")
    var copied = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      copied = H5Fget_file_image(file.id, buffer.baseAddress, size)
      count = max(copied, 0)
    }
    guard try HDF5Library.check(copied, "copy the file image") == size else {
      throw KerasError(.inputOutput, "the HDF5 image is \(copied) bytes instead of \(size)")
    }
    return bytes
  }

  private func write(_ group: HDF5Group, into handle: borrowing HDF5Handle) throws(KerasError) {
    try write(group.attributes, to: handle)
    for (name, child) in group.children.members {
      do throws(KerasError) {
        guard !name.isEmpty, name != ".", !name.contains("/"), !name.contains("\0") else {
          throw KerasError(.unsupportedConfiguration, "HDF5 cannot hold an object of this name")
        }
        switch child {
        case .group(let inner):
          let id = H5Gcreate2(
            handle.id, name, hornbill_default(), hornbill_default(), hornbill_default())
          try write(inner, into: try HDF5Handle(id, "make the group", close: H5Gclose))
        case .dataset(let dataset):
          try write(dataset, named: name, into: handle)
        }
      } catch {
        throw error.inside(name)
      }
    }
  }

  private func write(
    _ dataset: HDF5Dataset, named name: String, into group: borrowing HDF5Handle
  ) throws(KerasError) {
    let type = try HDF5ElementType.make(dataset.array.elements.type)
    let space = try space(dataset.array.shape)
    let creation = try HDF5Handle(
      H5Pcreate(hornbill_dataset_create()), "make the dataset", close: H5Pclose)
    try HDF5Library.check(H5Pset_obj_track_times(creation.id, false), "make the dataset")
    let handle = try HDF5Handle(
      H5Dcreate2(
        group.id, name, type.id, space.id, hornbill_default(), creation.id, hornbill_default()),
      "make the dataset", close: H5Dclose)
    if dataset.array.count > 0 {
      let bytes = dataset.array.littleEndianBytes
      let status = bytes.withUnsafeBytes { buffer in
        H5Dwrite(
          handle.id, type.id, hornbill_all(), hornbill_all(), hornbill_default(),
          buffer.baseAddress)
      }
      try HDF5Library.check(status, "write the values")
    }
    try write(dataset.attributes, to: handle)
  }

  // MARK: - Attributes

  private func write(
    _ attributes: HDF5Members<HDF5Attribute>, to object: borrowing HDF5Handle
  ) throws(KerasError) {
    for (name, attribute) in attributes.members {
      do throws(KerasError) {
        switch attribute {
        case .string(let text, let type):
          try write([text], shape: [], type, named: name, to: object)
        case .strings(let texts, let type):
          try write(texts, shape: [texts.count], type, named: name, to: object)
        case .numbers(let array):
          let type = try HDF5ElementType.make(array.elements.type)
          try write(
            array.littleEndianBytes, type, shape: array.shape, named: name, to: object)
        }
      } catch {
        throw error.inside("@\(name)")
      }
    }
  }

  private func write(
    _ texts: [String], shape: [Int], _ type: HDF5StringType, named name: String,
    to object: borrowing HDF5Handle
  ) throws(KerasError) {
    guard !texts.contains(where: { $0.utf8.contains(0) }) else {
      throw KerasError(.unsupportedConfiguration, "HDF5 cannot hold a text with a zero byte")
    }
    if !type.isVariable {
      let width = max(texts.map(\.utf8.count).max() ?? 1, 1)
      let handle = try HDF5ElementType.make(type, size: width)
      let bytes = texts.flatMap { text in
        Array(text.utf8) + [UInt8](repeating: 0, count: width - text.utf8.count)
      }
      return try write(bytes, handle, shape: shape, named: name, to: object)
    }
    let handle = try HDF5ElementType.make(type, size: 0)
    let attribute = try create(name, handle, shape: shape, on: object)
    // All texts in one buffer, and the address of each.
    let buffer = texts.flatMap { Array($0.utf8CString) }
    let status = buffer.withUnsafeBufferPointer { storage in
      var offset = 0
      let pointers = texts.map { text in
        defer { offset += text.utf8.count + 1 }
        return storage.baseAddress.map { $0 + offset }
      }
      return pointers.isEmpty ? 0 : H5Awrite(attribute.id, handle.id, pointers)
    }
    try HDF5Library.check(status, "write the attribute")
  }

  private func write(
    _ bytes: [UInt8], _ type: borrowing HDF5Handle, shape: [Int], named name: String,
    to object: borrowing HDF5Handle
  ) throws(KerasError) {
    guard bytes.count <= Self.maximumAttributeBytes else {
      throw KerasError(
        .unsupportedConfiguration,
        "an attribute of \(bytes.count) bytes; HDF5 holds \(Self.maximumAttributeBytes)")
    }
    let attribute = try create(name, type, shape: shape, on: object)
    guard !bytes.isEmpty else { return }
    let status = bytes.withUnsafeBytes { H5Awrite(attribute.id, type.id, $0.baseAddress) }
    try HDF5Library.check(status, "write the attribute")
  }

  private func create(
    _ name: String, _ type: borrowing HDF5Handle, shape: [Int], on object: borrowing HDF5Handle
  ) throws(KerasError) -> HDF5Handle {
    let space = try space(shape)
    return try HDF5Handle(
      H5Acreate2(object.id, name, type.id, space.id, hornbill_default(), hornbill_default()),
      "make the attribute", close: H5Aclose)
  }

  private func space(_ shape: [Int]) throws(KerasError) -> HDF5Handle {
    guard !shape.isEmpty else {
      return try HDF5Handle(H5Screate(H5S_SCALAR), "make the shape", close: H5Sclose)
    }
    let extents = shape.map { hsize_t($0) }
    return try HDF5Handle(
      H5Screate_simple(Int32(extents.count), extents, nil), "make the shape", close: H5Sclose)
  }
}
