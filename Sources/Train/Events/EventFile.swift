import KerasFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A TensorBoard event file: records of a length, its masked CRC-32C, an `Event`, and that one's.
///
/// Each record is written out at once; a program that is killed leaves whole records behind.
///
/// Source: `tensorflow/core/lib/io/record_writer.h`, `tensorflow/core/util/event.proto`
final class EventFile {
  private let file: AppendedFile
  private let time: () -> Double

  /// Opens a new file in `folder`, which is made where it is not there.
  ///
  /// - Parameters:
  ///   - suffix: what TensorFlow 2 puts behind the name.
  ///   - time: seconds since 1970.
  init(in folder: String, suffix: String, time: @escaping () -> Double) throws(KerasError) {
    self.time = time
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(
      decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    var number = 0
    var path = ""
    repeat {
      path = "\(folder)/events.out.tfevents.\(Int(time())).\(host).\(getpid()).\(number)\(suffix)"
      number += 1
    } while Folder.hasFile(path)
    file = try AppendedFile(path, emptying: false)
    try write { $0.string(3, "brain.Event:2") }
  }

  /// Writes one value of a step.
  func add(_ summary: Summary, step: Int) throws(KerasError) {
    try write { event in
      if step != 0 { event.varint(2, step) }
      event.message(5) { $0.data(1, summary.bytes) }
    }
  }

  private func write(_ body: (inout ProtobufWriter) -> Void) throws(KerasError) {
    let event = ProtobufWriter {
      $0.double(1, time())
      body(&$0)
    }
    let length = Self.little(UInt64(event.bytes.count), 8)
    try file.append(
      length + Self.little(UInt64(CRC32C.masked(length)), 4) + event.bytes
        + Self.little(UInt64(CRC32C.masked(event.bytes)), 4))
  }

  private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  /// Seconds since 1970.
  static func now() -> Double {
    var moment = timespec()
    clock_gettime(CLOCK_REALTIME, &moment)
    return Double(moment.tv_sec) + Double(moment.tv_nsec) * 1e-9
  }
}
