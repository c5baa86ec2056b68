import KerasFormat
import Testing

@Suite struct JSONTests {
  @Test func `floats are written as Python's repr and read back equal`() throws {
    for line in try FormatFixture.text("json/floats.tsv").split(separator: "\n") {
      let parts = line.split(separator: "\t")
      let value = Double(bitPattern: try #require(UInt64(parts[0], radix: 16)))
      #expect(JSON.number(value).pythonText() == parts[1])
      let read = try #require(try JSON(parsing: String(parts[1])).number)
      #expect(read.bitPattern == value.bitPattern || read.isNaN && value.isNaN)
    }
  }

  @Test func `text that Python wrote comes out again letter for letter`() throws {
    let compact = try FormatFixture.text("json/compact.json")
    let value = try JSON(parsing: compact)
    #expect(value.pythonText() == compact)
    for indent in [0, 2, 4] {
      let expected = try FormatFixture.text("json/indent\(indent).json")
      #expect(value.pythonText(indent: indent) == expected)
      #expect(try JSON(parsing: expected).pythonText() == compact)
    }
  }

  @Test func `whole numbers stay apart from floats, and too large ones become floats`() throws {
    #expect(
      try JSON(parsing: "[1, 1.0, -0, 9223372036854775808, 1e2]")
        == [.integer(1), .number(1), .integer(0), .number(9_223_372_036_854_775_808), .number(100)])
  }

  @Test func `a byte order mark is skipped`() throws {
    #expect(try JSON(parsing: [0xEF, 0xBB, 0xBF] + Array("[1]".utf8)) == [1])
  }

  @Test(arguments: [
    ("", "byte 0: the text ends where a value should stand"),
    ("[1, 2", "byte 5: found the end of the text in a list; expected \",\" or \"]\""),
    ("[1,]", "byte 3: found \"]\" where a value should stand"),
    ("{\"a\": 1, \"a\": 2}", "byte 9: the key \"a\" comes twice in one object"),
    ("{\"a\" 1}", "byte 5: found \"1\" after a key; expected \":\""),
    ("{a: 1}", "byte 1: found \"a\" where a key in quotes should stand"),
    ("[1] x", "byte 4: \"x\" follows the end of the value; expected the end of the text"),
    ("01", "byte 0: a number starts with a needless 0"),
    ("1.", "byte 2: found the end of the text where a digit should stand"),
    ("-", "byte 1: found the end of the text where a digit should stand"),
    ("\"a\nb\"", "byte 2: found byte 0x0a inside a string; it must be written as an escape"),
    ("\"\\ud800\"", "byte 1: a lone surrogate, which is no text"),
    ("\"\\ud800\\u0041\"", "byte 1: a lone surrogate, which is no text"),
    ("\"\\x\"", "byte 1: an unknown escape in a string"),
    ("\"\\u00g0\"", "byte 1: \\u needs four hexadecimal digits"),
    ("[\"abc", "byte 1: the string that starts here has no end"),
    ("nul", "byte 0: found \"n\" where a value should stand"),
  ])
  func `text that is not JSON is refused at its byte`(text: String, expected: String) {
    let shown = message { try JSON(parsing: text) }
    #expect(shown == expected)
  }

  @Test func `nesting deeper than 64 levels is refused, however deep`() throws {
    let levels = [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")]
    for (open, close) in levels {
      let levelsEach = open.count { "[{".contains($0) }
      func nested(_ depth: Int) -> String {
        String(repeating: open, count: depth / levelsEach) + "1"
          + String(repeating: close, count: depth / levelsEach)
      }
      _ = try JSON(parsing: nested(64))
      for depth in [66, 1_000_000] {
        let line = message { try JSON(parsing: nested(depth)) }
        #expect(line.hasSuffix(": nested deeper than 64 levels"), "\(line)")
      }
    }
    #expect(
      message { try JSON(parsing: String(repeating: "[", count: 65)) }
        == "byte 64: nested deeper than 64 levels")
  }

  @Test func `bytes that are no UTF-8 are refused`() {
    #expect(
      message { try JSON(parsing: [0x22, 0xFF, 0x22]) }
        == "byte 0: the string that starts here is not valid UTF-8")
  }
}
