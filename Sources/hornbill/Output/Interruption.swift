import KerasTrain
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Ctrl-C (and TERM) during training: stops it between two batches, so that what was learned is
/// saved. A second one ends the program at once.
final class Interruption: Callback {
  /// The signal that came, 0 for none.
  private static let signal = Atomic<Int32>(0)

  init() {
    for number in [SIGINT, SIGTERM] {
      // Only what is allowed in a handler: an atomic store, and restoring the default.
      #if canImport(Darwin)
        Darwin.signal(number) { Interruption.take($0) }
      #elseif canImport(Musl)
        Musl.signal(number) { Interruption.take($0) }
      #else
        Glibc.signal(number) { Interruption.take($0) }
      #endif
    }
    // A parent may have started us with signals blocked, and a block outlives the start.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  private static func take(_ number: Int32) {
    signal.store(number, ordering: .relaxed)
    #if canImport(Darwin)
      Darwin.signal(number, SIG_DFL)
    #elseif canImport(Musl)
      Musl.signal(number, SIG_DFL)
    #else
      Glibc.signal(number, SIG_DFL)
    #endif
  }

  /// Whether a signal has come.
  static var came: Bool { signal.load(ordering: .relaxed) != 0 }

  /// 128 + the signal, as shells report it.
  static var exitStatus: Int32 { 128 + signal.load(ordering: .relaxed) }

  var isInterrupted: Bool { Self.came }
}
