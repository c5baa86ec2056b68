extension ZipArchive {
  /// How members are written. Keras stores; both read back.
  public enum Method: Sendable { case stored, deflate }

  /// The bytes of an archive, as Keras writes a `.keras` file: members in the order given, no extra
  /// fields, mode 0600, and the date 1980-01-01 on all, so that equal models give equal files.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` above 4 GiB.
  public static func write(
    members: [(name: String, bytes: [UInt8])], method: Method = .stored
  ) throws(KerasError) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(members.reduce(1024) { $0 + $1.bytes.count + 256 })
    var directory: [UInt8] = []
    for (name, bytes) in members {
      let content = method == .stored ? bytes : try Deflate.deflate(bytes)
      let start = output.count
      guard start + content.count + 1024 < 0xFFFF_FFFF, bytes.count < 0xFFFF_FFFF else {
        throw KerasError(
          .unsupportedConfiguration, "a .keras archive above 4 GiB cannot be written",
          at: .init(path: [name]), hint: "write .h5")
      }
      // Version 2.0, no flags, method, 00:00 on 1980-01-01, CRC-32, sizes, name length, no extra.
      var description: [UInt8] = []
      description.append(little: 20, bytes: 2)
      description.append(little: 0, bytes: 2)
      description.append(little: method == .stored ? 0 : 8, bytes: 2)
      description.append(little: 0, bytes: 2)
      description.append(little: 0x21, bytes: 2)
      description.append(little: Int(Deflate.checksum(bytes)), bytes: 4)
      description.append(little: content.count, bytes: 4)
      description.append(little: bytes.count, bytes: 4)
      description.append(little: name.utf8.count, bytes: 2)
      description.append(little: 0, bytes: 2)

      output.append(contentsOf: [0x50, 0x4B, 0x03, 0x04])
      output.append(contentsOf: description)
      output.append(contentsOf: name.utf8)
      output.append(contentsOf: content)

      directory.append(contentsOf: [0x50, 0x4B, 0x01, 0x02])
      directory.append(little: 3 << 8 | 20, bytes: 2)  // made by Unix
      directory.append(contentsOf: description)
      directory.append(little: 0, bytes: 6)  // no comment, first disk, no internal attributes
      directory.append(little: 0o600 << 16, bytes: 4)
      directory.append(little: start, bytes: 4)
      directory.append(contentsOf: name.utf8)
    }
    let start = output.count
    output.append(contentsOf: directory)
    output.append(contentsOf: [0x50, 0x4B, 0x05, 0x06])
    output.append(little: 0, bytes: 4)
    output.append(little: members.count, bytes: 2)
    output.append(little: members.count, bytes: 2)
    output.append(little: directory.count, bytes: 4)
    output.append(little: start, bytes: 4)
    output.append(little: 0, bytes: 2)
    return output
  }
}

extension [UInt8] {
  fileprivate mutating func append(little value: Int, bytes: Int) {
    for index in 0..<bytes { append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
  }
}
