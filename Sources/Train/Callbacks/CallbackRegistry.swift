import KerasFormat

/// A callback of Keras's that is made from options by Keras's names, as the command line does.
public protocol ConfigurableCallback: Callback {
  /// Keras's class name.
  static var className: String { get }
  /// The option that may be given without its name, first; `nil` where none may.
  static var firstOption: String? { get }
  /// From Keras's arguments; missing ones take Keras's defaults.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` for an argument that is missing, of the
  ///   wrong kind, or that makes no sense.
  init(from config: inout ConfigReader) throws(KerasError)
  /// The arguments that make one like it.
  var config: JSONObject { get }
}

/// THE list of callbacks.
public enum CallbackRegistry {
  /// Each class once.
  public static var builtIn: [any ConfigurableCallback.Type] {
    [
      EarlyStopping.self, ModelCheckpoint.self, ReduceLROnPlateau.self, CSVLogger.self,
      TensorBoard.self, TerminateOnNaN.self, BackupAndRestore.self,
    ]
  }

  /// A callback's type by Keras's class name.
  public static func type(named name: String) -> (any ConfigurableCallback.Type)? {
    builtIn.first { $0.className == name }
  }

  /// A callback by Keras's class name with Keras's arguments.
  ///
  /// - Throws: ``KerasError/Code/unknownName`` where no callback has that name,
  ///   ``KerasError/Code/unsupportedConfiguration`` for an argument that it does not have or cannot
  ///   take.
  public static func callback(
    _ name: String, config: JSONObject = [:]
  ) throws(KerasError) -> any ConfigurableCallback {
    guard let type = type(named: name) else {
      let names = builtIn.map { $0.className }
      throw KerasError(
        .unknownName, "unknown callback '\(name)'",
        hint: Suggestion.hint(for: name, among: names)
          ?? "known are \(names.joined(separator: ", "))")
    }
    var reader = ConfigReader(config, of: type.className)
    let callback = try type.init(from: &reader)
    if let unknown = reader.unread.first {
      throw KerasError(
        .unsupportedConfiguration, "unknown option '\(unknown)'", at: .init(path: [name]),
        hint: Suggestion.hint(for: unknown, among: callback.config.keys)
          ?? "there are \(callback.config.keys.sorted().joined(separator: ", "))")
    }
    return callback
  }
}

extension ConfigReader {
  /// A number that may be left out.
  mutating func optionalNumber(_ key: String) throws(KerasError) -> Double? {
    guard value(key) != nil else { return nil }
    return try number(key, default: 0)
  }

  /// A whole number, 0 or more.
  mutating func count(_ key: String, default fallback: Int) throws(KerasError) -> Int {
    let count = try integer(key, default: fallback)
    guard count >= 0 else { throw error(key, "\(count) but it cannot be negative") }
    return count
  }

  /// Keras's `verbose`: 0 or 1, or a truth value.
  mutating func verbosity() throws(KerasError) -> Bool {
    if let flag = value("verbose")?.bool { return flag }
    return try count("verbose", default: 0) > 0
  }

  /// One of the names of an enumeration.
  mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, default fallback: Choice
  ) throws(KerasError) -> Choice {
    let name = try string(key, default: fallback.rawValue)
    guard let choice = Choice(rawValue: name) else {
      let names = Choice.allCases.map(\.rawValue)
      throw error(
        key, "'\(name)' but it is \(names.joined(separator: ", "))",
        hint: Suggestion.hint(for: name, among: names))
    }
    return choice
  }
}
