import KerasFormat
import KerasRuntime

/// What tells one run's data from another's: shapes, and a hash of every number.
struct DataFingerprint: Sendable, Equatable {
  var training: String
  var validation: String

  init(_ data: Dataset, _ settings: FitSettings) {
    training = Self.describe(data)
    validation = settings.validationData.map(Self.describe) ?? "none"
  }

  init(training: String, validation: String) {
    self.training = training
    self.validation = validation
  }

  func check(_ other: DataFingerprint) throws(KerasError) {
    for (what, own, given) in [
      ("rows to train on", training, other.training),
      ("rows to validate on", validation, other.validation),
    ] where own != given {
      throw KerasError(
        .invalidData, "these are not the \(what) of the run that stopped: \(given), not \(own)",
        hint: "a run goes on only with the same data")
    }
  }

  /// The hash of nothing.
  static let emptyHash: UInt64 = 0xCBF2_9CE4_8422_2325

  /// `64x50 int32 and 64 float32, 9a3c…`: shapes and types, then the hash.
  private static func describe(_ data: Dataset) -> String {
    var hash = emptyHash
    var parts: [String] = []
    for array in data.inputs + data.targets + data.sampleWeights.compactMap({ $0 }) {
      let extents = array.shape.map(String.init).joined(separator: "x")
      parts.append("\(extents) \(array.elements.type.rawValue)")
      mix(array.littleEndianBytes, into: &hash)
    }
    return "\(parts.joined(separator: " and ")), \(String(hash, radix: 16))"
  }

  /// FNV-1a over words of eight bytes, each spread by a multiplication of its own: every bit of the
  /// data reaches the upper half of the hash.
  static func mix(_ bytes: [UInt8], into hash: inout UInt64) {
    var hash64 = hash
    func take(_ word: UInt64) {
      hash64 ^= word &* 0x9E37_79B9_7F4A_7C15
      hash64 = (hash64 << 29 | hash64 >> 35) &* 0x0000_0100_0000_01B3
      hash64 ^= hash64 >> 32
    }
    bytes.withUnsafeBytes { buffer in
      var index = 0
      while index + 8 <= buffer.count {
        take(UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
        index += 8
      }
      var rest: UInt64 = UInt64(buffer.count)
      while index < buffer.count {
        rest = rest << 8 | UInt64(buffer[index])
        index += 1
      }
      take(rest)
    }
    hash = hash64
  }
}
