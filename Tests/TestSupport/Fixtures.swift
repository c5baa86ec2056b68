import Foundation
import KerasFormat
import KerasRuntime

/// The files that the real Kerases wrote, under `fixtures/`.
package enum Fixtures {
  /// The path of a file there.
  package static func path(_ name: String, source: String = #filePath) -> String {
    let root = source.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    return root.joined(separator: "/") + "/fixtures/" + name
  }

  /// The folders in a folder there, by name; none when it is missing.
  package static func folders(_ name: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path(name))) ?? []
    return names.filter { FileManager.default.fileExists(atPath: path("\(name)/\($0)/.")) }.sorted()
  }

  package static func array(_ name: String) throws(KerasError) -> NumericArray {
    try NumericArray(npy: FileBytes.read(path(name)))
  }

  /// The bytes of a file there; those of `layers/<Kind>/…` and the like are packed.
  package static func bytes(_ name: String) throws(KerasError) -> [UInt8] {
    let parts = name.split(separator: "/", maxSplits: 2).map(String.init)
    guard ["layers", "graphs", "keras1", "textlayers", "optimizers"].contains(parts[0]),
      parts.count == 3
    else {
      return try FileBytes.read(path(name))
    }
    let archive = try ZipArchive(reading: FileBytes.read(path("\(parts[0])/\(parts[1]).zip")))
    return try archive.bytes(of: parts[2])
  }
}
