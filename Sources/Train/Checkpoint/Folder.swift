import KerasFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Folders and names, as far as callbacks and reports need them.
package enum Folder {
  /// Makes the folders above `path` that are not there.
  static func create(above path: String) throws(KerasError) {
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
    try create(String(path[..<slash]))
  }

  /// Makes a folder and those above it, as far as they are not there.
  ///
  /// - Throws: ``KerasError/Code/inputOutput`` naming the folder that cannot be made.
  package static func create(_ folder: String) throws(KerasError) {
    guard !folder.isEmpty, access(folder, F_OK) != 0 else { return }
    try create(above: folder)
    guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
      throw systemError("create the folder", folder)
    }
  }

  package static func hasFile(_ path: String) -> Bool { access(path, F_OK) == 0 }

  static func move(_ path: String, to target: String) throws(KerasError) {
    guard rename(path, target) == 0 else { throw systemError("rename the file", path) }
  }

  static func removeFile(_ path: String) throws(KerasError) {
    guard unlink(path) == 0 || errno == ENOENT else { throw systemError("remove the file", path) }
  }

  /// Removes a folder that holds nothing.
  static func removeIfEmpty(_ folder: String) { _ = rmdir(folder) }
}

/// A file that grows line by line, each written at once.
final class AppendedFile {
  let path: String
  private let descriptor: Int32
  private(set) var length: Int

  /// Opens a file to write behind what it holds, or, emptied, from its start.
  init(_ path: String, emptying: Bool) throws(KerasError) {
    try Folder.create(above: path)
    let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (emptying ? O_TRUNC : 0)
    let opened = open(path, flags, 0o666)
    guard opened >= 0 else { throw systemError("open the file", path) }
    let end = lseek(opened, 0, SEEK_END)
    guard end >= 0 else {
      let error = systemError("write behind the end of", path)
      _ = close(opened)
      throw error
    }
    self.path = path
    descriptor = opened
    length = Int(end)
  }

  deinit { _ = close(descriptor) }

  func append(_ bytes: [UInt8]) throws(KerasError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { systemWrite(descriptor, $0, from: done) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw systemError("write the file", path) }
      done += count
    }
    length += bytes.count
  }

  /// Cuts off what comes after `length` bytes.
  func cut(to length: Int) throws(KerasError) {
    guard ftruncate(descriptor, off_t(length)) == 0 else {
      throw systemError("cut the file", path)
    }
    self.length = length
  }

  /// Whether a file begins with no line to read: it is missing or empty.
  static func firstLineIsEmpty(_ path: String) throws(KerasError) -> Bool {
    guard Folder.hasFile(path) else { return true }
    return try FileBytes.read(path).isEmpty
  }
}

private func systemWrite(
  _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, from start: Int
) -> Int {
  write(descriptor, bytes.baseAddress.map { $0 + start }, bytes.count - start)
}
