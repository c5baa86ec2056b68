import KerasFormat
import Testing

@Suite struct FlatObjectTests {
  /// The members as texts, or `nil` where the text is to be read by ``JSON``.
  private func members(_ text: String) -> [String]? {
    var members: [String] = []
    let isFlat = FlatObject.forEachMember(in: text) { key, value in
      let name = String(decoding: key, as: UTF8.self)
      switch value {
      case .integer(let number): members.append("\(name)=\(number)")
      case .string(let text): members.append("\(name)=\(String(decoding: text, as: UTF8.self))")
      }
      return true
    }
    return isFlat ? members : nil
  }

  @Test func `members come in the order of the text`() {
    #expect(members(#"{"wow": 1, "it's":20 , "é": 0}"#) == ["wow=1", "it's=20", "é=0"])
    #expect(members(#" { "1" : "the", "2": "" } "#) == ["1=the", "2="])
    #expect(members("{}") == [])
  }

  @Test func `escapes are decoded`() {
    #expect(
      members(#"{"a\n\"\\": "\u0041\u00e9", "\ud83d\ude00x": 2, "b": "\u20AC \/"}"#)
        == ["a\n\"\\=Aé", "😀x=2", "b=€ /"])
    #expect(members(#"{"\u0000": 1}"#) == ["\0=1"])
  }

  @Test(arguments: [
    "", "[]", "{", #"{"a"}"#, #"{"a": }"#, #"{"a": 1"#, #"{"a": 1,}"#, #"{"a": 1} x"#,
    #"{"a": -1}"#, #"{"a": 1.0}"#, #"{"a": 1e3}"#, #"{"a": 01}"#, #"{"a": true}"#, #"{"a": [1]}"#,
    #"{"a\x": 1}"#, #"{"a": "\u004"}"#, #"{"a": "\ud800"}"#, #"{"\ud800\u0041": 1}"#, #"{a: 1}"#,
    #"{"a": 1 "b": 2}"#,
    #"{"a": 1234567890123456789012}"#, "{\"a\n\": 1}",
  ])
  func `anything else is left to the parser`(_ text: String) {
    #expect(members(text) == nil)
  }

  @Test func `a member that is not wanted ends it`() {
    var seen = 0
    let isFlat = FlatObject.forEachMember(in: #"{"a": 1, "b": 2, "c": 3}"#) { _, _ in
      seen += 1
      return seen < 2
    }
    #expect(!isFlat)
    #expect(seen == 2)
  }
}
