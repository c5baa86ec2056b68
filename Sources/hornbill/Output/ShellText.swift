/// Commands as a shell takes them.
enum ShellText {
  /// `hornbill` with these arguments, quoted where they must be.
  static func command(_ arguments: [String]) -> String {
    (["hornbill"] + arguments.map(quoted)).joined(separator: " ")
  }

  static func quoted(_ argument: String) -> String {
    let isPlain = argument.unicodeScalars.allSatisfy { scalar in
      scalar.isASCII
        && (scalar.properties.isAlphabetic
          || "0123456789-_=+,./:@%".unicodeScalars.contains(scalar))
    }
    if isPlain && !argument.isEmpty { return argument }
    return "'\(argument.replacing("'", with: "'\\''"))'"
  }

  /// Arguments without some options and their values, and without some flags.
  static func without(
    _ options: Set<String>, flags: Set<String>, of arguments: [String]
  ) -> [String] {
    var kept: [String] = []
    var skipsValue = false
    for argument in arguments {
      if skipsValue {
        skipsValue = false
        continue
      }
      let isLong = argument.hasPrefix("--") && argument.count > 2
      let name = isLong ? String(argument.dropFirst(2).prefix { $0 != "=" }) : ""
      if flags.contains(name) { continue }
      if options.contains(name) {
        skipsValue = !argument.contains("=")
        continue
      }
      kept.append(argument)
    }
    return kept
  }
}
