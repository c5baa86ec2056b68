import Foundation
import KerasFormat

/// Reads TensorBoard's event files, with a checksum and a decoder of its own.
enum EventReader {
  struct Entry: Equatable {
    var run: String
    var step: Int
    var tag: String
    var plugin = ""
    var value: Double?
    /// Of TensorFlow 2: left, right, count, bucket after bucket. Of TensorFlow 1: minimum, maximum,
    /// number, sum, sum of squares, limits, counts.
    var histogram: [Double] = []
    var dataClass = 0
    var content: [UInt8] = []
  }

  /// The values in all event files of a folder, runs in order.
  static func entries(in folder: String) throws -> [Entry] {
    let names = (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? [])
      .filter { $0.contains("tfevents") }.sorted()
    var entries: [Entry] = []
    for name in names {
      let slash = name.lastIndex(of: "/")
      let run = slash.map { String(name[..<$0]) } ?? "."
      for event in try records(FileBytes.read("\(folder)/\(name)")) {
        let fields = Field.all(event)
        let step = fields.first { $0.number == 2 }.map { Int($0.word) } ?? 0
        for summary in fields where summary.number == 5 {
          for value in Field.all(summary.bytes) where value.number == 1 {
            entries.append(entry(value.bytes, run, step))
          }
        }
      }
    }
    return entries
  }

  private static func entry(_ bytes: [UInt8], _ run: String, _ step: Int) -> Entry {
    var entry = Entry(run: run, step: step, tag: "")
    for field in Field.all(bytes) {
      switch field.number {
      case 1: entry.tag = field.text
      case 2: entry.value = Double(Float(bitPattern: UInt32(field.word)))
      case 5:
        for part in Field.all(field.bytes) {
          entry.histogram +=
            part.number <= 5 ? [Double(bitPattern: part.word)] : doubles(part.bytes)
        }
      case 8:
        let tensor = Field.all(field.bytes)
        if let number = tensor.first(where: { $0.number == 5 }) {
          entry.value = Double(Float(bitPattern: UInt32(number.word)))
        }
        if let raw = tensor.first(where: { $0.number == 4 }) {
          entry.histogram = doubles(raw.bytes)
        }
      case 9:
        for part in Field.all(field.bytes) {
          if part.number == 4 { entry.dataClass = Int(part.word) }
          guard part.number == 1 else { continue }
          for plugin in Field.all(part.bytes) {
            if plugin.number == 1 { entry.plugin = plugin.text }
            if plugin.number == 2 { entry.content = plugin.bytes }
          }
        }
      default: break
      }
    }
    return entry
  }

  private static func doubles(_ bytes: [UInt8]) -> [Double] {
    stride(from: 0, to: bytes.count, by: 8).map { Double(bitPattern: little(bytes[$0..<$0 + 8])) }
  }

  private static func little(_ bytes: some Collection<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  struct Damaged: Error { var offset: Int }

  /// The events, after checking both checksums of each.
  static func records(_ bytes: [UInt8]) throws -> [[UInt8]] {
    var events: [[UInt8]] = []
    var offset = 0
    while offset < bytes.count {
      guard offset + 12 <= bytes.count else { throw Damaged(offset: offset) }
      let length = Int(little(bytes[offset..<offset + 8]))
      guard little(bytes[offset + 8..<offset + 12]) == checksum(bytes[offset..<offset + 8]),
        offset + 16 + length <= bytes.count
      else { throw Damaged(offset: offset) }
      let event = Array(bytes[offset + 12..<offset + 12 + length])
      let end = offset + 12 + length
      guard little(bytes[end..<end + 4]) == checksum(event[...]) else { throw Damaged(offset: end) }
      events.append(event)
      offset = end + 4
    }
    return events
  }

  /// Bit by bit, from the polynomial's definition.
  static func checksum(_ bytes: some Collection<UInt8>) -> UInt64 {
    var crc: UInt32 = .max
    for byte in bytes {
      for bit in 0..<8 {
        let top = (crc ^ UInt32(byte >> bit)) & 1
        crc = crc >> 1 ^ (top == 1 ? 0x82F6_3B78 : 0)
      }
    }
    crc = ~crc
    return UInt64((crc >> 15 | crc << 17) &+ 0xA282_EAD8)
  }

  /// One field of a protobuf message.
  struct Field {
    var number: Int
    var word: UInt64 = 0
    var bytes: [UInt8] = []
    var text: String { String(decoding: bytes, as: UTF8.self) }

    static func all(_ message: [UInt8]) -> [Field] {
      var fields: [Field] = []
      var offset = 0
      func varint() -> UInt64 {
        var (value, shift): (UInt64, UInt64) = (0, 0)
        while offset < message.count {
          let byte = message[offset]
          offset += 1
          value |= UInt64(byte & 0x7F) << shift
          if byte < 0x80 { break }
          shift += 7
        }
        return value
      }
      while offset < message.count {
        let tag = varint()
        var field = Field(number: Int(tag >> 3))
        let size: Int
        switch tag & 7 {
        case 0:
          field.word = varint()
          size = 0
        case 1: size = 8
        case 5: size = 4
        default: size = Int(varint())
        }
        let part = Array(message[offset..<min(message.count, offset + size)])
        offset += size
        if tag & 7 == 2 { field.bytes = part } else if size > 0 { field.word = little(part) }
        fields.append(field)
      }
      return fields
    }
  }
}
