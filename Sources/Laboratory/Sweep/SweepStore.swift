import KerasFormat
import KerasTrain

/// Finished runs on disk, a file each, whole or not there at all.
struct SweepStore: Sendable {
  let folder: String

  init(_ folder: String) { self.folder = folder }

  /// The run, where it is there and was made from the same; `nil` else.
  func run(_ run: Sweep.Run, _ fingerprint: String) throws(KerasError) -> SweepRun? {
    try kept(run).flatMap { $0.fingerprint == fingerprint ? $0 : nil }
  }

  /// The run as it lies there, whatever it was made from; `nil` where there is none.
  private func kept(_ run: Sweep.Run) throws(KerasError) -> SweepRun? {
    let path = path(of: run)
    guard Folder.hasFile(path) else { return nil }
    do throws(KerasError) {
      let text = String(decoding: try FileBytes.read(path), as: UTF8.self)
      return try SweepRun(json: JSON(parsing: text), run: run)
    } catch {
      var damage = error.inFile(path)
      if damage.code != .inputOutput {
        damage.hint = "delete this file, and the same command makes the run anew"
      }
      throw damage
    }
  }

  /// Finds out whether the file of a run can be written, and read where it is there.
  func check(_ run: Sweep.Run) throws(KerasError) {
    try AtomicFile.checkTarget(path(of: run))
    _ = try kept(run)
  }

  func keep(_ run: SweepRun) throws(KerasError) {
    let text = JSON.object(run.json).pythonText(indent: 1) + "\n"
    try AtomicFile.write(Array(text.utf8), to: path(of: run.run))
  }

  private func path(of run: Sweep.Run) -> String { "\(folder)/\(Self.fileName(run)).json" }

  /// A run's name as one of a file: what is no letter, digit or one of `=,.-+` becomes `_`, and
  /// where that or a cut loses something, a number made of the whole name stands behind.
  static func fileName(_ run: Sweep.Run) -> String {
    let name = run.name
    let plain = String(
      name.unicodeScalars.map { scalar -> Character in
        let isPlain =
          scalar.isASCII
          && (scalar.properties.isAlphabetic || "0123456789=,.-+".unicodeScalars.contains(scalar))
        return isPlain ? Character(scalar) : "_"
      }.prefix(150))
    guard plain != name else { return name }
    let hash = name.utf8.reduce(UInt32(0x811C_9DC5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    return "\(plain)-\(String(hash, radix: 16))"
  }
}
