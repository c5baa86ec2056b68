/// Which layer each array of a legacy file belongs to.
///
/// Keras goes by position: it knows how many weights each layer has, and takes the arrays in the
/// order of `trainable_weights + non_trainable_weights` (`load_weights_from_hdf5_group` in
/// `legacy_h5_format.py` of 3.15, `hdf5_format.py` of 2.15, `saving.py` of 2.2, `topology.py` of
/// 1.2). So does this search. How many weights a layer has, the configs of Keras's own say; where
/// somebody's own layers stand between, the names that the file gives tell. What can be divided in
/// two ways is refused, and names of the right layers in another order than Keras's too.
struct WeightOwners {
  /// An owner's turn to take, in the file's order.
  struct Visit {
    let owner: Int
    /// How many it takes; `nil` where its config does not tell.
    let counts: Set<Int>?
    /// The most that it can take.
    var most = Int.max
    /// Whether it may have weights that neither its config nor their names speak of.
    let isOpen: Bool
    /// Whether an item can be its by what its config says.
    var accepts: @Sendable (Int) -> Bool = { _ in true }
  }

  enum Finding {
    case owners([Int])
    /// Why there is no answer.
    case untold(String)
  }

  /// What is to be divided, each by its name in the file, and the names of layers in that.
  let items: [(name: String, words: [String])]
  /// The owners.
  let chains: [WeightNames.Chain]
  private let known: Set<String>

  init(items: [(name: String, words: [String])], chains: [WeightNames.Chain]) {
    (self.items, self.chains) = (items, chains)
    known = WeightNames.words(of: chains.flatMap { $0.around + $0.own })
  }

  /// The owner of each item: by the strictest rule that leaves a way.
  func owners(_ visits: [Visit]) -> Finding {
    for rule in WeightNames.Rule.allCases {
      for isCounted in [true, false] {
        switch division(visits, rule, isCounted: isCounted).outcome() {
        case .none: continue
        case .one(let owners): return .owners(owners)
        case .several(let item, let takers):
          let owners = takers.map { (chains[$0].around + chains[$0].own).joined(separator: "/") }
          return .untold(
            "\(items[item].name) may be of \(owners.joined(separator: " or of "))")
        }
      }
      if rule == .exact, areAllNamed {
        return .untold("by their names they are not what Keras lists, in its order")
      }
    }
    return .untold("they are not what Keras lists")
  }

  /// - Parameter isCounted: whether all take as many as their configs say, or those that have some
  ///   at least one.
  private func division(
    _ visits: [Visit], _ rule: WeightNames.Rule, isCounted: Bool
  ) -> OrderedDivision {
    OrderedDivision(
      count: items.count,
      turns: visits.map { visit in
        OrderedDivision.Turn(taker: visit.owner) { item in
          if isCounted, !visit.accepts(item) { return false }
          // What was made outside of any scope is somebody's own.
          if items[item].words.isEmpty || rule == .unnamed {
            return visit.isOpen || visit.counts != nil && rule == .unnamed
          }
          return WeightNames.speak(items[item].words, of: chains[visit.owner], known: known, rule)
        } suffices: { run in
          // No file has two weights of a layer under one name.
          guard run.count <= visit.most, Set(run.map { items[$0].name }).count == run.count else {
            return false
          }
          guard let counts = visit.counts else { return true }
          return isCounted ? counts.contains(run.count) : !run.isEmpty || counts.contains(0)
        }
      })
  }

  /// Whether each item speaks of one owner and no other.
  private var areAllNamed: Bool {
    items.allSatisfy { item in
      chains.count { WeightNames.speak(item.words, of: $0, known: known, .exact) } == 1
    }
  }
}

// MARK: - The arrays of a layer

extension WeightOwners {
  /// The leaf of each array that a file lists for a layer.
  static func leaves(
    of names: [String], in structure: LayerStructure, _ generation: Generation
  ) -> Finding {
    let chains = structure.leaves.map { leaf in
      WeightNames.Chain(
        around: leaf.way[..<leaf.unit].map(\.name), own: leaf.way[leaf.unit...].map(\.name),
        classNames: [leaf.way[leaf.unit].className, leaf.className])
    }
    let items = names.map { name in
      (
        name,
        generation == .keras1
          ? WeightNames.keras1Words(of: name, chains) : WeightNames.words(of: name)
      )
    }
    let known = Set(structure.leaves.flatMap { $0.trainedNames ?? [] } + Self.statistics)
    let owned = names.map { Set(WeightNames.own($0)) }
    return WeightOwners(items: items, chains: chains).owners(
      structure.legacyVisits(generation).map { place in
        var visit = Self.visit(place, structure.leaves[place.leaf], generation)
        guard generation > .keras1, let trained = structure.leaves[place.leaf].trainedNames else {
          return visit
        }
        var own = Set((place.trained ? trained : []) + (place.others ? Self.statistics : []))
        // What 2.15 calls `depthwise_kernel` is a `kernel` in Keras 3.
        if own.contains("depthwise"), !own.contains("pointwise") { own.insert("kernel") }
        let others = known.subtracting(own)
        visit.accepts = { !owned[$0].isSubset(of: others) }
        return visit
      })
  }

  private static let statistics = ["moving_mean", "moving_variance"]

  private static func visit(
    _ visit: (leaf: Int, trained: Bool, others: Bool), _ leaf: LayerStructure.Leaf,
    _ generation: Generation
  ) -> Visit {
    guard let trained = leaf.trainedNames else {
      return Visit(
        owner: visit.leaf, counts: nil, isOpen: !KerasLayerNames.all.contains(leaf.className))
    }
    let count = (visit.trained ? trained.count : 0) + (visit.others ? leaf.statistics : 0)
    // Keras 1 keeps gates apart, or side by side.
    let gates = generation == .keras1 && visit.trained ? leaf.gateCount.map { [count * $0] } : nil
    return Visit(owner: visit.leaf, counts: Set([count] + (gates ?? [])), isOpen: false)
  }
}

// MARK: - The layers of a model

extension WeightOwners {
  /// The layer of each that a file lists as having weights.
  static func layers(
    of stored: [LegacyH5.Layer], in layers: [LayerRecord], _ structures: [LayerStructure],
    _ generation: Generation
  ) -> Finding {
    let owners = WeightOwners(
      items: stored.map { ($0.name, $0.name.split(separator: "/").map(String.init)) },
      chains: layers.map { .init(around: [], own: [$0.name], classNames: [$0.className]) })
    let sizes = stored.map(\.arrays.count)
    return owners.owners(
      structures.enumerated().map { index, structure in
        var sums: Set<Int>? = [0]
        for visit in structure.legacyVisits(generation) {
          let counts = Self.visit(visit, structure.leaves[visit.leaf], generation).counts
          sums = counts.flatMap { counts in
            sums.map { sums in Set(sums.flatMap { sum in counts.map { sum + $0 } }) }
          }
        }
        let all = sums
        let isCertain = structure.leaves.contains { $0.trainedNames != nil } && all != [0]
        return Visit(
          owner: index, counts: isCertain ? [1] : nil, most: 1,
          isOpen: structure.leaves.contains { !KerasLayerNames.all.contains($0.className) }
        ) { item in
          all.map { $0.contains(sizes[item]) } ?? true
        }
      })
  }
}
