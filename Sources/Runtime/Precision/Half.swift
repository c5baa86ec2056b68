/// A number of one of TensorFlow's 16-bit types, with its arithmetic: every operation is taken in
/// `Float` and rounded. For sums, products, quotients and roots that is the correctly rounded
/// result, because a `Float` has more than twice as many digits.
///
/// It lies in memory as a `Float`, so that kernels can work on it in float32 and round at their
/// end.
/// `Float16` does not exist on every platform.
struct Half<Format: NarrowFormat>: Sendable, BitwiseCopyable {
  /// The number, exactly.
  var wide: Float

  init(unrounded wide: Float) { self.wide = wide }
}

// MARK: - Rounding

extension Half {
  init(_ value: Float) { wide = Format.nearest(value) }
  init(_ value: Double) { self.init(Float(value)) }
  init(_ value: Int) { self.init(Float(value)) }
  init<Source: BinaryInteger>(_ value: Source) { self.init(Float(value)) }
  init<Source: BinaryFloatingPoint>(_ value: Source) { self.init(Float(value)) }

  init?<Source: BinaryInteger>(exactly value: Source) {
    guard let float = Float(exactly: value), Format.nearest(float) == float else { return nil }
    wide = float
  }

  init?<Source: BinaryFloatingPoint>(exactly value: Source) {
    guard let float = Float(exactly: value), Format.nearest(float) == float else { return nil }
    wide = float
  }

  static func + (a: Half, b: Half) -> Half { Half(a.wide + b.wide) }
  static func - (a: Half, b: Half) -> Half { Half(a.wide - b.wide) }
  static func * (a: Half, b: Half) -> Half { Half(a.wide * b.wide) }
  static func / (a: Half, b: Half) -> Half { Half(a.wide / b.wide) }
  static func += (a: inout Half, b: Half) { a = a + b }
  static func -= (a: inout Half, b: Half) { a = a - b }
  static func *= (a: inout Half, b: Half) { a = a * b }
  static func /= (a: inout Half, b: Half) { a = a / b }
  static prefix func - (a: Half) -> Half { Half(unrounded: -a.wide) }

  mutating func formSquareRoot() { self = Half(wide.squareRoot()) }
  mutating func addProduct(_ a: Half, _ b: Half) { self = Half(wide.addingProduct(a.wide, b.wide)) }
  mutating func formRemainder(dividingBy other: Half) {
    self = Half(wide.remainder(dividingBy: other.wide))
  }
  mutating func formTruncatingRemainder(dividingBy other: Half) {
    self = Half(wide.truncatingRemainder(dividingBy: other.wide))
  }
  mutating func round(_ rule: FloatingPointRoundingRule) { wide.round(rule) }
}

// MARK: - What every floating-point type says of itself

/// As a `Float` says it, whose bits these are.
extension Half: BinaryFloatingPoint {
  typealias RawSignificand = UInt32
  typealias RawExponent = UInt
  typealias Exponent = Int
  typealias Stride = Half

  static var exponentBitCount: Int { Float.exponentBitCount }
  static var significandBitCount: Int { Float.significandBitCount }
  static var radix: Int { 2 }
  static var nan: Half { Half(unrounded: .nan) }
  static var signalingNaN: Half { Half(unrounded: .signalingNaN) }
  static var infinity: Half { Half(unrounded: .infinity) }
  static var pi: Half { Half(Float.pi) }
  static var greatestFiniteMagnitude: Half { Half(unrounded: .greatestFiniteMagnitude) }
  static var leastNormalMagnitude: Half { Half(unrounded: .leastNormalMagnitude) }
  static var leastNonzeroMagnitude: Half { Half(unrounded: .leastNonzeroMagnitude) }

  init(sign: FloatingPointSign, exponentBitPattern: UInt, significandBitPattern: UInt32) {
    self.init(
      Float(
        sign: sign, exponentBitPattern: exponentBitPattern,
        significandBitPattern: significandBitPattern))
  }
  init(sign: FloatingPointSign, exponent: Int, significand: Half) {
    self.init(Float(sign: sign, exponent: exponent, significand: significand.wide))
  }
  init(signOf sign: Half, magnitudeOf magnitude: Half) {
    wide = Float(signOf: sign.wide, magnitudeOf: magnitude.wide)
  }
  init(floatLiteral value: Float) { self.init(value) }
  init(integerLiteral value: Int) { self.init(Float(value)) }

  var exponentBitPattern: UInt { wide.exponentBitPattern }
  var significandBitPattern: UInt32 { wide.significandBitPattern }
  var sign: FloatingPointSign { wide.sign }
  var exponent: Int { wide.exponent }
  var significand: Half { Half(unrounded: wide.significand) }
  var binade: Half { Half(unrounded: wide.binade) }
  var significandWidth: Int { wide.significandWidth }
  var ulp: Half { Half(unrounded: wide.ulp) }
  var nextUp: Half { Half(unrounded: wide.nextUp) }
  var magnitude: Half { Half(unrounded: wide.magnitude) }
  var isNormal: Bool { wide.isNormal }
  var isFinite: Bool { wide.isFinite }
  var isZero: Bool { wide.isZero }
  var isSubnormal: Bool { wide.isSubnormal }
  var isInfinite: Bool { wide.isInfinite }
  var isNaN: Bool { wide.isNaN }
  var isSignalingNaN: Bool { wide.isSignalingNaN }
  var isCanonical: Bool { true }

  func isEqual(to other: Half) -> Bool { wide == other.wide }
  func isLess(than other: Half) -> Bool { wide < other.wide }
  func isLessThanOrEqualTo(_ other: Half) -> Bool { wide <= other.wide }
  func isTotallyOrdered(belowOrEqualTo other: Half) -> Bool {
    wide.isTotallyOrdered(belowOrEqualTo: other.wide)
  }
  func distance(to other: Half) -> Half { other - self }
  func advanced(by distance: Half) -> Half { self + distance }

  static func == (a: Half, b: Half) -> Bool { a.wide == b.wide }
  static func < (a: Half, b: Half) -> Bool { a.wide < b.wide }
  static func <= (a: Half, b: Half) -> Bool { a.wide <= b.wide }
  func hash(into hasher: inout Hasher) { hasher.combine(wide) }
}
