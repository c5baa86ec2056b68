#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How many processors the machine has.
public enum ProcessorCount {
  /// Those in use; 1 where the system does not tell.
  public static let online = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
}
