internal import CKerasHDF5

/// Reads a whole file into a tree, refusing everything that Keras never writes: links that
/// are not hard, values kept in other files, foreign filters and types, cycles, bombs.
struct HDF5Reader {
  static let maximumDepth = 32
  static let maximumObjects = 1_000_000
  /// A compressed dataset may not be larger than this many times its stored bytes.
  static let maximumRatio = 1000

  /// Bytes of the file: nothing contiguous can end behind it.
  let fileSize: Int
  /// Members of the root that are left out.
  private let skipped: Set<String>
  /// Addresses of the objects met so far. One met twice is a cycle or a bomb.
  private var visited: Set<[UInt64]> = []

  init(fileSize: Int, without skipped: Set<String> = []) {
    self.fileSize = fileSize
    self.skipped = skipped
  }

  /// The tree of a file whose bytes are these, read through the library's `driver` for them.
  mutating func read(_ region: ByteRegion, _ driver: hid_t) throws(KerasError) -> HDF5Group {
    let source = HDF5Source(region)
    // The library's file holds the source's address.
    defer { withExtendedLifetime(source) {} }
    do {
      return try read(from: source, driver)
    } catch {
      throw source.failure ?? error
    }
  }

  private mutating func read(
    from source: HDF5Source, _ driver: hid_t
  ) throws(KerasError) -> HDF5Group {
    let access = try HDF5Handle(
      H5Pcreate(hornbill_file_access()), "open the file", close: H5Pclose)
    var bytes = source.bytes
    try HDF5Library.check(H5Pset_driver(access.id, driver, &bytes), "open the file")
    let file = try HDF5Handle(
      H5Fopen("bytes.h5", hornbill_read_only(), access.id), "open the file", close: H5Fclose)
    let root = try HDF5Handle(
      H5Gopen2(file.id, "/", hornbill_default()), "open the root group", close: H5Gclose)
    try visit(root, expectGroup: true)
    return try group(root, depth: 0)
  }

  /// Notes the object; answers whether it is a group.
  @discardableResult
  private mutating func visit(
    _ object: borrowing HDF5Handle, expectGroup: Bool = false
  ) throws(KerasError) -> Bool {
    var info = hornbill_object()
    try HDF5Library.check(hornbill_object_info(object.id, &info), "read the object's header")
    guard info.is_group != 0 || info.is_dataset != 0 else {
      throw refused("is neither a group nor a dataset")
    }
    guard visited.insert([info.identity.0, info.identity.1]).inserted else {
      throw refused("is linked twice, or holds itself")
    }
    guard visited.count <= Self.maximumObjects else {
      throw refused("the file holds more than \(Self.maximumObjects) objects")
    }
    return info.is_group != 0
  }

  private func refused(_ message: String) -> KerasError { KerasError(.damagedFile, message) }

  // MARK: - Groups

  private mutating func group(
    _ handle: borrowing HDF5Handle, depth: Int
  ) throws(KerasError) -> HDF5Group {
    guard depth <= Self.maximumDepth else {
      throw refused("groups are nested deeper than \(Self.maximumDepth)")
    }
    var group = HDF5Group(attributes: try HDF5AttributeReader.attributes(of: handle))
    for link in try links(of: handle) where depth > 0 || !skipped.contains(link.name) {
      do throws(KerasError) {
        guard link.isHard else {
          throw refused("is a soft or external link; only hard links are followed")
        }
        let child = try HDF5Handle(
          H5Oopen(handle.id, link.name, hornbill_default()), "open the object", close: H5Oclose)
        group.children[link.name] =
          try visit(child)
          ? .group(try self.group(child, depth: depth + 1)) : .dataset(try dataset(child))
      } catch {
        throw error.inside(link.name)
      }
    }
    return group
  }

  private struct Link {
    var name: String
    var isHard: Bool
  }

