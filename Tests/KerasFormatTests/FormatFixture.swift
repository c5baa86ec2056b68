import KerasFormat
import Testing

/// Files under `fixtures/format`, made by the scripts that lie there.
enum FormatFixture {
  static func path(_ name: String, file: String = #filePath) -> String {
    let root = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    return root.joined(separator: "/") + "/fixtures/format/" + name
  }

  static func bytes(_ name: String) throws -> [UInt8] { try FileBytes.read(path(name)) }

  static func text(_ name: String) throws -> String {
    String(decoding: try bytes(name), as: UTF8.self)
  }
}

/// The line that people read when `body` throws.
func message<T>(_ body: () throws -> T, sourceLocation: SourceLocation = #_sourceLocation) -> String
{
  do {
    _ = try body()
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    return ""
  } catch {
    return "\(error)"
  }
}
