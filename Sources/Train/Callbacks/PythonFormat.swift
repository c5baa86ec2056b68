import KerasFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Numbers and names as Python's `str.format`, `%` and `repr` write them.
enum PythonFormat {
  enum Value: Sendable {
    case integer(Int)
    case number(Double)
  }

  /// `template.format(**values)`: `{epoch:02d}`, `{val_loss:.2f}`; `{{` and `}}` are braces.
  ///
  /// - Throws: ``KerasError`` for a name that is not there and a form that numbers do not have.
  static func format(_ template: String, _ values: [String: Value]) throws(KerasError) -> String {
    var text = ""
    var rest = Substring(template)
    while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
      text += rest[..<brace]
      let character = rest[brace]
      rest = rest[rest.index(after: brace)...]
      if rest.first == character {
        text.append(character)
        rest.removeFirst()
        continue
      }
      guard character == "{", let end = rest.firstIndex(of: "}") else {
        throw KerasError(.invalidArgument, "'\(template)' has a brace without its other half")
      }
      let field = rest[..<end]
      rest = rest[rest.index(after: end)...]
      let colon = field.firstIndex(of: ":")
      let name = String(field[..<(colon ?? field.endIndex)])
      guard let value = values[name] else {
        throw KerasError(
          .invalidArgument, "'\(template)' asks for '\(name)', which the logs do not have",
          hint: Suggestion.hint(for: name, among: values.keys)
            ?? "they have \(values.keys.sorted().joined(separator: ", "))")
      }
      let spec = colon.map { field[field.index(after: $0)...] } ?? ""
      guard let formatted = format(value, spec) else {
        throw KerasError(
          .invalidArgument, "'\(spec)' is no form of a number", at: .init(path: [name]),
          hint: "write {\(name):.4f}, or {epoch:02d}")
      }
      text += formatted
    }
    return text + rest
  }

  /// `[sign][0][width][.precision][type]`; `nil` for anything else.
  private static func format(_ value: Value, _ spec: Substring) -> String? {
    if spec.isEmpty {
      switch value {
      case .integer(let number): return String(number)
      case .number(let number): return str(number)
      }
    }
    guard
      let parts = spec.wholeMatch(
        of: /([+\- ]?)(0?)([1-9][0-9]{0,2})?(?:\.([0-9]{1,2}))?([dfFeEgG%]?)/)
    else { return nil }
    let (sign, zero, width, precision, type) =
      (parts.1, parts.2, parts.3 ?? "", parts.4, parts.5)
    switch (value, type) {
    case (.integer(let number), "d"), (.integer(let number), ""):
      guard precision == nil else { return nil }
      return c("%\(sign == "-" ? "" : sign)\(zero)\(width)ld", number)
    case (.number, "d"): return nil
    case (.integer(let number), _): return format(.number(Double(number)), spec)
    case (.number(let number), _):
      let digits = precision.map { ".\($0)" } ?? (type.isEmpty ? "" : ".6")
      if type == "%" {
        return c("%\(sign == "-" ? "" : sign)\(zero)\(width)\(digits)f", number * 100) + "%"
      }
      if type.isEmpty, precision == nil { return nil }
      return c(
        "%\(sign == "-" ? "" : sign)\(zero)\(width)\(digits)\(type.isEmpty ? "g" : String(type))",
        number)
    }
  }

  /// `%05d`.
  static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// `%.5f`
  static func fixed(_ number: Double, _ digits: Int) -> String { c("%.\(digits)f", number) }

  /// `repr` of a float; NaN and infinities as `str` writes them.
  static func repr(_ number: Double) -> String { str(number) }

  static func str(_ number: Double) -> String {
    if number.isNaN { return "nan" }
    return number.isInfinite ? (number < 0 ? "-inf" : "inf") : number.pythonRepr
  }

  /// `str` of a NumPy float32: the shortest digits that float32 reads back equal.
  static func str(_ number: Float) -> String {
    guard number.isFinite else { return str(Double(number)) }
    // The digits of the float32, laid out as those of a float64.
    return Double(number.description).map { str($0) } ?? number.description
  }

  private static func c(_ format: String, _ value: some CVarArg) -> String {
    if let number = value as? Double, !number.isFinite { return str(number) }
    return withVaList([value]) { arguments in
      var buffer = [CChar](repeating: 0, count: 512)
      let length = Int(vsnprintf(&buffer, buffer.count, format, arguments))
      return String(
        decoding: buffer.prefix(min(length, buffer.count - 1)).map(UInt8.init(bitPattern:)),
        as: UTF8.self)
    }
  }
}
