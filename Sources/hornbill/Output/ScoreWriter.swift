import KerasFormat
import KerasRuntime

/// Scores as lines: `0.9731<TAB>text`, JSON objects, or CSV.
struct ScoreWriter {
  private let format: Predict.Format
  private let labelNames: [String]?

  init(_ format: Predict.Format, _ network: Network) {
    self.format = format
    labelNames = network.textPipeline?.labelNames
  }

  func header() {
    if format == .csv { Console.result("score,text") }
  }

  func write(_ texts: [String], _ scores: Scores) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(texts.count * 96)
    for (row, text) in texts.enumerated() {
      append(text, scores[row], to: &bytes)
      bytes.append(UInt8(ascii: "\n"))
    }
    Console.result(bytes)
  }

  private func append(_ text: String, _ scores: ArraySlice<Float>, to bytes: inout [UInt8]) {
    switch format {
    case .text:
      for (index, score) in scores.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: " ")) }
        Numbers.appendFixed4(score, to: &bytes)
      }
      bytes.append(UInt8(ascii: "\t"))
      appendLine(text, to: &bytes)
    case .csv:
      let numbers = scores.map { "\($0)" }.joined(separator: " ")
      bytes.append(contentsOf: "\(numbers),\(quoted(text))".utf8)
    case .jsonl:
      var object: JSONObject = ["text": .string(text)]
      if scores.count == 1, let score = scores.first {
        object["score"] = number(score)
        let isPositive = score > 0.5 ? 1 : 0
        if let labelNames, labelNames.count == 2 {
          object["label"] = .string(labelNames[isPositive])
        }
      } else {
        object["scores"] = .array(scores.map(number))
      }
      bytes.append(contentsOf: JSON.object(object).pythonText().utf8)
    }
  }

  /// The shortest decimal that reads back as the same float; JSON has no other word for NaN than
  /// null.
  private func number(_ value: Float) -> JSON {
    value.isFinite ? .number(Double("\(value)") ?? Double(value)) : .null
  }

  /// Line ends and tabs inside a text would break the line: they become spaces.
  private func appendLine(_ text: String, to bytes: inout [UInt8]) {
    let start = bytes.count
    bytes.append(contentsOf: text.utf8)
    for i in start..<bytes.count {
      switch bytes[i] {
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
        bytes[i] = UInt8(ascii: " ")
      default: break
      }
    }
  }

  private func quoted(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { [",", "\"", "\n", "\r"].contains($0) }) else {
      return text
    }
    let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
    return "\"\(parts.joined(separator: "\"\""))\""
  }
}
