import KerasFormat
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct AtomicFileTests {
  /// A fresh folder, removed with what is in it when `body` returns.
  private func withFolder(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/hornbill-XXXXXX".utf8CString)
    let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
    defer {
      for name in names(in: folder) { remove("\(folder)/\(name)") }
      rmdir(folder)
    }
    try body(folder)
  }

  private func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  @Test func `bytes come back, and nothing else stays in the folder`() throws {
    try withFolder { folder in
      for size in [0, 1, 70_000, 3_000_000] {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try AtomicFile.write(bytes, to: "\(folder)/a")
        #expect(try FileBytes.read("\(folder)/a") == bytes)
        #expect(names(in: folder) == ["a"])
      }
    }
  }

  @Test func `a replaced file keeps its permissions, and a link stays a link`() throws {
    try withFolder { folder in
      try AtomicFile.write([1], to: "\(folder)/a")
      chmod("\(folder)/a", 0o640)
      symlink("a", "\(folder)/link")
      try AtomicFile.write([2, 3], to: "\(folder)/link")
      #expect(try FileBytes.read("\(folder)/a") == [2, 3])
      var status = stat()
      #expect(lstat("\(folder)/a", &status) == 0 && status.st_mode & 0o777 == 0o640)
      #expect(lstat("\(folder)/link", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    }
  }

  @Test func `folders, missing folders and missing files are named`() throws {
    try withFolder { folder in
      #expect(
        message { try AtomicFile.write([1], to: folder) }
          == "\(folder): is a folder, expected a file name")
      #expect(message { try FileBytes.read(folder) } == "\(folder): is a folder, expected a file")
      #expect(
        message { try AtomicFile.write([1], to: "\(folder)/no/a") }
          == "\(folder)/no/a: the folder \(folder)/no is not there; create it first")
      #expect(
        message { try FileBytes.read("\(folder)/a") }
          == "\(folder)/a: cannot open the file: No such file or directory")
      #expect(
        message { try AtomicFile.write([1], to: "/dev/full") }
          == "/dev/full: is no regular file, which cannot be replaced as a whole")
    }
  }
}
