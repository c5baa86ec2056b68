/// Writes the wire format of Protocol Buffers: tag and value, field by field. TensorBoard's
/// messages need no more of it than varints, fixed numbers and length-delimited bytes.
///
/// Source: <https://protobuf.dev/programming-guides/encoding/>
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  init() {}

  /// A message whose fields `body` writes.
  init(_ body: (inout ProtobufWriter) -> Void) { body(&self) }

  mutating func varint(_ field: Int, _ value: Int) {
    tag(field, 0)
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func double(_ field: Int, _ value: Double) {
    tag(field, 1)
    little(value.bitPattern)
  }

  mutating func float(_ field: Int, _ value: Float) {
    tag(field, 5)
    little(value.bitPattern)
  }

  mutating func string(_ field: Int, _ value: String) { data(field, Array(value.utf8)) }

  mutating func message(_ field: Int, _ body: (inout ProtobufWriter) -> Void) {
    data(field, ProtobufWriter(body).bytes)
  }

  /// `repeated double`, packed.
  mutating func doubles(_ field: Int, _ values: [Double]) {
    var packed = ProtobufWriter()
    for value in values { packed.little(value.bitPattern) }
    data(field, packed.bytes)
  }

  mutating func data(_ field: Int, _ value: [UInt8]) {
    tag(field, 2)
    varint(UInt64(value.count))
    bytes += value
  }

  private mutating func tag(_ field: Int, _ type: UInt64) { varint(UInt64(field) << 3 | type) }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func little(_ value: some FixedWidthInteger) {
    var rest = value
    for _ in 0..<rest.bitWidth / 8 {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }
}
