/// Which layer each array of a flat list belongs to, by the names that the list has.
///
/// Keras goes by position, for it knows how many weights each layer has. Here the names tell: those
/// of a layer's weights begin with its own, `dense_1/kernel:0`, `dense_1_W:0` in Keras 1,
/// `sequential/dense_1/kernel` in Keras 3. In a file of a model that was made anew, or beside
/// another of its kind, layers have other numbers: they are told by their class and their order.
struct WeightOwners {
  /// A layer that may have weights.
  struct Owner {
    /// Names of the layers around it, outermost first.
    var outer: [String] = []
    var name: String
    /// Names of the layers in it.
    var inner: [String] = []
    var className: String
    /// Whether its config says that it has weights.
    var namesWeights: Bool

    /// Whether it may have some: Keras's own layers mostly say so.
    var mayHaveWeights: Bool { namesWeights || !KerasLayerNames.all.contains(className) }
  }

  /// In the order in which the list names those that have weights.
  let owners: [Owner]
  /// Whether the names are Keras 1's.
  var isKeras1 = false

  /// The owner of every array; `nil` where the names do not tell.
  func owners(ofWeights names: [String]) -> [Int]? {
    var groups: [(words: [String], names: Set<String>)] = []
    let group = names.map { name in
      let words = self.words(of: name)
      // A name that comes again is another layer's of the same name.
      if let known = groups.firstIndex(where: { $0.words == words && !$0.names.contains(name) }) {
        groups[known].names.insert(name)
        return known
      }
      groups.append((words, [name]))
      return groups.count - 1
    }
    guard let found = owners(of: groups.map(\.words)) else { return nil }
    return group.map { found[$0] }
  }

  /// By names that agree with the order, by the order where it leaves one way for the names, by
  /// names alone, by the order alone.
  private func owners(of groups: [[String]]) -> [Int]? {
    for numbered in [false, true] {
      let named = exact(groups, numbered: numbered)
      if let named, Self.isRising(named) { return named }
      if let ordered = inOrder(groups, numbered: numbered) { return ordered }
      if let named, Set(named).count == named.count { return named }
    }
    return byOrder(groups)
  }

  /// The owner of each layer that a file lists as having weights, in its order; `nil` where
  /// neither names nor order tell.
  func owners(ofLayers names: [String]) -> [Int]? {
    let found = names.compactMap { name in owners.firstIndex { $0.name == name } }
    if found.count == names.count, Self.isRising(found) { return found }
    return byOrder(names.map { [$0] })
  }

  private static func isRising(_ found: [Int]) -> Bool {
    zip(found, found.dropFirst()).allSatisfy { $0 < $1 }
  }

  // MARK: - Names

  /// The names of layers in a weight's name, outermost first: all but the weight's own. Empty for
  /// a weight that was made outside of any scope.
  private func words(of weight: String) -> [String] {
    let name = weight.hasSuffix(":0") ? String(weight.dropLast(2)) : weight
    guard isKeras1 else { return name.split(separator: "/").dropLast().map(String.init) }
    // The layer's name, then the weight's.
    let known = owners.flatMap { [$0.name] + $0.inner }.filter { name.hasPrefix($0 + "_") }
    if let longest = known.max(by: { $0.count < $1.count }) { return [longest] }
    let words = name.split(separator: "_", omittingEmptySubsequences: false)
    guard let number = words.dropLast().lastIndex(where: { Int($0) != nil }) else { return [] }
    return [words[...number].joined(separator: "_")]
  }

  /// - Parameter numbered: whether a name may have a number more, as TensorFlow's scopes get one
  ///   where theirs is taken.
  private func exact(_ groups: [[String]], numbered: Bool) -> [Int]? {
    // Which owners have a name that ends in a word.
    var candidates: [String: Set<Int>] = [:]
    for (index, owner) in owners.enumerated() {
      for name in [owner.name] + owner.inner {
        let parts = name.split(separator: "/").map(String.init)
        for word in [parts.last ?? "", parts.joined(separator: "_")] {
          candidates[word, default: []].insert(index)
        }
      }
    }
    var found: [Int] = []
    for group in groups where !group.isEmpty {
      var possible: Set<Int> = []
      for word in group {
        possible.formUnion(candidates[word] ?? [])
        if numbered { possible.formUnion(candidates[Self.withoutNumber(word)] ?? []) }
      }
      let fits = possible.compactMap { index in
        fit(group, owners[index], numbered).map { (owner: index, fit: $0) }
      }
      guard let best = fits.min(by: { $0.fit < $1.fit }),
        fits.count(where: { $0.fit == best.fit }) == 1
      else { return nil }
      found.append(best.owner)
    }
    // A number more tells nothing where two layers may have got it.
    if numbered, Set(found).count < found.count { return nil }
    guard let scopeless = groups.firstIndex(where: \.isEmpty) else { return found }
    // What has no scope belongs to the one layer that is left and may have weights.
    let left = owners.indices.filter { !found.contains($0) && owners[$0].mayHaveWeights }
    guard left.count == 1 else { return nil }
    found.insert(left[0], at: scopeless)
    return found
  }

