import KerasFormat
import Testing

@Suite struct HDF5FileTests {
  @Test func `every type that h5py stores is read`() throws {
    let root = try HDF5File.read(try FormatFixture.bytes("hdf5/types.h5"))
    for type in ElementType.allCases where type != .bfloat16 {
      for prefix in type == .bool ? [""] : ["", "big_"] {
        guard case .dataset(let dataset) = root.children[prefix + type.rawValue] else {
          Issue.record("\(prefix)\(type) is missing")
          continue
        }
        #expect(dataset.array.elements.type == type)
        #expect(dataset.array.shape == [2, 3])
        let wrap = type == .int8 ? { $0 > 127 ? $0 - 256 : $0 } : { (value: Double) in value }
        let expected = (0..<6).map { type == .bool ? Double($0 % 2) : wrap(Double($0 * 40)) }
        #expect(dataset.array.doubles() == expected, "\(prefix)\(type)")
      }
    }
    #expect(
      root.children["bfloat16"]
        == .dataset(
          HDF5Dataset(
            NumericArray(shape: [3], .bfloat16([0x3F80, 0xC020, 0x7F62])),
            attributes: ["dtype": .string("bfloat16")])))
    #expect(
      root.children["scalar"]
        == .dataset(HDF5Dataset(NumericArray(shape: [], .float32([1.5])))))
    #expect(
      root.children["none"]
        == .dataset(HDF5Dataset(NumericArray(shape: [0, 3], .float32([])))))
    #expect(
      root.children["squeezed"]
        == .dataset(HDF5Dataset(NumericArray(shape: [5000], .int32((0..<5000).map { $0 })))))
  }

  @Test func `every kind of attribute is read`() throws {
    let root = try HDF5File.read(try FormatFixture.bytes("hdf5/types.h5"))
    let expected: HDF5Members<HDF5Attribute> = [
      "text": .string("é", .variableUTF8),
      "bytes": .string("ascii", .variableASCII),
      "fixed": .string("fixed", .fixedASCII),
      "fixed_list": .strings(["a", "bcd"], .fixedASCII),
      "list": .strings(["x", "yé"], .variableUTF8),
      "nothing": .emptyList,
      "integer": .numbers(NumericArray(shape: [], .int64([3]))),
      "numbers": .numbers(NumericArray(shape: [3], .float64([0, 1, 2]))),
      "flag": .numbers(NumericArray(shape: [], .bool([true]))),
    ]
    #expect(root.group(at: ["a", "b", "c"])?.attributes == expected)
  }

  @Test func `what is written reads back equal, and twice the same bytes`() throws {
    let root = try HDF5File.read(try FormatFixture.bytes("hdf5/types.h5"))
    let bytes = try HDF5File.write(root)
    #expect(try HDF5File.read(bytes) == root)
    #expect(try HDF5File.write(root) == bytes)
  }

  @Test func `a big group and long texts survive`() throws {
    var root = HDF5Group()
    for index in 0..<3000 {
      root.children["dense_\(index)"] = .dataset(
        HDF5Dataset(NumericArray(shape: [1], .float32([Float(index)]))))
    }
    root.attributes["model_config"] = .string(
      String(repeating: "x", count: 300_000), .variableASCII)
    #expect(try HDF5File.read(try HDF5File.write(root)) == root)
  }

  @Test func `what HDF5 cannot hold is refused by name`() {
    var root = HDF5Group()
    root.children["a/b"] = .group(HDF5Group())
    #expect(
      message { try HDF5File.write(root) }
        == "a/b: HDF5 cannot hold an object of this name")
    root = HDF5Group(attributes: [
      "x": .strings([String(repeating: "x", count: 70_000)], .fixedASCII)
    ])
    #expect(
      message { try HDF5File.write(root) }
        == "@x: an attribute of 70000 bytes; HDF5 holds 64512")
  }

  private var whole: String { "whole numbers of 1, 2, 4 or 8 bytes, or bool" }

  @Test(arguments: [
    ("soft", "link: is a soft or external link; only hard links are followed"),
    ("external_link", "layers/link: is a soft or external link; only hard links are followed"),
    ("cycle", "a/b/up: is linked twice, or holds itself"),
    ("twice", "b: is linked twice, or holds itself"),
    ("external_storage", "w: keeps its values in another file"),
    ("virtual", "w: has a virtual or unknown storage layout"),
    ("unwritten", "w: needs 4294967296 bytes, but 0 are stored in a file of 1400"),
    ("bomb", "w: needs 1073741824 bytes, but 4089 are stored, compressed"),
    ("scaleoffset", "w: uses filter 6; expected deflate, shuffle or fletcher32"),
    ("lzf", "w: uses filter 32000; expected deflate, shuffle or fletcher32"),
    (
      "compound",
      "w: holds compound values of 8 bytes; expected numbers"
    ),
    ("committed", "type: is neither a group nor a dataset"),
    ("committed_use", "a: uses a named type, which Keras never writes"),
    (
      "reference",
      "w: holds references of 8 bytes; expected numbers"
    ),
    (
      "opaque",
      "w: holds opaque bytes of 2 bytes; expected numbers"
    ),
    (
      "text",
      "w: holds text of 8 bytes; expected numbers"
    ),
    (
      "deep", "g: groups are nested deeper than 32"
    ),
    ("null", "@x: has no values at all (a null dataspace)"),
    ("table", "@x: a table of texts of shape [2, 2]; expected a list"),
    (
      "enum",
      "w: holds an enumeration of 4 bytes; expected numbers"
    ),
  ])
  func `a hostile file is refused with its reason`(name: String, expected: String) throws {
    let bytes = try FormatFixture.bytes("hdf5/hostile/\(name).h5")
    let deepest = String(repeating: "g/", count: 32) + "g: "
    #expect(
      message { try HDF5File.read(bytes) }
        .replacing("float16, bfloat16, float32, float64, " + whole, with: "numbers")
        .replacing(deepest, with: "g: ") == expected)
  }

  @Test func `every eighth cut is refused`() throws {
    let bytes = try HDF5File.write(
      HDF5Group(
        attributes: ["a": .string("text")],
        children: [
          "w": .dataset(HDF5Dataset(NumericArray(shape: [3], .float32([1, 2, 3]))))
        ]))
    for length in stride(from: 0, to: bytes.count, by: 8) {
      #expect(throws: KerasError.self, "\(length)") { try HDF5File.read(Array(bytes[..<length])) }
    }
  }

  @Test func `many threads read and write at once`() async throws {
    let bytes = try FormatFixture.bytes("hdf5/types.h5")
    let root = try HDF5File.read(bytes)
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<32 {
        group.addTask {
          guard let read = try? HDF5File.read(bytes), let written = try? HDF5File.write(read)
          else { return false }
          return (try? HDF5File.read(written)) == root
        }
      }
      for await equal in group { #expect(equal) }
    }
  }

  @Test func `the library tells its version`() {
    #expect(HDF5File.libraryVersion.split(separator: ".").count == 3)
  }
}
