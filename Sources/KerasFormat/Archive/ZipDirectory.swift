/// The table at the end of a ZIP archive: finds it, reads it, and compares it with what stands in
/// front of each member (PKWARE's APPNOTE 6.3, sections 4.3 to 4.5).
struct ZipDirectory {
  let region: ByteRegion

  /// Members above this size that shrink more than ``maximumRatio`` times are refused as bombs.
  static let smallSize = 1 << 20
  static let maximumRatio = 100
  static let maximumMembers = 10_000
  /// The largest directory, in bytes: 6,700 for each member.
  static let maximumSize = 64 << 20

  private enum Signature {
    static let local = 0x0403_4b50
    static let central = 0x0201_4b50
    static let end = 0x0605_4b50
    static let endLocator64 = 0x0706_4b50
  }

  static func damaged(_ message: String, _ member: String? = nil, offset: Int? = nil) -> KerasError
  {
    KerasError(.damagedFile, message, at: .init(path: member.map { [$0] } ?? [], offset: offset))
  }

  func members() throws(KerasError) -> [ZipArchive.Member] {
    let end = try endRecord()
    let directory = try ByteReader(region, end.directoryOffset..<end.offset)
    var members: [ZipArchive.Member] = []
    var names: Set<String> = []
    var offset = end.directoryOffset
    for _ in 0..<end.count {
      let (member, next) = try entry(directory, at: offset, limit: end.offset)
      offset = next
      guard names.insert(member.name).inserted else {
        throw Self.damaged("the archive holds the member twice", member.name)
      }
      guard member.dataOffset + member.compressedSize <= end.directoryOffset else {
        throw Self.damaged("the member runs into the directory", member.name)
      }
      members.append(member)
    }
    guard offset == end.offset else {
      throw Self.damaged("the directory ends before its end record", offset: offset)
    }
    try checkOverlap(members)
    return members.filter { !$0.name.hasSuffix("/") }
  }

  // MARK: - End record

  private func endRecord() throws(KerasError) -> (offset: Int, count: Int, directoryOffset: Int) {
    let total = region.count
    let reader = try ByteReader(region, max(0, total - 22 - 0xFFFF - 20)..<total)
    // 22 bytes and a comment of at most 65535, which must reach exactly to the end of the file.
    var candidate = total - 22
    while candidate >= max(0, total - 22 - 0xFFFF) {
      if reader.uint32(candidate) == Signature.end, let comment = reader.uint16(candidate + 20),
        candidate + 22 + comment == total
      {
        break
      }
      candidate -= 1
    }
    guard candidate >= max(0, total - 22 - 0xFFFF), let disk = reader.uint16(candidate + 4),
      let startDisk = reader.uint16(candidate + 6), let onDisk = reader.uint16(candidate + 8),
      let count = reader.uint16(candidate + 10), let size = reader.uint32(candidate + 12),
      let start = reader.uint32(candidate + 16)
    else {
      throw Self.damaged("the ZIP archive has no end record; it is cut off or has bytes appended")
    }
    guard disk == 0, startDisk == 0, onDisk == count else {
      throw Self.damaged("the ZIP archive is one of several disks", offset: candidate)
    }
    guard reader.uint32(candidate - 20) != Signature.endLocator64, count != 0xFFFF,
      size != 0xFFFF_FFFF, start != 0xFFFF_FFFF
    else {
      throw Self.damaged("the ZIP archive uses the zip64 extension, for archives above 4 GiB")
    }
    guard size <= Self.maximumSize else {
      throw Self.damaged("the directory has \(size) bytes, more than \(Self.maximumSize)")
    }
    guard start + size == candidate else {
      throw Self.damaged(
        "the directory of \(size) bytes at \(start) does not reach the end record at \(candidate)")
    }
    guard count <= Self.maximumMembers else {
      throw Self.damaged("the archive holds \(count) members, more than \(Self.maximumMembers)")
    }
    return (candidate, count, start)
  }

  // MARK: - Entries

