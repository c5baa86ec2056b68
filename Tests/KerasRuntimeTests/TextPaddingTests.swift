import KerasFormat
import KerasRuntime
import Testing

struct TextPaddingTests {
  @Test func `padding and cutting equal Keras's on either side`() throws {
    let cases = try #require(try TextFixture.json("tokenizer_tk.json")["padded"].array)
    #expect(cases.count == 32)
    for expected in cases {
      let padded = padSequences(
        [[1, 2, 3, 4, 5], [], [6], [7, 8, 9]], maxLength: expected["maxlen"].integer,
        padding: try #require(expected["padding"].string.flatMap(PaddingSide.init)),
        truncating: try #require(expected["truncating"].string.flatMap(PaddingSide.init)),
        value: Int32(try #require(expected["value"].integer)))
      #expect(padded.values == expected["values"].sequence, "\(expected)")
      #expect(padded.shape == expected["shape"].integers)
    }
  }

  @Test func `no sequences make an empty rectangle`() {
    #expect(padSequences([]).shape == [0, 0])
    #expect(padSequences([], maxLength: 4).shape == [0, 4])
  }

  @Test func `a row is appended behind the rows before it`() {
    var buffer: [Int32] = [9]
    appendPadded([1, 2, 3], to: &buffer, length: 2, truncating: .post)
    appendPadded([4], to: &buffer, length: 2, padding: .post)
    #expect(buffer == [9, 1, 2, 4, 0])
  }
}
