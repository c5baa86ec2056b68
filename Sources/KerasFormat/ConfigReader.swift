/// Typed reads of one layer's canonical config, with the place for the error, and an account of the
/// keys that nobody read.
///
///     var config = ConfigReader(record.config, of: "gru_1")
///     let units = try config.positiveInteger("units")
///     let resetAfter = try config.bool("reset_after", default: true)
///     try config.finish()
///
/// A key that is missing takes the default, which is Keras 3's: the generations write theirs out
/// before a config comes here. A key of the wrong type is an error, and so is one nobody read.
public struct ConfigReader {
  private let config: JSONObject
  /// What messages call the config's owner.
  public let owner: String
  private var seen: Set<String> = []

  /// - Parameter owner: what messages call the config's owner, usually the layer's name.
  public init(_ config: JSONObject, of owner: String) {
    self.config = config
    self.owner = owner
  }

  /// The raw value of `key`, `nil` when the key is missing or null.
  public mutating func value(_ key: String) -> JSON? {
    seen.insert(key)
    guard let value = config[key], !value.isNull else { return nil }
    return value
  }

  /// Whether the config has `key`, null or not.
  public func hasKey(_ key: String) -> Bool { config[key] != nil }

  /// Marks keys that are known and have no effect on what is computed.
  public mutating func ignore(_ keys: String...) { seen.formUnion(keys) }

  /// The truth value of `key`; `fallback` where the key is missing or null.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` with the owner and the key for any
  ///   other value.
  public mutating func bool(_ key: String, default fallback: Bool) throws(KerasError) -> Bool {
    try read(key, "true or false", { $0.bool }) ?? fallback
  }

  /// The string of `key`; `fallback` where the key is missing or null.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` with the owner and the key for any
  ///   other value.
  public mutating func string(_ key: String, default fallback: String) throws(KerasError) -> String
  {
    try read(key, "a string", { $0.string }) ?? fallback
  }

  /// The number of `key`, whole or not; `fallback` where the key is missing or null.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` with the owner and the key for any
  ///   other value.
  public mutating func number(_ key: String, default fallback: Double) throws(KerasError) -> Double
  {
    try read(key, "a number", { $0.number }) ?? fallback
  }

  /// The whole number of `key`, for which `2.0` passes too; `fallback` where the key is missing or
  /// null.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` with the owner and the key for any
  ///   other value.
  public mutating func integer(_ key: String, default fallback: Int) throws(KerasError) -> Int {
    try read(key, "a whole number", { $0.integer }) ?? fallback
  }

  /// The whole number of `key`; `nil` where the key is missing or null.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` with the owner and the key for any
  ///   other value.
  public mutating func optionalInteger(_ key: String) throws(KerasError) -> Int? {
    try read(key, "a whole number", { $0.integer })
  }

  /// A size: required, and within 1…2³¹-1.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` where the key is missing, null, no
  ///   whole number or outside of that range.
  public mutating func positiveInteger(_ key: String) throws(KerasError) -> Int {
    guard let size = try read(key, "a whole number", { $0.integer }) else {
      throw missing(key)
    }
    guard (1...Int(Int32.max)).contains(size) else {
      throw error(key, "\(size) but a size is 1 or more and below 2^31")
    }
    return size
  }

  /// A serialized inner layer: an object with `class_name` and `config`.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` where the key is missing, null or no
  ///   object.
  public mutating func object(_ key: String) throws(KerasError) -> JSONObject {
    guard let object = try read(key, "an object", { $0.object }) else { throw missing(key) }
    return object
  }

  /// An error about `key`.
  public func error(
    _ key: String, _ message: String, code: KerasError.Code = .unsupportedConfiguration,
    hint: String? = nil
  ) -> KerasError {
    KerasError(code, message, at: .init(path: [owner, key]), hint: hint)
  }

  /// The keys that nobody read.
  public var unread: [String] { config.keys.filter { !seen.contains($0) } }

  /// Refuses a config with keys that nobody read.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` that lists them; its hint is the key
  ///   read that is nearest to the first, where one is near.
  public func finish() throws(KerasError) {
    let unknown = unread
    guard let first = unknown.first else { return }
    throw KerasError(
      .unsupportedConfiguration,
      "unknown config key\(unknown.count > 1 ? "s" : "") \(unknown.joined(separator: ", "))",
      at: .init(path: [owner]),
      hint: Suggestion.hint(for: first, among: seen))
  }

  private func missing(_ key: String) -> KerasError {
    error(key, "missing, but this layer needs it")
  }

  private mutating func read<Value>(
    _ key: String, _ expected: String, _ convert: (JSON) -> Value?
  ) throws(KerasError) -> Value? {
    guard let value = value(key) else { return nil }
    guard let converted = convert(value) else {
      throw error(key, "\(value.kind) but \(expected) belongs here")
    }
    return converted
  }
}

extension ConfigReader {
  /// Refuses keys whose effect is not computed, unless they are null, false or zero.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` naming the first of them.
  public mutating func refuse(_ keys: String...) throws(KerasError) {
    for key in keys {
      guard let value = value(key), value != .bool(false), value.number != 0 else { continue }
      throw error(key, "\(value.kind), which is not supported")
    }
  }
}