  private func links(of handle: borrowing HDF5Handle) throws(KerasError) -> [Link] {
    var links: [Link] = []
    let status = withUnsafeMutablePointer(to: &links) { pointer in
      hornbill_each_link(
        handle.id,
        { name, isHard, context in
          guard let name, let context else { return -1 }
          let links = context.assumingMemoryBound(to: [Link].self)
          guard let text = String(validatingCString: name),
            links.pointee.count < HDF5Reader.maximumObjects
          else { return -1 }
          links.pointee.append(Link(name: text, isHard: isHard != 0))
          return 0
        }, pointer)
    }
    try HDF5Library.check(status, "list the group")
    return links
  }

  // MARK: - Datasets

  private func dataset(_ handle: borrowing HDF5Handle) throws(KerasError) -> HDF5Dataset {
    let attributes = try HDF5AttributeReader.attributes(of: handle)
    let space = try HDF5Handle(H5Dget_space(handle.id), "read the shape", close: H5Sclose)
    let shape = try HDF5AttributeReader.shape(of: space)
    let fileType = try HDF5Handle(H5Dget_type(handle.id), "read the type", close: H5Tclose)
    try HDF5AttributeReader.refuseCommitted(fileType)
    var isMarked = false
    if case .string("bfloat16", _) = attributes["dtype"] { isMarked = true }
    let memory = try HDF5ElementType.identify(fileType, isMarkedBfloat16: isMarked)
    let type = memory.element
    let size = try HDF5AttributeReader.byteCount(shape, type)
    try checkStorage(handle, size: size)

    var status: herr_t = 0
    let array = NumericArray(shape: shape, as: type) { buffer in
      guard size > 0 else { return true }
      status = H5Dread(
        handle.id, memory.handle.id, hornbill_all(), hornbill_all(), hornbill_default(),
        buffer.baseAddress)
      return status >= 0 && (type != .bool || buffer.allSatisfy { $0 <= 1 })
    }
    try HDF5Library.check(status, "read the values")
    guard let array else { throw refused("a bool is neither 0 nor 1") }
    return HDF5Dataset(array, attributes: attributes)
  }

  /// Nothing but values in this very file, all of them there, and no filter but zlib's.
  private func checkStorage(
    _ handle: borrowing HDF5Handle, size: Int
  ) throws(KerasError) {
    let creation = try HDF5Handle(
      H5Dget_create_plist(handle.id), "read the storage layout", close: H5Pclose)
    guard try HDF5Library.check(H5Pget_external_count(creation.id), "read the layout") == 0 else {
      throw refused("keeps its values in another file")
    }
    let stored = Int(clamping: H5Dget_storage_size(handle.id))
    switch H5Pget_layout(creation.id) {
    case H5D_CONTIGUOUS:
      guard size > 0 else { break }
      let offset = H5Dget_offset(handle.id)
      guard stored == size, offset != hornbill_no_address(),
        Int(clamping: offset).addingReportingOverflow(size).partialValue <= fileSize,
        Int(clamping: offset) <= fileSize
      else {
        throw refused("needs \(size) bytes, but \(stored) are stored in a file of \(fileSize)")
      }
    case H5D_COMPACT:
      guard stored == size else { throw refused("needs \(size) bytes, but \(stored) are stored") }
    case H5D_CHUNKED:
      guard stored <= fileSize, size / Self.maximumRatio <= stored, size == 0 || stored > 0 else {
        throw refused("needs \(size) bytes, but \(stored) are stored, compressed")
      }
    default: throw refused("has a virtual or unknown storage layout")
    }
    try checkFilters(creation)
  }

  private func checkFilters(_ creation: borrowing HDF5Handle) throws(KerasError) {
    let count = try HDF5Library.check(H5Pget_nfilters(creation.id), "read the filters")
    for index in 0..<count {
      var flags: UInt32 = 0
      var parameters = 0
      let filter = H5Pget_filter2(
        creation.id, UInt32(index), &flags, &parameters, nil, 0, nil, nil)
      guard [H5Z_FILTER_DEFLATE, H5Z_FILTER_SHUFFLE, H5Z_FILTER_FLETCHER32].contains(filter) else {
        throw refused("uses filter \(filter); expected deflate, shuffle or fletcher32")
      }
    }
  }
}
