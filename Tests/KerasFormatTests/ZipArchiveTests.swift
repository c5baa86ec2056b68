import KerasFormat
import Testing

@Suite struct ZipArchiveTests {
  static let config = [UInt8](String(repeating: "config ", count: 40).utf8)

  @Test(arguments: ["stored", "deflated"])
  func `archives by Python's zipfile are read`(name: String) throws {
    let archive = try ZipArchive(reading: try FormatFixture.bytes("zip/\(name).zip"))
    #expect(archive.members.map(\.name) == ["metadata.json", "config.json", "assets/empty.txt"])
    #expect(try archive.bytes(of: "metadata.json") == Array("{\"a\": 1}".utf8))
    #expect(try archive.bytes(of: "config.json") == Self.config)
    #expect(try archive.bytes(of: "assets/empty.txt") == [])
  }

  @Test func `an archive with sizes behind the data and a folder entry is read`() throws {
    let archive = try ZipArchive(reading: try FormatFixture.bytes("zip/streamed.zip"))
    #expect(archive.members.map(\.name) == ["config.json"])
    #expect(try archive.bytes(of: "config.json") == Self.config)
  }

  @Test(arguments: [ZipArchive.Method.stored, .deflate])
  func `what is written reads back`(method: ZipArchive.Method) throws {
    let bytes = try ZipArchive.write(
      members: [("b.json", Self.config), ("a/empty", [])], method: method)
    let archive = try ZipArchive(reading: bytes)
    #expect(archive.members.map(\.name) == ["b.json", "a/empty"])
    #expect(try archive.bytes(of: "b.json") == Self.config)
    #expect(try archive.bytes(of: "a/empty") == [])
  }

  @Test func `every cut is refused`() throws {
    let bytes = try FormatFixture.bytes("zip/stored.zip")
    for length in 0..<bytes.count {
      #expect(throws: KerasError.self) { try ZipArchive(reading: Array(bytes[..<length])) }
    }
  }

  @Test func `a flipped byte inside a member fails its checksum`() throws {
    var bytes = try FormatFixture.bytes("zip/stored.zip")
    bytes[30 + "metadata.json".utf8.count + 2] ^= 0xFF
    let archive = try ZipArchive(reading: bytes)
    #expect(message { try archive.bytes(of: "metadata.json") }.hasPrefix("metadata.json: checksum"))
  }

  @Test func `a missing member is named with those that are there`() throws {
    let archive = try ZipArchive(reading: try FormatFixture.bytes("zip/stored.zip"))
    #expect(
      message { try archive.bytes(of: "model.weights.h5") }
        == "the archive holds no model.weights.h5; it holds metadata.json, config.json, assets/empty.txt"
    )
  }

  // MARK: - Hostile archives

  /// One stored member, with bytes of its directory entry (and header, by `both`) changed.
  private func altered(
    name: String = "config.json", content: [UInt8] = [1, 2, 3], entry: Int? = nil,
    to value: [UInt8], header: Int? = nil
  ) throws -> [UInt8] {
    var bytes = try ZipArchive.write(members: [(name, content)])
    let directory = 30 + name.utf8.count + content.count
    for (index, byte) in value.enumerated() {
      if let entry { bytes[directory + entry + index] = byte }
      if let header { bytes[header + index] = byte }
    }
    return bytes
  }

  @Test(arguments: ["../config.json", "/etc/passwd", "a\\b", "C:x", "a//b", "./a", "a\u{0}b", ""])
  func `names that leave the archive are refused`(name: String) throws {
    let bytes = try ZipArchive.write(members: [(name, [1])])
    #expect(message { try ZipArchive(reading: bytes) }.contains("is no plain relative path"))
  }

  @Test func `a member that comes twice is refused`() throws {
    let bytes = try ZipArchive.write(members: [("a", [1]), ("a", [2])])
    #expect(message { try ZipArchive(reading: bytes) } == "a: the archive holds the member twice")
  }

  @Test func `an encrypted member is refused`() throws {
    let bytes = try altered(entry: 8, to: [1, 0], header: 6)
    #expect(message { try ZipArchive(reading: bytes) } == "config.json: the member is encrypted")
  }

  @Test func `another compression method is refused`() throws {
    let bytes = try altered(entry: 10, to: [14, 0], header: 8)
    #expect(
      message { try ZipArchive(reading: bytes) }
        == "config.json: compression method 14; expected 0 (stored) or 8 (deflate)")
  }

  @Test func `a header that disagrees with the directory is refused`() throws {
    let bytes = try altered(to: [0x41], header: 30)
    #expect(
      message { try ZipArchive(reading: bytes) }
        == "config.json: the member's header disagrees with the directory")
  }

  @Test func `a symbolic link is refused`() throws {
    let bytes = try altered(entry: 40, to: [0xFF, 0xA1])
    #expect(
      message { try ZipArchive(reading: bytes) }
        == "config.json: the member is a symbolic link")
  }

  @Test func `two members over the same bytes are refused`() throws {
    var bytes = try ZipArchive.write(members: [("a", [1, 2]), ("a", [1, 2])])
    let second = 2 * 33 + 47
    bytes[second + 42] = 0
    bytes[second + 46] = UInt8(ascii: "a")
    bytes[2 * 33 + 42] = 0
    let shown = message { try ZipArchive(reading: bytes) }
    #expect(shown == "a: the archive holds the member twice" || shown.contains("overlaps"))
  }

  @Test func `a bomb is refused before it is inflated`() throws {
    let zeros = [UInt8](repeating: 0, count: 4 << 20)
    let bytes = try ZipArchive.write(members: [("config.json", zeros)], method: .deflate)
    #expect(message { try ZipArchive(reading: bytes) }.hasSuffix("bytes, more than 100 times"))
  }

  @Test func `a size other than declared is refused`() throws {
    var bytes = try ZipArchive.write(members: [("a", Self.config)], method: .deflate)
    let directory = try #require(
      (0..<bytes.count).first {
        Array(bytes[$0...].prefix(4)) == [0x50, 0x4B, 1, 2]
      })
    bytes[directory + 24] -= 1
    bytes[22] -= 1
    let archive = try ZipArchive(reading: bytes)
    #expect(
      message { try archive.bytes(of: "a") }
        == "a: the compressed bytes are damaged: 280 of 279 bytes came out")
  }

  @Test func `zip64 and bytes after the end are refused`() throws {
    let bytes = try ZipArchive.write(members: [("a", [1])])
    #expect(
      message { try ZipArchive(reading: bytes + [0]) }
        == "the ZIP archive has no end record; it is cut off or has bytes appended")
    let large = try altered(entry: 24, to: [255, 255, 255, 255], header: 22)
    #expect(
      message { try ZipArchive(reading: large) }
        == "config.json: the member uses the zip64 extension, for files above 4 GiB")
  }
}
