import KerasFormat
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reads fixtures/text and, where a user has them, the UCI files.
enum TextFixture {
  static let root: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()

  static let uciFolder = root + "/../shared/data/uci-sentiment"
  static var hasUCI: Bool { access(uciFolder, R_OK) == 0 }

  static func bytes(_ path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "rb"), "\(path) is not there")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  static func json(_ name: String) throws -> JSON {
    try JSON(parsing: bytes("\(root)/fixtures/text/\(name)"))
  }
}

extension JSON {
  /// A member that a fixture must have.
  subscript(key: String) -> JSON { object?[key] ?? .null }

  var strings: [String] { array?.compactMap(\.string) ?? [] }
  var integers: [Int] { array?.compactMap(\.integer) ?? [] }
  var sequence: [Int32] { integers.map { Int32($0) } }
  var sequences: [[Int32]] { array?.map(\.sequence) ?? [] }
}
