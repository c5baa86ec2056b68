/// The one error that the package throws: what is wrong, where, and what to do about it.
///
/// An error is made where the facts are known (a parser knows the offset, a layout the HDF5 path, a
/// builder the layer) and gains its outer places on the way up with ``inside(_:)`` and ``inFile(_:)``.
/// ``description`` makes the one line that people read:
///
///     sentiment.h5:layers/gru_1/bias: shape (96,) but reset_after=true needs (2, 96)
public struct KerasError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of thing is wrong; decides the exit status of the command line.
  public enum Code: String, Sendable, CaseIterable {
    /// The file or folder is not there.
    case fileNotFound
    /// Reading or writing failed in the operating system.
    case inputOutput
    /// The bytes are not what their container promises: truncated, damaged, or another format.
    case damagedFile
    /// The text is not JSON, or not the JSON that belongs there.
    case invalidJSON
    /// A class, an activation, an optimizer… that Keras has and this package does not, or nobody
    /// has.
    case unknownName
    /// A configuration that means nothing, or that this package refuses to compute.
    case unsupportedConfiguration
    /// A weight is missing, left over, or has another shape or type than the layer needs.
    case weightMismatch
    /// Two shapes do not fit each other.
    case shapeMismatch
    /// Data that a model cannot take: token ids, labels, NaN, empty sets.
    case invalidData
    /// A setting of a call that cannot be: a negative rate, a batch of none.
    case invalidArgument
  }

  /// Where it is wrong: the file, and the way to the thing inside it.
  public struct Place: Sendable, Equatable {
    /// The file's path as the caller gave it.
    public var file: String?
    /// The way inside the file or model, outermost first: HDF5 groups, JSON keys, a layer's name.
    public var path: [String]
    /// A byte offset, counted from 0.
    public var offset: Int?
    /// A line or row, counted from 1.
    public var line: Int?
    /// A row of an array, counted from 0.
    public var row: Int?

    /// A place of which only what is given is known.
    public init(
      file: String? = nil, path: [String] = [], offset: Int? = nil, line: Int? = nil,
      row: Int? = nil
    ) {
      self.file = file
      self.path = path
      self.offset = offset
      self.line = line
      self.row = row
    }
  }

  /// What kind of thing is wrong.
  public var code: Code
  /// What was found and what was expected, in one line without the place.
  public var message: String
  /// Where it is wrong, as far as it is known by now.
  public var place: Place
  /// What to do about it, in one short phrase.
  public var hint: String?

  /// Takes the kind, the sentence without the place, the place where it is known, and what to do
  /// about it where there is something.
  public init(_ code: Code, _ message: String, at place: Place = Place(), hint: String? = nil) {
    self.code = code
    self.message = message
    self.place = place
    self.hint = hint
  }

  /// The same error, one step further out: `component` goes in front of the path.
  public func inside(_ component: String) -> KerasError {
    var error = self
    error.place.path.insert(component, at: 0)
    return error
  }

  /// The same error, in a file. A file that is already named stays.
  public func inFile(_ file: String) -> KerasError {
    var error = self
    if error.place.file == nil { error.place.file = file }
    return error
  }

  /// One line: `file:path, line 3, row 2, byte 20: message; hint`.
  public var description: String {
    var text = place.file ?? ""
    if !place.path.isEmpty {
      if !text.isEmpty { text += ":" }
      text += place.path.joined(separator: "/")
    }
    if let line = place.line { text += (text.isEmpty ? "" : ", ") + "line \(line)" }
    if let row = place.row { text += (text.isEmpty ? "" : ", ") + "row \(row)" }
    if let offset = place.offset { text += (text.isEmpty ? "" : ", ") + "byte \(offset)" }
    if !text.isEmpty { text += ": " }
    text += message
    if let hint { text += "; \(hint)" }
    return text.map { $0.isNewline ? " " : String($0) }.joined()
  }
}
