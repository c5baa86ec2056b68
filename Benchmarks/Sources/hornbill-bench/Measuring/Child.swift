import Foundation
import KerasFormat

/// This program started again, or another one, and what it took.
struct Child {
  /// Kilobytes of memory that it held at its peak.
  let peakKilobytes: Int
  let status: Int32

  /// - Parameter silent: whether what it prints is thrown away.
  init(_ program: String, _ arguments: [String], silent: Bool = true) throws(KerasError) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if silent {
      posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
      posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    }
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var child: pid_t = 0
    let error = posix_spawnp(&child, program, &actions, nil, words, environ)
    guard error == 0 else {
      throw KerasError(
        .invalidArgument, "\(program) could not be started: \(String(cString: strerror(error)))")
    }
    var (status, usage): (Int32, rusage) = (0, rusage())
    wait4(child, &status, 0, &usage)
    self.status = status
    #if os(Linux)
      peakKilobytes = usage.ru_maxrss
    #else
      peakKilobytes = usage.ru_maxrss / 1024
    #endif
  }

  /// This program's own file.
  static var me: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
  }
}
