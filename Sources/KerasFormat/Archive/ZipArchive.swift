/// A ZIP archive in memory, read with suspicion: the `.keras` container.
///
/// The whole directory is checked when the archive is opened; a member is inflated, and its CRC-32
/// checked, when its bytes are asked for. Nothing is ever unpacked to disk.
public struct ZipArchive: Sendable {
  /// One file of the archive, as its directory describes it.
  public struct Member: Sendable, Equatable {
    public var name: String
    /// Bytes once inflated.
    public var size: Int
    public var isCompressed: Bool
    var compressedSize: Int
    var checksum: UInt32
    var headerOffset: Int
    var dataOffset: Int
  }

  /// In the order of the directory; entries for folders are left out.
  public let members: [Member]
  private let bytes: [UInt8]

  /// Opens an archive.
  ///
  /// - Throws: ``KerasError/Code/damagedFile`` naming the member and what is wrong with it.
  public init(reading bytes: [UInt8]) throws(KerasError) {
    self.bytes = bytes
    members = try ZipDirectory(reader: ByteReader(bytes: bytes)).members()
  }

  public subscript(name: String) -> Member? { members.first { $0.name == name } }

  /// The bytes of a member, inflated and checked.
  public func bytes(of member: Member) throws(KerasError) -> [UInt8] {
    let stored = bytes[member.dataOffset..<member.dataOffset + member.compressedSize]
    let content =
      member.isCompressed
      ? try Deflate.inflate(stored, size: member.size, member: member.name) : Array(stored)
    let found = Deflate.checksum(content)
    guard found == member.checksum else {
      throw ZipDirectory.damaged(
        "checksum \(hex(found)), but the directory says \(hex(member.checksum))", member.name)
    }
    return content
  }

  /// The bytes of the member of that name.
  public func bytes(of name: String) throws(KerasError) -> [UInt8] {
    guard let member = self[name] else {
      let names = members.prefix(8).map(\.name).joined(separator: ", ")
      throw KerasError(
        .damagedFile, "the archive holds no \(name)",
        hint: members.isEmpty ? "it is empty" : "it holds \(names)")
    }
    return try bytes(of: member)
  }

  private func hex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