  private func entry(
    _ reader: ByteReader, at offset: Int, limit: Int
  ) throws(KerasError) -> (ZipArchive.Member, Int) {
    guard reader.uint32(offset) == Signature.central, let maker = reader.uint16(offset + 4),
      let flags = reader.uint16(offset + 8), let method = reader.uint16(offset + 10),
      let checksum = reader.uint32(offset + 16), let compressed = reader.uint32(offset + 20),
      let size = reader.uint32(offset + 24), let nameLength = reader.uint16(offset + 28),
      let extra = reader.uint16(offset + 30), let comment = reader.uint16(offset + 32),
      let attributes = reader.uint32(offset + 38), let header = reader.uint32(offset + 42)
    else { throw Self.damaged("no directory entry where one should stand", offset: offset) }
    let next = offset + 46 + nameLength + extra + comment
    guard next <= limit, let name = reader.text(offset + 46, nameLength) else {
      throw Self.damaged("a member's name is no UTF-8 or runs out of the file", offset: offset)
    }
    try checkName(name)
    guard flags & ~0x080E == 0 else {
      let what = flags & 1 != 0 ? "is encrypted" : "has the unknown flags \(flags)"
      throw Self.damaged("the member \(what)", name)
    }
    guard method == 0 || method == 8 else {
      throw Self.damaged("compression method \(method); expected 0 (stored) or 8 (deflate)", name)
    }
    guard compressed != 0xFFFF_FFFF, size != 0xFFFF_FFFF, header != 0xFFFF_FFFF else {
      throw Self.damaged("the member uses the zip64 extension, for files above 4 GiB", name)
    }
    guard maker >> 8 != 3 || (attributes >> 16) & 0xF000 != 0xA000 else {
      throw Self.damaged("the member is a symbolic link", name)
    }
    guard method == 8 || compressed == size else {
      throw Self.damaged("stored as it is, yet \(compressed) bytes stand for \(size)", name)
    }
    guard size <= Self.smallSize || size / Self.maximumRatio <= compressed else {
      throw Self.damaged(
        "inflates from \(compressed) to \(size) bytes, more than \(Self.maximumRatio) times", name)
    }
    guard !name.hasSuffix("/") || size == 0 else {
      throw Self.damaged("the folder holds bytes of its own", name)
    }
    var member = ZipArchive.Member(
      name: name, size: size, isCompressed: method == 8, compressedSize: compressed,
      checksum: UInt32(truncatingIfNeeded: checksum), headerOffset: header, dataOffset: 0)
    member.dataOffset = try dataOffset(of: member, flags: flags, method: method)
    return (member, next)
  }

  /// Where the bytes start, after the header in front of them, which must tell the same story.
  private func dataOffset(
    of member: ZipArchive.Member, flags: Int, method: Int
  ) throws(KerasError) -> Int {
    let offset = member.headerOffset
    let reader = try ByteReader(region, offset..<offset + 30 + member.name.utf8.count)
    guard reader.uint32(offset) == Signature.local, let localFlags = reader.uint16(offset + 6),
      let localMethod = reader.uint16(offset + 8), let checksum = reader.uint32(offset + 14),
      let compressed = reader.uint32(offset + 18), let size = reader.uint32(offset + 22),
      let nameLength = reader.uint16(offset + 26), let extra = reader.uint16(offset + 28)
    else {
      throw Self.damaged("no header at byte \(offset), where the directory has it", member.name)
    }
    // With flag 3 the sizes follow the data, and the header may hold zeros.
    let isDeferred = flags & 8 != 0 && checksum == 0 && compressed == 0 && size == 0
    let agrees =
      localFlags == flags && localMethod == method
      && reader.text(offset + 30, nameLength) == member.name
      && (isDeferred
        || checksum == Int(member.checksum) && compressed == member.compressedSize
          && size == member.size)
    guard agrees else {
      throw Self.damaged("the member's header disagrees with the directory", member.name)
    }
    return offset + 30 + nameLength + extra
  }

  private func checkName(_ name: String) throws(KerasError) {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let isFolder = name.hasSuffix("/")
    let bad =
      name.isEmpty || name.hasPrefix("/") || parts.contains("..") || parts.contains(".")
      || parts.dropLast(isFolder ? 1 : 0).contains("")
      || name.unicodeScalars.contains { $0 == "\\" || $0 == ":" || $0.value < 0x20 }
    guard !bad else {
      throw Self.damaged("the member name \"\(name.prefix(80))\" is no plain relative path")
    }
  }

  private func checkOverlap(_ members: [ZipArchive.Member]) throws(KerasError) {
    var end = 0
    for member in members.sorted(by: { $0.headerOffset < $1.headerOffset }) {
      guard member.headerOffset >= end else {
        throw Self.damaged("the member overlaps another", member.name)
      }
      end = member.dataOffset + member.compressedSize
    }
  }
}
