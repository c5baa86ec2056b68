import ArgumentParser
import KerasFormat
import KerasRuntime
import KerasTrain

/// Keras's callbacks, by flags: `--early-stopping 'patience=5,restore-best-weights'`.
struct CallbackOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Stop when a value no longer improves. Keras's EarlyStopping: monitor=val_loss, min-delta=0, \
      patience=0, mode=auto|min|max, baseline, restore-best-weights, start-from-epoch=0, verbose.
      """, valueName: "options"))
  var earlyStopping: String?

  @Option(
    name: .customLong("reduce-lr-on-plateau"),
    help: ArgumentHelp(
      """
      Reduce the learning rate when a value no longer improves. Keras's ReduceLROnPlateau: \
      monitor=val_loss, factor=0.1, patience=10, mode=auto|min|max, min-delta=0.0001, cooldown=0, \
      min-lr=0, verbose.
      """, valueName: "options"))
  var reduceLROnPlateau: String?

  @Option(
    help: ArgumentHelp(
      """
      Save the model after each epoch: FILE, whose name may hold {epoch:02d} or {val_loss:.2f}, then \
      Keras's options of ModelCheckpoint: save-best-only, save-weights-only, monitor=val_loss, \
      mode=auto|min|max, save-freq=epoch|BATCHES, initial-value-threshold, period=1, verbose. \
      A .keras file can be gone on from with --resume. May repeat.
      """, valueName: "file,options"), completion: .file())
  var checkpoint: [String] = []

  @Option(
    help: ArgumentHelp(
      "Write each epoch's results to a CSV file as Keras's CSVLogger: FILE, separator=, append.",
      valueName: "file,options"), completion: .file())
  var csvLog: String?

  @Option(
    help: ArgumentHelp(
      """
      Write event files for TensorBoard: DIR, then histogram-freq=0, update-freq=epoch|batch|BATCHES, \
      write-graph=true.
      """, valueName: "dir,options"), completion: .directory)
  var tensorboard: String?

  @Flag(name: .customLong("terminate-on-nan"), help: "Stop when the loss is NaN or infinite.")
  var terminateOnNaN = false

  @Option(
    help: ArgumentHelp(
      """
      Keep a backup of the run in DIR and go on from one that is there, bit for bit; it is deleted \
      when training is done. Keras's BackupAndRestore: save-freq=epoch|BATCHES, double-checkpoint, \
      delete-checkpoint=true.
      """, valueName: "dir,options"), completion: .directory)
  var backup: String?

  func validate() throws { _ = try asValidation { () throws(KerasError) in try made() } }

  /// The callbacks in the order in which they are called: those that change the run before those
  /// that write down what it came to.
  ///
  /// - Parameters:
  ///   - checkpoint: a run to go on with, whose callbacks are made again where no flag gives them.
  ///   - hparams: what TensorBoard is to show of the settings.
  func made(
    goingOnFrom checkpoint: Checkpoint? = nil, hparams: JSONObject = [:]
  ) throws(KerasError) -> [any Callback] {
    var earlier = try checkpoint?.callbacks() ?? []
    var callbacks: [any Callback] = []
    func add(
      _ type: any ConfigurableCallback.Type, _ flag: String, _ texts: [String],
      _ more: JSONObject = [:]
    ) throws(KerasError) {
      let stored = earlier.filter { Swift.type(of: $0) == type }
      earlier.removeAll { Swift.type(of: $0) == type }
      if texts.isEmpty { callbacks += stored }
      for text in texts {
        callbacks.append(try OptionText.callback(type, flag, text, more))
      }
    }
    try add(TerminateOnNaN.self, "--terminate-on-nan", terminateOnNaN ? [""] : [])
    try add(ReduceLROnPlateau.self, "--reduce-lr-on-plateau", list(reduceLROnPlateau))
    try add(EarlyStopping.self, "--early-stopping", list(earlyStopping))
    try add(ModelCheckpoint.self, "--checkpoint", self.checkpoint)
    try add(CSVLogger.self, "--csv-log", list(csvLog))
    try add(
      TensorBoard.self, "--tensorboard", list(tensorboard),
      hparams.isEmpty ? [:] : ["hparams": .object(hparams)])
    try add(BackupAndRestore.self, "--backup", list(backup))
    return callbacks
  }

  private func list(_ text: String?) -> [String] { text.map { [$0] } ?? [] }
}

/// `patience=5,restore-best-weights`: options with Keras's names, in kebab-case or as Keras writes
/// them; a name alone is `true`.
enum OptionText {
  static func callback(
    _ type: any ConfigurableCallback.Type, _ flag: String, _ text: String, _ more: JSONObject
  ) throws(KerasError) -> any ConfigurableCallback {
    do {
      var config = try config(text, first: type.firstOption)
      for (key, value) in more.members { config[key] = value }
      return try CallbackRegistry.callback(type.className, config: config)
    } catch {
      // The class's name gives way to the flag, and keys to their kebab-case.
      var usage = error
      usage.code = .invalidArgument
      let keys = error.place.path.filter { $0 != type.className }
      usage.place = .init(path: [flag] + keys.map(kebab))
      usage.hint = error.hint.map(kebab)
      if error.code == .unsupportedConfiguration, error.message.hasPrefix("unknown option") {
        usage.message = kebab(error.message)
      }
      throw usage
    }
  }

  private static func kebab(_ text: String) -> String { text.replacing("_", with: "-") }

  private static func config(_ text: String, first: String?) throws(KerasError) -> JSONObject {
    var config = JSONObject()
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      let item = part.trimmingPrefix(while: \.isWhitespace)
      if item.isEmpty {
        // `separator=,` is the one value that is itself a comma.
        if index > 0, parts[index - 1] == "separator=" { config["separator"] = "," }
        continue
      }
      if let first, index == 0, config.isEmpty, !isNamed(item) {
        config[first] = .string(String(item))
        continue
      }
      let equals = item.firstIndex(of: "=")
      let key = item[..<(equals ?? item.endIndex)].replacing("-", with: "_")
      guard config[String(key)] == nil else {
        throw KerasError(.invalidArgument, "given twice", at: .init(path: [String(key)]))
      }
      config[String(key)] = equals.map { value(item[item.index(after: $0)...]) } ?? true
    }
    return config
  }

  /// Whether the first part is `name=value` and no path that happens to hold an equals sign.
  private static func isNamed(_ item: some StringProtocol) -> Bool {
    guard let equals = item.firstIndex(of: "=") else { return false }
    return item[..<equals].allSatisfy { $0.isLetter || $0 == "-" || $0 == "_" }
  }

  private static func value(_ text: Substring) -> JSON {
    switch text {
    case "true": return true
    case "false": return false
    case "none", "None": return .null
    default: break
    }
    if let number = Int(text) { return .integer(number) }
    if let number = Double(text) { return .number(number) }
    return .string(String(text))
  }
}

/// What is wrong with options, as the parser of arguments says it.
func asValidation<Value>(_ body: () throws(KerasError) -> Value) throws -> Value {
  do {
    return try body()
  } catch {
    throw ValidationError(error.description)
  }
}
