import KerasFormat
import KerasRuntime
import Testing

/// Expected values: fixtures/text/make_tables.py (pandas 3.1.1).
struct TextDelimitedTests {
  private func read(
    _ pieces: [[UInt8]], _ options: DelimitedText.Options
  ) throws(KerasError) -> [DelimitedText.Record] {
    var reader = DelimitedReader(ByteSource(pieces: pieces), options: options)
    var records: [DelimitedText.Record] = []
    while let record = try reader.next() { records.append(record) }
    return records
  }

  private func options(_ table: JSON) throws -> DelimitedText.Options {
    DelimitedText.Options(
      separator: try #require(table["separator"].string?.utf8.first),
      quoting: try #require(table["quoting"].string.flatMap(DelimitedText.Quoting.init)))
  }

  @Test func `awkward tables read as pandas reads them, whole and byte by byte`() throws {
    let tables = try #require(try TextFixture.json("tables.json")["tables"].array)
    #expect(tables.count == 92)
    for table in tables {
      let bytes = table["bytes"].integers.map { UInt8($0) }
      let name = "\(table["name"].kind) \(table["quoting"].kind) \(table["separator"].kind)"
      for pieces in [[bytes], bytes.map { [$0] }] {
        guard let rows = table["rows"].array else {
          #expect(throws: KerasError.self, "\(name)") { try read(pieces, options(table)) }
          continue
        }
        do {
          let records = try read(pieces, options(table))
          let width = records.first?.fields.count ?? 0
          // pandas fills up a row that is too short; the script has it do so with empty strings.
          let ours = records.map { record in
            JSON.array(
              record.fields.map { .string($0) }
                + Array(repeating: "", count: width - record.fields.count))
          }
          #expect(ours == rows, "\(name)")
        } catch {
          Issue.record("\(name): \(error)")
        }
      }
    }
  }

  @Test func `records know their line and the line ends they swallowed`() throws {
    let text = "a\t1\r\n\r\n\"b\r\nc\n\rd\"\t0\r\ne\t1\r\rf\t0"
    let table = try DelimitedText(parsing: Array(text.utf8))
    #expect(table.records.map(\.line) == [1, 3, 7, 9])
    #expect(table.records.map(\.swallowedLineEnds) == [0, 3, 0, 0])
    #expect(table.swallowing.map { $0.fields[0] } == ["b\r\nc\n\rd"])
  }

  @Test func `every line is a field where there is no separator`() throws {
    let text = "one \"two\"\tthree\n\n \r\nlast"
    let table = try DelimitedText(parsing: Array(text.utf8), options: .lines)
    #expect(table.records.map(\.fields) == [["one \"two\"\tthree"], [""], [" "], ["last"]])
  }

  @Test(arguments: [
    (
      "a\t1\nb\t2\t3\n",
      "line 2: 3 fields; the first record has 2; put a field that holds separators in quotes"
    ),
    (
      "a\t1\n\nb\t\"0\n1\n",
      "line 3: the quoted field that starts in this record is still open at the end of the text; "
        + "close the quote, or read with quoting none"
    ),
  ])
  func `a broken record is named by its line`(text: String, expected: String) {
    #expect(throws: KerasError.self) { try DelimitedText(parsing: Array(text.utf8)) }
    do {
      _ = try DelimitedText(parsing: Array(text.utf8))
    } catch {
      #expect(error.description == expected)
      #expect(error.code == .invalidData)
    }
  }

  @Test(arguments: [
    ([0x61, 0xC3, 0x28], 2), ([0xC0, 0x80], 0), ([0xED, 0xA0, 0x80], 1), ([0xF5], 0),
    ([0x0A, 0xE2, 0x82], 3), ([0x80], 0), ([0xF0, 0x8F, 0xBF, 0xBF], 1), ([0xE0, 0x9F], 1),
  ])
  func `text that is not UTF-8 is named by its byte`(bytes: [UInt8], offset: Int) {
    for pieces in [[bytes], bytes.map { [$0] }] {
      do {
        _ = try read(pieces, .tabs)
        Issue.record("no error")
      } catch {
        let line = bytes[0] == 0x0A ? 2 : 1
        #expect(
          error.description
            == "line \(line), byte \(offset): the text is not valid UTF-8; save the file as UTF-8")
      }
    }
  }
}
