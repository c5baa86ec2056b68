import KerasFormat
import KerasRuntime
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A folder that is gone when the test is over.
private final class Folder {
  let path: String

  init(_ files: [String: String]) throws {
    var template = Array("/tmp/text-reading-XXXXXX".utf8CString)
    path = String(cString: try #require(mkdtemp(&template)))
    for (name, text) in files { try AtomicFile.write(Array(text.utf8), to: "\(path)/\(name)") }
  }

  deinit {
    for file in (try? TextFormat.files(at: path)) ?? [] { unlink(file) }
    for name in ["README.txt", "notes.md", ".hidden.tsv", "plain"] { unlink("\(path)/\(name)") }
    rmdir(path)
  }
}

struct TextReadingTests {
  private func message(_ body: () throws(KerasError) -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return error.description
    }
  }

  @Test func `a folder's files are read in the order of their names`() throws {
    let folder = try Folder([
      "b.csv": "id,label,text\n7,0,\"so, so\"\n", "a.tsv": "good\t1\nbad\t 0\n",
      "c.jsonl":
        "{\"text\": \"caf\\u00e9\", \"label\": 1}\n\n{\"label\": \"0\", \"text\": \"no\"}\n",
      "README.txt": "nothing to read", "notes.md": "a\t1", ".hidden.tsv": "a\t1",
    ])
    let read = try LabelledText(paths: [folder.path])
    #expect(read.texts == ["good", "bad", "so, so", "café", "no"])
    #expect(read.labels == [1, 0, 0, 1, 0])
    #expect(read.labelNames == nil)
    #expect(read.files == ["a.tsv", "b.csv", "c.jsonl"].map { "\(folder.path)/\($0)" })
    #expect(read.places.map(\.line) == [1, 2, 2, 1, 3])
    #expect(read.warnings.isEmpty)
  }

