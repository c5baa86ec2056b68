import ArgumentParser

/// Values separated by commas. A verb that trains once takes one of them, `sweep` any number.
struct Listed<Value: ExpressibleByArgument & Sendable>: ExpressibleByArgument, Sendable {
  let values: [Value]
  /// As given.
  let text: String

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    values = parts.compactMap { Value(argument: String($0)) }
    text = argument
    if values.count != parts.count { return nil }
  }

  static var allValueStrings: [String] { Value.allValueStrings }
}
