import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Writes whole files so that a reader, a crash or a full disk meets the old file or the new one,
/// never half of one: a temporary file in the same folder, `fsync`, `rename`, `fsync` of the
/// folder.
public enum AtomicFile {
  private static let counter = Atomic<Int>(0)

  /// Writes `bytes` to `path`. A file that is replaced keeps its permission bits, and a symbolic
  /// link stays one: what it points to is replaced. On failure the old file is untouched and the
  /// temporary one removed.
  ///
  /// - Throws: ``KerasError/Code/fileNotFound`` when the folder is missing, otherwise
  ///   ``KerasError/Code/inputOutput`` with the system's reason.
  public static func write(_ bytes: [UInt8], to path: String) throws(KerasError) {
    let target = try target(of: path)
    let old = FileStatus(of: target)
    let (folder, name) = split(target)
    let number = counter.add(1, ordering: .relaxed).newValue
    let temporary = "\(folder)/.\(name.prefix(100)).\(getpid()).\(number).tmp"

    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR {
        throw KerasError(
          .fileNotFound, "the folder \(folder) is not there", at: .init(file: path),
          hint: "create it first")
      }
      throw systemError("create a file in \(folder)", path)
    }
    do throws(KerasError) {
      do throws(KerasError) {
        try writeAll(bytes, to: descriptor, path)
        if let old, fchmod(descriptor, old.permissions) != 0 {
          throw systemError("keep the permissions", path)
        }
        guard fsync(descriptor) == 0 else { throw systemError("write the file", path) }
      } catch {
        _ = close(descriptor)
        throw error
      }
      guard close(descriptor) == 0 else { throw systemError("write the file", path) }
      guard rename(temporary, target) == 0 else { throw systemError("replace the file", path) }
    } catch {
      _ = unlink(temporary)
      throw error
    }
    try syncFolder(folder, path)
  }

  /// Finds out whether `path` could be written now, for programs that work long before they write.
  ///
  /// - Throws: as ``write(_:to:)`` does for a missing folder, a folder in the place of the file,
  ///   and missing permission.
  public static func checkTarget(_ path: String) throws(KerasError) {
    let folder = split(try target(of: path)).folder
    guard access(folder, F_OK) == 0 else {
      throw KerasError(
        .fileNotFound, "the folder \(folder) is not there", at: .init(file: path),
        hint: "create it first")
    }
    guard access(folder, W_OK | X_OK) == 0 else {
      throw systemError("create a file in \(folder)", path)
    }
  }

  /// The path that is really replaced, after checking that it can be.
  private static func target(of path: String) throws(KerasError) -> String {
    guard !path.isEmpty else {
      throw KerasError(.invalidArgument, "the path to write to is empty")
    }
    guard let status = FileStatus(of: path) else { return path }
    switch status.kind {
    case .folder:
      throw KerasError(.inputOutput, "is a folder, expected a file name", at: .init(file: path))
    case .other:
      throw KerasError(
        .inputOutput, "is no regular file, which cannot be replaced as a whole",
        at: .init(file: path))
    case .file:
      // A rename would replace a read-only file without asking.
      guard access(path, W_OK) == 0 else { throw systemError("replace the file", path) }
    }
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = path[..<slash]
    return (folder.isEmpty ? "/." : String(folder), String(path[path.index(after: slash)...]))
  }

  private static func writeAll(
    _ bytes: [UInt8], to descriptor: Int32, _ path: String
  ) throws(KerasError) {
    var written = 0
    while written < bytes.count {
      let length = bytes.withUnsafeBytes { buffer in
        systemWrite(descriptor, UnsafeRawBufferPointer(rebasing: buffer[written...]))
      }
      if length < 0 {
        if errno == EINTR { continue }
        throw systemError("write the file", path)
      }
      written += length
    }
  }

  /// Makes the rename itself last. Some file systems cannot sync a folder and say `EINVAL`.
  private static func syncFolder(_ folder: String, _ path: String) throws(KerasError) {
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { _ = close(descriptor) }
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw systemError("sync the folder of the file", path)
    }
  }
}

private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawBufferPointer) -> Int {
  write(descriptor, buffer.baseAddress, buffer.count)
}
