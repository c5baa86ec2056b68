/// The shape of a layer's input or output without the batch axis; `nil` is an extent that only the
/// data decides, such as the number of time steps.
///
/// `[nil, 32]` prints as Keras prints it with the batch axis in front: `(None, None, 32)`.
public struct Shape: Sendable, Equatable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// Without the batch axis, outermost first.
  public var extents: [Int?]

  /// - Parameter extents: without the batch axis.
  public init(_ extents: [Int?]) { self.extents = extents }
  /// As a list, such as `[nil, 32]`.
  public init(arrayLiteral elements: Int?...) { extents = elements }

  /// Axes without the batch axis.
  public var rank: Int { extents.count }
  /// The extent of the last axis; `nil` when it is open or there is no axis.
  public var last: Int? { extents.last ?? nil }

  /// The same shape with another last extent.
  public func replacingLast(with extent: Int?) -> Shape {
    Shape(extents.dropLast() + [extent])
  }

  public var description: String {
    let inner = (["None"] + extents.map { $0.map(String.init) ?? "None" }).joined(separator: ", ")
    return rank == 0 ? "(None,)" : "(\(inner))"
  }
}
