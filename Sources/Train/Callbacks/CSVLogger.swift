import KerasFormat

/// Writes the epochs' results to a CSV file: Keras's `CSVLogger`.
///
///     CSVLogger("log.csv")
///
/// `epoch` counts from 0; the other columns are the logs of the first epoch in alphabetical order.
/// Lines end in `\r\n`, numbers have all their digits as Python's `repr` writes them. Keras 2.15
/// and 3 add empty columns (`NA`) for a validation where there is none. Every line is written out
/// at once, and a run that goes on from a checkpoint cuts off what came after it.
public final class CSVLogger: ConfigurableCallback {
  public static let className = "CSVLogger"
  public static let firstOption: String? = "filename"

  /// The file that is written.
  public let path: String
  /// What stands between two columns, one character.
  public let separator: String
  /// Whether the lines go to the end of the file that is there, which else is replaced.
  public let append: Bool
  private var keys: [String]?
  private var writesHeader = true
  private var file: AppendedFile?

  /// With Keras's defaults: columns apart by commas, a new file.
  public init(_ path: String, separator: String = ",", append: Bool = false) {
    self.path = path
    self.separator = separator
    self.append = append
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    path = try config.string("filename", default: "")
    guard !path.isEmpty else {
      throw config.error("filename", "missing but it is the file to write to")
    }
    separator = try config.string("separator", default: ",")
    guard separator.unicodeScalars.count == 1 else {
      throw config.error("separator", "'\(separator)' but it is one character")
    }
    append = try config.bool("append", default: false)
  }

  public var config: JSONObject {
    ["filename": .string(path), "separator": .string(separator), "append": .bool(append)]
  }

  public func onTrainBegin(_ run: TrainingRun) throws(KerasError) {
    keys = nil
    file = nil
    // Nothing is emptied before it is known whether this run goes on with another's file.
    writesHeader = append ? try AppendedFile.firstLineIsEmpty(path) : true
  }

  public func onEpochEnd(
    _ epoch: Int, _ logs: inout Logs, _ run: TrainingRun
  ) throws(KerasError) {
    let file = try opened()
    var text = ""
    if keys == nil {
      var names = logs.names.sorted()
      if run.generation >= .keras2_15, !names.contains(where: { $0.hasPrefix("val_") }) {
        names += names.map { "val_" + $0 }
      }
      keys = names
      if writesHeader { text += line(["epoch"] + names) }
    }
    let names = keys ?? []
    text += line(
      ["\(epoch)"]
        + names.map { name in
          guard let value = logs[name] else { return "NA" }
          // A float32 variable as NumPy prints it; all other values are Python floats.
          return name == "lr" ? PythonFormat.str(Float(value)) : PythonFormat.str(value)
        })
    try file.append(Array(text.utf8))
  }

  private func opened() throws(KerasError) -> AppendedFile {
    if let file { return file }
    let opened = try AppendedFile(path, emptying: !append)
    file = opened
    return opened
  }

  /// Fields that hold the separator, a quote or a line end stand in quotes.
  private func line(_ fields: [String]) -> String {
    fields.map { field in
      guard field.contains(separator) || field.contains(where: { $0 == "\"" || $0.isNewline })
      else { return field }
      return "\""
        + field.split(separator: "\"", omittingEmptySubsequences: false)
        .joined(separator: "\"\"") + "\""
    }.joined(separator: separator) + "\r\n"
  }

  public func onTrainEnd(_ run: TrainingRun) throws(KerasError) {
    // A run without an epoch leaves the file it opened.
    if file == nil, run.history.epochs.isEmpty { _ = try opened() }
    file = nil
  }

  public var state: CallbackState? {
    CallbackState([
      "keys": keys.map { .array($0.map(JSON.string)) } ?? .null,
      "length": .integer(file?.length ?? 0), "header": .bool(writesHeader),
    ])
  }

  public func restore(_ state: CallbackState, _ run: TrainingRun) throws(KerasError) {
    var values = ConfigReader(state.values, of: Self.className)
    keys = values.value("keys")?.array?.compactMap(\.string)
    writesHeader = try values.bool("header", default: true)
    let length = try values.count("length", default: 0)
    guard keys != nil else { return }
    let file = try AppendedFile(path, emptying: false)
    if file.length >= length {
      try file.cut(to: length)
    } else {
      // The file of the run that stopped is gone: it begins anew.
      try file.cut(to: 0)
      keys = nil
      writesHeader = true
    }
    self.file = file
  }
}
