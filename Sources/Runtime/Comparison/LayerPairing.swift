import KerasFormat

/// Which layers of two models belong together.
///
/// Where both have the same names, a name tells. Elsewhere the classes do, in their order, so that
/// `dense_1, dense_2` of one session meets `dense_3, dense_4` of another, and a layer that only one
/// model has does not shift all that follow.
struct LayerPairing {
  /// A layer in both models, or in one of them: positions among their layers, in the first's order.
  struct Pair: Equatable {
    var first: Int?
    var second: Int?
  }

  private(set) var pairs: [Pair] = []

  /// - Parameters:
  ///   - first: name and class of each layer of one model; names are unique in it.
  ///   - second: those of the other.
  init(_ first: [(name: String, className: String)], _ second: [(name: String, className: String)])
  {
    if Set(first.map(\.name)) == Set(second.map(\.name)), first.count == second.count {
      var places: [String: Int] = [:]
      for (index, layer) in second.enumerated() { places[layer.name] = index }
      pairs = first.indices.map { Pair(first: $0, second: places[first[$0].name]) }
    } else {
      pairs = Self.aligned(first.map(\.className), second.map(\.className))
    }
  }

  /// The longest common run of classes is paired; what stands between goes by position, the rest is
  /// alone.
  private static func aligned(_ first: [String], _ second: [String]) -> [Pair] {
    var removed: Set<Int> = []
    var inserted: Set<Int> = []
    for change in second.difference(from: first) {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): inserted.insert(offset)
      }
    }
    var pairs: [Pair] = []
    var (i, j) = (0, 0)
    while i < first.count || j < second.count {
      let isRemoved = i < first.count && removed.contains(i)
      let isInserted = j < second.count && inserted.contains(j)
      // Neither, or both: one took the other's place.
      let takesFirst = i < first.count && (isRemoved || !isInserted)
      let takesSecond = j < second.count && (isInserted || !isRemoved)
      pairs.append(Pair(first: takesFirst ? i : nil, second: takesSecond ? j : nil))
      if takesFirst { i += 1 }
      if takesSecond { j += 1 }
    }
    return pairs
  }

  /// The layers that both have.
  var common: [(first: Int, second: Int)] {
    pairs.compactMap { pair in
      guard let first = pair.first, let second = pair.second else { return nil }
      return (first, second)
    }
  }

  /// Whether layers that belong together stand in another order.
  var isReordered: Bool {
    let order = common.map(\.second)
    return zip(order, order.dropFirst()).contains { $0 > $1 }
  }
}

extension LayerNames {
  /// Whether two names are both Keras's own for a class and differ in nothing but their number.
  static func differInNumberOnly(_ first: String, _ second: String, of className: String) -> Bool {
    let bases = [base(first), base(second)]
    let own = [snakeCase(className), className.lowercased()]
    if className == InputLayer.className {
      return bases.allSatisfy { own.contains($0) || $0 == "input" || $0.hasSuffix("_input") }
    }
    return bases.allSatisfy(own.contains)
  }

  /// `gru_1` → `gru`.
  static func base(_ name: String) -> String {
    guard let bar = name.lastIndex(of: "_") else { return name }
    let number = name[name.index(after: bar)...]
    return !number.isEmpty && number.allSatisfy(\.isNumber) ? String(name[..<bar]) : name
  }
}
