/// A ZIP archive in memory or in an open file, read with suspicion: the `.keras` container.
///
/// The whole directory is checked when the archive is opened; a member is inflated, and its CRC-32
/// checked, when its bytes are asked for. Nothing is ever unpacked to disk.
public struct ZipArchive: Sendable {
  /// One file of the archive, as its directory describes it.
  public struct Member: Sendable, Equatable {
    /// The path inside the archive, its parts joined by `/`.
    public var name: String
    /// Bytes once inflated.
    public var size: Int
    /// Whether it is deflated rather than stored as it is.
    public var isCompressed: Bool
    var compressedSize: Int
    var checksum: UInt32
    var headerOffset: Int
    var dataOffset: Int
  }

  /// In the order of the directory; entries for folders are left out.
  public let members: [Member]
  private let region: ByteRegion

  /// Opens an archive.
  ///
  /// - Throws: ``KerasError/Code/damagedFile`` naming the member and what is wrong with it.
  public init(reading bytes: [UInt8]) throws(KerasError) {
    try self.init(ByteRegion(bytes))
  }

  init(_ region: ByteRegion) throws(KerasError) {
    self.region = region
    members = try ZipDirectory(region: region).members()
  }

  /// The member of that name; `nil` where there is none.
  public subscript(name: String) -> Member? { members.first { $0.name == name } }

  /// The bytes of a member, inflated and checked.
  ///
  /// - Throws: ``KerasError/Code/damagedFile`` where they cannot be inflated, or have another
  ///   length or checksum than the directory says.
  public func bytes(of member: Member) throws(KerasError) -> [UInt8] {
    let stored = try self.stored(member).bytes()
    let content =
      member.isCompressed
      ? try Deflate.inflate(stored, size: member.size, member: member.name) : stored
    try check(Deflate.checksum(content), member)
    return content
  }

  /// The bytes of the member of that name, checked. They are left where they lie unless they have
  /// to be inflated.
  func region(of name: String) throws(KerasError) -> ByteRegion {
    let member = try member(name)
    if member.isCompressed { return ByteRegion(try bytes(of: member)) }
    let stored = stored(member)
    var checksum = Deflate.Checksum()
    let part = 1 << 18
    for start in stride(from: 0, to: stored.count, by: part) {
      try stored.bytes(start..<min(start + part, stored.count)).withUnsafeBytes { checksum.add($0) }
    }
    try check(checksum.value, member)
    return stored
  }

  private func stored(_ member: Member) -> ByteRegion {
    region[member.dataOffset..<member.dataOffset + member.compressedSize]
  }

  private func check(_ found: UInt32, _ member: Member) throws(KerasError) {
    guard found == member.checksum else {
      throw ZipDirectory.damaged(
        "checksum \(hex(found)), but the directory says \(hex(member.checksum))", member.name)
    }
  }

  /// The bytes of the member of that name.
  ///
  /// - Throws: ``KerasError/Code/damagedFile`` where there is no such member, or it is not what the
  ///   directory says.
  public func bytes(of name: String) throws(KerasError) -> [UInt8] {
    try bytes(of: member(name))
  }

  private func member(_ name: String) throws(KerasError) -> Member {
    guard let member = self[name] else {
      let names = members.prefix(8).map(\.name).joined(separator: ", ")
      throw KerasError(
        .damagedFile, "the archive holds no \(name)",
        hint: members.isEmpty ? "it is empty" : "it holds \(names)")
    }
    return member
  }

  private func hex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