  /// The one way in which groups belong to owners in the owners' order, each to one whose name it
  /// has; `nil` where there is none, or more than one.
  private func inOrder(_ groups: [[String]], numbered: Bool) -> [Int]? {
    guard !groups.contains(where: \.isEmpty) else { return nil }
    // As early as can be, and as late as can be: the same where there is one way alone.
    var (early, late): ([Int], [Int]) = ([], [])
    for group in groups {
      let first = owners.indices.first { owner in
        owner > (early.last ?? -1) && fit(group, owners[owner], numbered) != nil
      }
      guard let first else { return nil }
      early.append(first)
    }
    for group in groups.reversed() {
      let last = owners.indices.last { owner in
        owner < (late.last ?? owners.count) && fit(group, owners[owner], numbered) != nil
      }
      guard let last else { return nil }
      late.append(last)
    }
    return early == late.reversed() ? early : nil
  }

  /// How well an owner fits, smaller being better: how many names that are not around it come
  /// before its own, and how many of those around it are missing.
  private func fit(_ words: [String], _ owner: Owner, _ numbered: Bool) -> (Int, Int)? {
    let own = ([owner.name] + owner.inner).compactMap { place(of: $0, in: words, numbered) }
    guard let first = own.min() else { return nil }
    let around = owner.outer.count {
      place(of: $0, in: Array(words[..<first]), numbered) != nil
    }
    return (first - around, owner.outer.count - around)
  }

  /// Where a name stands; one with slashes takes several places, or one with underscores.
  private func place(of name: String, in words: [String], _ numbered: Bool) -> Int? {
    let parts = name.split(separator: "/").map(String.init)
    for sought in [parts, [parts.joined(separator: "_")]] where sought.count <= words.count {
      for start in 0...words.count - sought.count {
        let found = words[start..<start + sought.count]
        if found.elementsEqual(sought) { return start }
        guard numbered, let last = found.last, let end = sought.last,
          found.dropLast().elementsEqual(sought.dropLast()), Self.withoutNumber(last) == end
        else { continue }
        return start
      }
    }
    return nil
  }

  /// `dense_1_2` → `dense_1`; a word without a number stays.
  private static func withoutNumber(_ word: String) -> String {
    guard let bar = word.lastIndex(of: "_"), Int(word[word.index(after: bar)...]) != nil else {
      return word
    }
    return String(word[..<bar])
  }

  // MARK: - Order

  private func byOrder(_ groups: [[String]]) -> [Int]? {
    // What all have in common says nothing.
    var shared = 0
    while let word = groups.first?.dropLast().dropFirst(shared).first,
      groups.allSatisfy({ $0.count > shared + 1 && $0[shared] == word })
    {
      shared += 1
    }
    var names: [String] = []
    var position: [Int] = []
    for group in groups {
      guard group.count > shared else { return nil }
      if names.last != group[shared] {
        if let known = names.firstIndex(of: group[shared]) {
          position.append(known)
          continue
        }
        names.append(group[shared])
      }
      position.append(names.count - 1)
    }
    let stems = names.map(Self.stem)
    let ofClass = owners.indices.filter { stems.contains(Self.stem(owners[$0])) }
    if ofClass.map({ Self.stem(owners[$0]) }) == stems { return position.map { ofClass[$0] } }
    let certain = owners.indices.filter { owners[$0].namesWeights }
    return certain.count == names.count ? position.map { certain[$0] } : nil
  }

  /// `dense_12` → `dense`, `time_distributed_1` and Keras 1's `timedistributed_1` →
  /// `timedistributed`.
  private static func stem(_ name: String) -> String {
    var words = name.split(separator: "_")
    while words.count > 1, words.last.map({ Int($0) != nil }) ?? false { words.removeLast() }
    return words.joined().lowercased()
  }

  /// What Keras names layers of the class by.
  private static func stem(_ owner: Owner) -> String {
    stem(LayerNames.snakeCase(owner.className))
  }
}
