/// What an epoch or a batch measured: values by name, in the order in which Keras has them.
///
///     logs["val_loss"]        // nil where nothing is validated
///     logs["learning_rate"] = 0.01
public struct Logs: Sendable, Equatable {
  private var entries: [Entry] = []

  private struct Entry: Sendable, Equatable {
    var name: String
    var value: Double
  }

  /// Nothing measured.
  public init() {}

  /// In the order given; of equal names the last one's value counts.
  public init(_ values: some Sequence<(name: String, value: Double)>) {
    for (name, value) in values { self[name] = value }
  }

  /// The value of a name. A new name goes to the end; `nil` removes one.
  public subscript(name: String) -> Double? {
    get { entries.first { $0.name == name }?.value }
    set {
      let index = entries.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): entries[index].value = value
      case (let index?, nil): entries.remove(at: index)
      case (nil, let value?): entries.append(Entry(name: name, value: value))
      case (nil, nil): break
      }
    }
  }

  /// The names in Keras's order.
  public var names: [String] { entries.map(\.name) }
  /// Whether nothing was measured.
  public var isEmpty: Bool { entries.isEmpty }
  /// Name and value of each, in order.
  public var pairs: [(name: String, value: Double)] { entries.map { ($0.name, $0.value) } }
}

extension Logs: Sequence {
  public func makeIterator() -> some IteratorProtocol<(name: String, value: Double)> {
    pairs.makeIterator()
  }
}

extension Logs: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, Double)...) {
    for (name, value) in elements { self[name] = value }
  }
}
