/// What goes into a call of a layer, or comes out of it: one signal for each input or output, in
/// order. One alone, as most layers have it, asks for no memory.
public struct Signals<S: Scalar> {
  private var first: Signal<S>?
  private var others: [Signal<S>]?

  /// None.
  public init() {}

  /// One.
  public init(_ signal: Signal<S>) { first = signal }

  /// Adds one behind the others.
  public mutating func append(_ signal: Signal<S>) {
    guard first != nil else {
      first = signal
      return
    }
    if others == nil { others = [signal] } else { others?.append(signal) }
  }
}

extension Signals: RandomAccessCollection, MutableCollection, RangeReplaceableCollection,
  ExpressibleByArrayLiteral
{
  public init(arrayLiteral elements: Signal<S>...) { self.init(elements) }

  public mutating func replaceSubrange(
    _ range: Range<Int>, with new: some Collection<Signal<S>>
  ) {
    var all = Array(self)
    all.replaceSubrange(range, with: new)
    (first, others) = (all.first, all.count > 1 ? Array(all.dropFirst()) : nil)
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { first == nil ? 0 : 1 + (others?.count ?? 0) }

  public subscript(position: Int) -> Signal<S> {
    get {
      precondition(position < endIndex, "no signal \(position) among \(endIndex)")
      if position == 0, let first { return first }
      return others.unsafelyUnwrapped[position - 1]
    }
    set {
      precondition(position < endIndex, "no signal \(position) among \(endIndex)")
      if position == 0 { first = newValue } else { others?[position - 1] = newValue }
    }
  }
}