  @Test func `labels that are not all numbers are names in sorted order`() throws {
    let folder = try Folder(["a.tsv": "x\tpos\ny\tNeg\nz\t1\nw\tpos\n", "b.tsv": "v\tNeg\n"])
    let read = try LabelledText(paths: ["\(folder.path)/a.tsv"])
    #expect(read.labelNames == ["1", "Neg", "pos"])
    #expect(read.labels == [2, 1, 0, 2])
    let other = try LabelledText(paths: ["\(folder.path)/b.tsv"], labels: read.labelKind)
    #expect(other.labels == [1])
    #expect(
      message { () throws(KerasError) in
        _ = try LabelledText(paths: ["\(folder.path)/a.tsv"], labels: .integers)
      } == "\(folder.path)/a.tsv, line 1: the label is \"pos\"; expected a whole number")
    #expect(
      message { () throws(KerasError) in
        _ = try LabelledText(paths: ["\(folder.path)/a.tsv"], labels: .names(["Neg", "1"]))
      } == "\(folder.path)/a.tsv, line 1: the label is \"pos\"; expected one of Neg, 1")
  }

  @Test func `names that are all numbers can be taken for values`() throws {
    let folder = try Folder([
      "a.tsv": "x\t2.5\ny\t 1\nz\t-0.5\nw\t2.5\n", "b.tsv": "x\tbad\n", "c.tsv": "x\t2.5\ny\tnan\n",
    ])
    let path = "\(folder.path)/a.tsv"
    let read = try LabelledText(paths: [path])
    #expect(read.labelNames == [" 1", "-0.5", "2.5"] && read.values == [2, 0, 1, 2])
    let valued = try read.valued()
    #expect(valued.labelNames == nil && valued.values == [2.5, 1, -0.5, 2.5])
    #expect(valued.labelKind == .numbers)
    let numbers = try LabelledText(paths: [path], labels: .numbers)
    #expect(numbers.values == [2.5, 1, -0.5, 2.5])
    #expect(
      message { () throws(KerasError) in
        _ = try LabelledText(paths: ["\(folder.path)/b.tsv"], labels: .numbers)
      } == "\(folder.path)/b.tsv, line 1: the label is \"bad\"; expected a number")
    #expect(
      message { () throws(KerasError) in
        _ = try LabelledText(paths: ["\(folder.path)/c.tsv"]).valued()
      } == "\(folder.path)/c.tsv, line 2: the label is \"nan\"; expected a number")
    // Whole numbers are numbers all along, and words stay names.
    let words = try LabelledText(paths: ["\(folder.path)/b.tsv"])
    #expect(try words.valued() == words)
  }

  @Test func `what pandas would drop or swallow is reported`() throws {
    let folder = try Folder(["a.tsv": "NA\t1\n\"b\t0\nc\"\t1\n\t0\nfine\t1.0\n"])
    let read = try LabelledText(paths: [folder.path])
    #expect(read.texts == ["NA", "b\t0\nc", "", "fine"])
    #expect(read.labels == [1, 1, 0, 1])
    #expect(
      read.warnings == [
        "\(folder.path)/a.tsv, line 2: a quoted field runs over 1 line ends, as pandas reads it; "
          + "quoting none takes every line for a row",
        "\(folder.path)/a.tsv, line 1, 4: 2 texts that pandas would take for missing values "
          + "(NA, null, empty, …) are kept as texts",
      ])
  }

  @Test(arguments: [
    ("a.tsv", "", "the file has no rows; expected text, a tab, and a label on each line"),
    (
      "a.txt", "good\n",
      "line 1: the row has no label; expected text, a tab, and a label on each line"
    ),
    (
      "b.tsv", "x\t1\ny\t \n",
      "line 2: the row has no label; expected text, a tab, and a label on each line"
    ),
    (
      "a.csv", "text,stars\nx,1\n",
      "line 1: no column \"label\"; the header names text, stars; the first line of a .csv file "
        + "names its columns; say which are text and label"
    ),
    (
      "a.jsonl", "{\"text\": \"x\"}",
      "line 1: the row has no label; expected \"text\" and \"label\" in each row"
    ),
    (
      "b.jsonl", "{\"text\": 5, \"label\": 1}",
      "line 1: found 5 under key \"text\"; expected a text"
    ),
    ("c.jsonl", "{\"label\": 1}", "line 1: found no key \"text\"; expected a text"),
    ("d.jsonl", "[]", "line 1: found a list; expected an object"),
    (
      "e.jsonl", "{\"text\": \"x\", \"label\": []}",
      "line 1: found a list under key \"label\"; expected a number or a name"
    ),
    (
      "f.jsonl", "{\"text\": \"x\", \"label\": 1}\n{\"text\" 1}",
      "line 2, byte 8: found \"1\" after a key; expected \":\""
    ),
  ])
  func `a file that cannot be learnt from says where and why`(
    name: String, text: String, expected: String
  ) throws {
    let folder = try Folder([name: text])
    let path = "\(folder.path)/\(name)"
    let separator = expected.hasPrefix("line") ? ", " : ": "
    #expect(
      message { () throws(KerasError) in _ = try LabelledText(paths: [path]) }
        == path + separator + expected)
  }

  @Test func `a path with nothing to read is an error`() throws {
    let folder = try Folder(["notes.md": ""])
    #expect(
      message { () throws(KerasError) in _ = try LabelledText(paths: [folder.path]) }
        == "\(folder.path): the folder has no .tsv, .txt, .csv or .jsonl file")
    do {
      _ = try LabelledText(paths: ["\(folder.path)/gone.tsv"])
      Issue.record("no error")
    } catch {
      #expect(error.code == .fileNotFound)
      #expect(error.place.file == "\(folder.path)/gone.tsv")
    }
  }

  @Test func `texts to score come from every format`() throws {
    let folder = try Folder([
      "labelled.txt": "one\t1\ntwo\t0\n", "plain.txt": "\"one\n\ntwo\n",
      "a.tsv": "\"o\tne\"\ntwo\n",
      "b.csv": "n,review\n1,\"o,ne\"\n", "c.jsonl": "{\"review\": \"one\"}", "plain": "a\tb\nc\n",
    ])
    func texts(_ name: String) throws -> [String] {
      var reader = try TextReader(
        path: "\(folder.path)/\(name)",
        options: .init(textColumn: name.first == "a" ? "" : "review"))
      var texts: [String] = []
      while let row = try reader.next() { texts.append(row.text) }
      return texts
    }
    #expect(try texts("labelled.txt") == ["one", "two"])
    #expect(try texts("plain.txt") == ["\"one", "two"])
    #expect(try texts("a.tsv") == ["o\tne", "two"])
    #expect(try texts("b.csv") == ["o,ne"])
    #expect(try texts("c.jsonl") == ["one"])
    #expect(try texts("plain") == ["a\tb", "c"])
  }

  @Test(.enabled(if: TextFixture.hasUCI))
  func `the UCI files have 2,748 rows with quotes and 3,000 without`() throws {
    let quoted = try LabelledText(paths: [TextFixture.uciFolder])
    #expect(quoted.texts.count == 2748)
    #expect(quoted.labels.reduce(0, +) == 1386)
    #expect(quoted.files.count == 3)
    #expect(!quoted.warnings.isEmpty)
    let plain = try LabelledText(paths: [TextFixture.uciFolder], options: .init(quoting: .none))
    #expect(plain.texts.count == 3000)
    #expect(plain.labels.reduce(0, +) == 1500)
  }
}
