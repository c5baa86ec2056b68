/// Something that a file of another generation or container says differently, or not at all, and
/// that its reader should know. Nothing is dropped without one.
public struct ConversionNote: Sendable, Equatable, CustomStringConvertible {
  /// The layer it is about; `nil` for the whole model.
  public var layer: String?
  /// What became of it, as a sentence without the layer's name.
  public var message: String

  /// Takes the layer it is about, `nil` for the whole model, and the sentence.
  public init(layer: String? = nil, message: String) {
    self.layer = layer
    self.message = message
  }

  public var description: String { layer.map { "\($0): \(message)" } ?? message }
}
