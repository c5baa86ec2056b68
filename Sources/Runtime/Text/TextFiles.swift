import KerasFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How a file of texts is laid out.
public enum TextFormat: String, Sendable, CaseIterable {
  /// `text<TAB>label`, without a header.
  case tsv
  /// Commas, with a header that names the columns.
  case csv
  /// One JSON object a line.
  case jsonl
  /// One text a line; blank lines are passed over, as in the other formats.
  case lines

  /// By the file's extension: `.csv`, `.jsonl`, `.tsv` and `.txt` (both tabs), else ``lines``.
  public init(path: String) {
    switch Self.fileExtension(path) {
    case "tsv", "txt": self = .tsv
    case "csv": self = .csv
    case "jsonl": self = .jsonl
    default: self = .lines
    }
  }

  static func fileExtension(_ path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  /// The files that `path` means: itself, or for a folder the `.tsv`, `.txt`, `.csv` and `.jsonl`
  /// files in it, sorted by name. Hidden files and read-me files are passed over.
  ///
  /// - Throws: ``KerasError/Code/fileNotFound`` where nothing is there,
  ///   ``KerasError/Code/invalidData`` for a folder without such files.
  public static func files(at path: String) throws(KerasError) -> [String] {
    guard let folder = opendir(path) else {
      if errno == ENOTDIR { return [path] }
      throw systemError("open", path)
    }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
        field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee))
        {
          String(cString: $0)
        }
      }
      let isReadMe = name.lowercased().hasPrefix("readme")
      if !name.hasPrefix("."), !isReadMe, TextFormat(path: name) != .lines { names.append(name) }
    }
    guard !names.isEmpty else {
      throw KerasError(
        .invalidData, "the folder has no .tsv, .txt, .csv or .jsonl file", at: .init(file: path))
    }
    // By bytes, so that the order does not hang on anybody's language.
    names.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    return names.map { path.hasSuffix("/") ? path + $0 : path + "/" + $0 }
  }
}
