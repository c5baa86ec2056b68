/// FarmHash's 64-bit fingerprint (Google's farmhash, `farmhashna::Hash64`), by which TensorFlow
/// spreads unknown words over several indices: `tf.strings.to_hash_bucket_fast`.
enum Fingerprint64 {
  private static let k0: UInt64 = 0xC3A5_C85C_97CB_3127
  private static let k1: UInt64 = 0xB492_B66F_BE98_F273
  private static let k2: UInt64 = 0x9AE1_6A3B_2F90_404F

  static func of(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    switch bytes.count {
    case 0...16: upTo16(bytes)
    case 17...32: upTo32(bytes)
    case 33...64: upTo64(bytes)
    default: long(bytes)
    }
  }

  // MARK: - Parts

  private static func word(_ bytes: UnsafeBufferPointer<UInt8>, _ offset: Int) -> UInt64 {
    var word: UInt64 = 0
    for i in (0..<8).reversed() { word = word << 8 | UInt64(bytes[offset + i]) }
    return word
  }

  private static func half(_ bytes: UnsafeBufferPointer<UInt8>, _ offset: Int) -> UInt64 {
    var word: UInt64 = 0
    for i in (0..<4).reversed() { word = word << 8 | UInt64(bytes[offset + i]) }
    return word
  }

  private static func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
    value >> bits | value << (64 - bits)
  }

  private static func mixed(_ value: UInt64) -> UInt64 { value ^ value >> 47 }

  private static func combined(_ u: UInt64, _ v: UInt64, _ factor: UInt64) -> UInt64 {
    let a = mixed((u ^ v) &* factor)
    return mixed((v ^ a) &* factor) &* factor
  }

  private static func factor(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    k2 &+ UInt64(bytes.count) &* 2
  }

  // MARK: - By length

  private static func upTo16(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let count = bytes.count
    if count >= 8 {
      let (a, b) = (word(bytes, 0) &+ k2, word(bytes, count - 8))
      let factor = factor(bytes)
      return combined(
        rotated(b, 37) &* factor &+ a, (rotated(a, 25) &+ b) &* factor, factor)
    }
    if count >= 4 {
      return combined(
        UInt64(count) &+ half(bytes, 0) << 3, half(bytes, count - 4), factor(bytes))
    }
    guard count > 0 else { return k2 }
    let y = UInt64(bytes[0]) + UInt64(bytes[count >> 1]) << 8
    let z = UInt64(count) + UInt64(bytes[count - 1]) << 2
    return mixed(y &* k2 ^ z &* k0) &* k2
  }

  private static func upTo32(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let (count, factor) = (bytes.count, factor(bytes))
    let (a, b) = (word(bytes, 0) &* k1, word(bytes, 8))
    let (c, d) = (word(bytes, count - 8) &* factor, word(bytes, count - 16) &* k2)
    return combined(
      rotated(a &+ b, 43) &+ rotated(c, 30) &+ d, a &+ rotated(b &+ k2, 18) &+ c, factor)
  }

  private static func upTo64(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let (count, factor) = (bytes.count, factor(bytes))
    let (a, b) = (word(bytes, 0) &* k2, word(bytes, 8))
    let (c, d) = (word(bytes, count - 8) &* factor, word(bytes, count - 16) &* k2)
    let y = rotated(a &+ b, 43) &+ rotated(c, 30) &+ d
    let z = combined(y, a &+ rotated(b &+ k2, 18) &+ c, factor)
    let (e, f) = (word(bytes, 16) &* factor, word(bytes, 24))
    let g = (y &+ word(bytes, count - 32)) &* factor
    let h = (z &+ word(bytes, count - 24)) &* factor
    return combined(
      rotated(e &+ f, 43) &+ rotated(g, 30) &+ h, e &+ rotated(f &+ a, 18) &+ g, factor)
  }

  private typealias Pair = (first: UInt64, second: UInt64)

  private static func weak(
    _ bytes: UnsafeBufferPointer<UInt8>, _ offset: Int, _ first: UInt64, _ second: UInt64
  ) -> Pair {
    let z = word(bytes, offset + 24)
    let a = first &+ word(bytes, offset)
    let b = rotated(second &+ a &+ z, 21)
    let sum = a &+ word(bytes, offset + 8) &+ word(bytes, offset + 16)
    return (sum &+ z, b &+ rotated(sum, 44) &+ a)
  }

  private static func long(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let seed: UInt64 = 81
    var y = seed &* k1 &+ 113
    var z = mixed(y &* k2 &+ 113) &* k2
    var (v, w): (Pair, Pair) = ((0, 0), (0, 0))
    var x = seed &* k2 &+ word(bytes, 0)
    let end = (bytes.count - 1) / 64 * 64
    for s in stride(from: 0, to: end, by: 64) {
      x = rotated(x &+ y &+ v.first &+ word(bytes, s + 8), 37) &* k1
      y = rotated(y &+ v.second &+ word(bytes, s + 48), 42) &* k1
      x ^= w.second
      y = y &+ v.first &+ word(bytes, s + 40)
      z = rotated(z &+ w.first, 33) &* k1
      v = weak(bytes, s, v.second &* k1, x &+ w.first)
      w = weak(bytes, s + 32, z &+ w.second, y &+ word(bytes, s + 16))
      swap(&z, &x)
    }
    let factor = k1 &+ (z & 0xFF) << 1
    let s = bytes.count - 64
    w.first = w.first &+ UInt64((bytes.count - 1) & 63)
    v.first = v.first &+ w.first
    w.first = w.first &+ v.first
    x = rotated(x &+ y &+ v.first &+ word(bytes, s + 8), 37) &* factor
    y = rotated(y &+ v.second &+ word(bytes, s + 48), 42) &* factor
    x ^= w.second &* 9
    y = y &+ v.first &* 9 &+ word(bytes, s + 40)
    z = rotated(z &+ w.first, 33) &* factor
    v = weak(bytes, s, v.second &* factor, x &+ w.first)
    w = weak(bytes, s + 32, z &+ w.second, y &+ word(bytes, s + 16))
    swap(&z, &x)
    return combined(
      combined(v.first, w.first, factor) &+ mixed(y) &* k0 &+ z,
      combined(v.second, w.second, factor) &+ x, factor)
  }
}
