internal import CKerasHDF5
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The one owner of libhdf5 in the process.
///
/// A lock is held around a whole read or a whole write, whatever the library's own build promises.
/// No handle leaves it, and no `deinit` takes it.
enum HDF5Library {
  /// The driver that reads bytes, once the library has been started.
  private static let lock = Mutex<hid_t?>(nil)

  /// Runs `body` alone, with the library started and silent on this thread, and gives it the driver
  /// through which files are read.
  static func exclusively<Result: Sendable>(
    _ body: (_ driver: hid_t) throws(KerasError) -> Result
  ) throws(KerasError) -> Result {
    try lock.withLock { (started) throws(KerasError) -> Result in
      if started == nil { started = try start() }
      guard let driver = started else { preconditionFailure("started above") }
      // The error stack, and so whether it prints, belongs to the thread.
      try check(hornbill_silence_errors(), "silence the HDF5 library")
      return try body(driver)
    }
  }

  /// Turns off what a file could use to reach other files or code. Unregistering external links
  /// later, with objects open, was seen to crash at exit.
  private static func start() throws(KerasError) -> hid_t {
    for name in [
      "HDF5_PLUGIN_PATH", "HDF5_PLUGIN_PRELOAD", "HDF5_EXT_PREFIX", "HDF5_EXTFILE_PREFIX",
      "HDF5_VDS_PREFIX", "HDF5_DEBUG", "HDF5_DISABLE_VERSION_CHECK", "HDF5_USE_FILE_LOCKING",
      "HDF5_DRIVER", "HDF5_DRIVER_CONFIG", "HDF5_VOL_CONNECTOR",
    ] {
      unsetenv(name)
    }
    try check(H5open(), "start the HDF5 library")
    try check(hornbill_unregister_external_links(), "turn external links off")
    try check(H5PLset_loading_state(0), "turn filter plugins off")
    return try check(hornbill_register_driver(), "add a file driver")
  }

  /// `1.10.8`
  static func version() throws(KerasError) -> String {
    try exclusively { (_) throws(KerasError) -> String in
      var major: UInt32 = 0
      var minor: UInt32 = 0
      var release: UInt32 = 0
      try check(H5get_libversion(&major, &minor, &release), "ask the HDF5 library's version")
      return "\(major).\(minor).\(release)"
    }
  }

  // MARK: - Return codes

  /// The one helper through which every return code goes: negative is a failure.
  @discardableResult
  static func check<Code: SignedInteger>(
    _ code: Code, _ action: String
  ) throws(KerasError) -> Code {
    guard code >= 0 else {
      let reason = innermostReason().map { ": \($0)" } ?? ""
      throw KerasError(.damagedFile, "the HDF5 library cannot \(action)\(reason)")
    }
    return code
  }

  /// The library's own words at the bottom of this thread's error stack.
  private static func innermostReason() -> String? {
    var reason: String?
    _ = withUnsafeMutablePointer(to: &reason) { pointer in
      hornbill_walk_errors(
        { _, entry, context in
          guard let context, let text = entry?.pointee.desc else { return 0 }
          context.assumingMemoryBound(to: String?.self).pointee = String(cString: text)
          return 1
        }, pointer)
    }
    return reason
  }
}

/// An identifier of the library that is closed when it goes out of scope.
///
/// What a close returns is not looked at: everything written is in memory and its image is taken,
/// with its return codes checked, before anything closes.
struct HDF5Handle: ~Copyable {
  let id: hid_t
  private let close: (hid_t) -> herr_t

  init(
    _ id: hid_t, _ action: String, close: @escaping (hid_t) -> herr_t
  ) throws(KerasError) {
    self.id = try HDF5Library.check(id, action)
    self.close = close
  }

  deinit { _ = close(id) }
}
