import KerasFormat
import Testing

@Suite struct NumericArrayTests {
  @Test func `floats become halves as NumPy rounds them`() throws {
    let words = try words(FormatFixture.bytes("npy/halves.bin"))
    for index in stride(from: 0, to: words.count, by: 3) {
      let value = Float(bitPattern: words[index])
      let half = NumericArray(shape: [], floats: [value], as: .float16)
      #expect(half.elements == .float16([UInt16(words[index + 1])]), "\(value)")
      let brain = NumericArray(shape: [], floats: [value], as: .bfloat16)
      #expect(brain.elements == .bfloat16([UInt16(words[index + 2])]), "\(value)")
    }
  }

  @Test func `every half has NumPy's value and goes back to its bits`() throws {
    let archive = try ZipArchive(reading: FormatFixture.bytes("npy/float16_values.zip"))
    let expected = try words(archive.bytes(of: "values.bin"))
    let bits = (0...UInt16.max).map { $0 }
    let floats = NumericArray(shape: [bits.count], .float16(bits)).floats()
    var wrong = 0
    for (index, float) in floats.enumerated() {
      let want = Float(bitPattern: expected[index])
      if float.bitPattern != want.bitPattern, !(float.isNaN && want.isNaN) { wrong += 1 }
      if !float.isNaN, HalfPrecision.float16(float) != bits[index] { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  private func words(_ bytes: [UInt8]) throws -> [UInt32] {
    let array = NumericArray(shape: [bytes.count / 4], littleEndian: bytes, as: .uint32)
    guard case .uint32(let words) = array.elements else { return [] }
    return words
  }

  @Test(arguments: [
    "f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1",
  ])
  func `an array by numpy.save is read, and written again byte for byte`(type: String) throws {
    let bytes = try FormatFixture.bytes("npy/\(type).npy")
    let array = try NumericArray(npy: bytes)
    #expect(array.shape == [2, 3])
    let expected: [Double] =
      type == "b1"
      ? [0, 1, 1, 1, 1, 1] : (0..<6).map { Double($0 - (type.first == "u" ? 0 : 2)) }
    #expect(array.doubles() == expected)
    #expect(array.npy() == bytes)
  }

  @Test(arguments: ["scalar", "vector", "empty"])
  func `odd shapes are written as NumPy does`(name: String) throws {
    let bytes = try FormatFixture.bytes("npy/\(name).npy")
    #expect(try NumericArray(npy: bytes).npy() == bytes)
  }

  @Test(arguments: ["big_endian", "fortran", "version2", "version3"])
  func `other orders and versions hold the same numbers`(name: String) throws {
    let array = try NumericArray(npy: try FormatFixture.bytes("npy/\(name).npy"))
    #expect(array == NumericArray(shape: [2, 3, 4], .float32((0..<24).map { Float($0) * 1.5 })))
  }

  @Test func `bytes that are no number array are refused by name`() throws {
    #expect(
      message { try NumericArray(npy: FormatFixture.bytes("npy/complex.npy")) }
        == "the .npy element type '<c8' is no plain number type; "
        + "save it with .astype(\"float32\") or .astype(\"int32\")")
    #expect(
      message { try NumericArray(npy: FormatFixture.bytes("npy/text.npy")) }
        .hasPrefix("the .npy element type '<U1' is no plain number type"))
    let bytes = try FormatFixture.bytes("npy/f4.npy")
    #expect(
      message { try NumericArray(npy: Array(bytes.dropLast())) }
        == "23 bytes follow the .npy header, but shape [2, 3] of float32 needs 24")
    #expect(
      message { try NumericArray(npy: Array(bytes.dropFirst())) }
        == "the bytes are no .npy array: the magic string is missing")
    for length in 0..<bytes.count {
      #expect(throws: KerasError.self) { try NumericArray(npy: Array(bytes[..<length])) }
    }
  }
}
