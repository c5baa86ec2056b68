#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The operating system's last error in a `KerasError`'s words.
package func systemError(_ action: String, _ path: String, number: Int32 = errno) -> KerasError {
  let reason = String(cString: strerror(number))
  let code: KerasError.Code = number == ENOENT || number == ENOTDIR ? .fileNotFound : .inputOutput
  return KerasError(code, "cannot \(action): \(reason)", at: .init(file: path))
}

/// What `stat` says of a path, as far as files of ours need it.
struct FileStatus {
  enum Kind { case file, folder, other }
  var kind: Kind
  var permissions: mode_t
  var size: Int

  /// `nil` where nothing is there or it cannot be asked.
  init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      default: .other
      }
    permissions = status.st_mode & 0o7777
    size = Int(status.st_size)
  }
}
