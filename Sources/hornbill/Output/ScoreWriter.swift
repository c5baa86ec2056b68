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

  func write(_ texts: [String], _ scores: [[Float]]) {
    guard !texts.isEmpty else { return }
    Console.result(zip(texts, scores).map(line).joined(separator: "\n"))
  }

  private func line(_ text: String, _ scores: [Float]) -> String {
    switch format {
    case .text:
      let numbers = scores.map { Numbers.fixed(Double($0), 4) }.joined(separator: " ")
      return "\(numbers)\t\(oneLine(text))"
    case .csv:
      let numbers = scores.map { "\($0)" }.joined(separator: " ")
      return "\(numbers),\(quoted(text))"
    case .jsonl:
      var object: JSONObject = ["text": .string(text)]
      if scores.count == 1 {
        object["score"] = number(scores[0])
        let isPositive = scores[0] > 0.5 ? 1 : 0
        if let labelNames, labelNames.count == 2 {
          object["label"] = .string(labelNames[isPositive])
        }
      } else {
        object["scores"] = .array(scores.map(number))
      }
      return JSON.object(object).pythonText()
    }
  }

  /// The shortest decimal that reads back as the same float; JSON has no other word for NaN than null.
  private func number(_ value: Float) -> JSON {
    value.isFinite ? .number(Double("\(value)") ?? Double(value)) : .null
  }

  /// Line ends and tabs inside a text would break the line: they become spaces.
  private func oneLine(_ text: String) -> String {
    String(text.unicodeScalars.map { ["\n", "\r", "\t"].contains($0) ? " " : Character($0) })
  }

  private func quoted(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { [",", "\"", "\n", "\r"].contains($0) }) else {
      return text
    }
    let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
    return "\"\(parts.joined(separator: "\"\""))\""
  }
}
