/// Reads whole files.
public enum FileBytes {
  /// The bytes of the file at `path`.
  ///
  /// - Throws: ``KerasError/Code/fileNotFound``, or ``KerasError/Code/inputOutput`` with the
  ///   system's reason; a folder is refused by name.
  public static func read(_ path: String) throws(KerasError) -> [UInt8] {
    try OpenFile(path).readToEnd()
  }
}
