/// Which layer the name of a stored weight speaks of.
///
/// It begins with the names of layers, outermost first: `dense_1/kernel:0`, `dense_1_W:0` in Keras
/// 1, `sequential/dense_1/kernel` in Keras 3. Which of the layers around the weight's own are named
/// depends on how the model was made: Keras 3 names the innermost Sequential, no functional model,
/// and after the file has been loaded and saved again no wrapper either.
enum WeightNames {
  /// How a name is understood, from the strictest on.
  enum Rule: CaseIterable {
    /// As it stands.
    case exact
    /// Without the number that TensorFlow's scopes add where their name is taken.
    case numbered
    /// By the class and no number: a model made anew, or beside another of its kind.
    case ofClass
    /// Not at all.
    case unnamed
  }

  /// A layer, with all that its weights may be named after.
  struct Chain {
    /// Names of the models and layers around it, outermost first.
    let around: [String]
    /// Its own, and those of what is in it on the way to the weight.
    let own: [String]
    let classNames: [String]
  }

  /// Whether the words of a weight's name, its own left out, speak of a layer.
  ///
  /// - Parameter known: the names of all layers that could be meant, as words.
  static func speak(
    _ words: [String], of chain: Chain, known: Set<String>, _ rule: Rule
  ) -> Bool {
    switch rule {
    case .unnamed: return true
    case .ofClass:
      let stems = chain.classNames.map { stem(LayerNames.snakeCase($0)) }
      return words.contains { stems.contains(stem($0)) }
    case .exact, .numbered:
      // From the innermost outwards, for a model around may have the layer's own name.
      var left: [String] = []
      var end = words.count
      var isNamed = false
      for (index, name) in (chain.around + chain.own).enumerated().reversed() {
        guard let found = place(of: name, in: words[..<end], rule) else { continue }
        left += words[found.upperBound..<end]
        end = found.lowerBound
        isNamed = isNamed || index >= chain.around.count
      }
      // A name of another layer would be that layer's.
      return isNamed && !(left + words[..<end]).contains(where: known.contains)
    }
  }

  /// The words of layers' names: one with slashes has several, or is one with underscores.
  static func words(of names: some Sequence<String>) -> Set<String> {
    var words: Set<String> = []
    for name in names {
      let parts = name.split(separator: "/").map(String.init)
      words.formUnion(parts + [parts.joined(separator: "_")])
    }
    return words
  }

  /// The names of layers in a weight's name, outermost first: all but the weight's own. Empty for
  /// a weight that was made outside of any scope.
  static func words(of weight: String) -> [String] {
    weight.split(separator: "/").dropLast().map(String.init)
  }

  /// The same in Keras 1's, `dense_1_W:0`: the layer's name, then the weight's.
  static func keras1Words(of weight: String, _ chains: [Chain]) -> [String] {
    let known = chains.flatMap(\.own).filter { weight.hasPrefix($0 + "_") }
    if let longest = known.max(by: { $0.count < $1.count }) { return [longest] }
    let words = withoutOutput(weight).split(separator: "_", omittingEmptySubsequences: false)
    guard let number = words.dropLast().lastIndex(where: { Int($0) != nil }) else { return [] }
    return [words[...number].joined(separator: "_")]
  }

  /// A weight's own name as its config may have it, before `_initializer`: `kernel`, `recurrent`
  /// for `recurrent_kernel:0`, and without the number that a second one of a scope has.
  static func own(_ weight: String) -> [String] {
    let own = withoutOutput(String(weight.split(separator: "/").last ?? ""))
    return [own, withoutNumber(own)].map {
      $0.hasSuffix("_kernel") ? String($0.dropLast("_kernel".count)) : $0
    }
  }

  private static func withoutOutput(_ name: String) -> String {
    name.hasSuffix(":0") ? String(name.dropLast(2)) : name
  }

  /// Where a name stands last.
  private static func place(
    of name: String, in words: ArraySlice<String>, _ rule: Rule
  ) -> Range<Int>? {
    let parts = name.split(separator: "/").map(String.init)
    for sought in [parts, [parts.joined(separator: "_")]] where !sought.isEmpty {
      guard sought.count <= words.count else { continue }
      for start in (words.startIndex...words.endIndex - sought.count).reversed() {
        let found = words[start..<start + sought.count]
        if found.elementsEqual(sought) { return found.indices }
        guard rule == .numbered, let last = found.last, let end = sought.last,
          found.dropLast().elementsEqual(sought.dropLast()), withoutNumber(last) == end
        else { continue }
        return found.indices
      }
    }
    return nil
  }

  /// `dense_1_2` → `dense_1`; a word without a number stays.
  static func withoutNumber(_ word: String) -> String {
    guard let bar = word.lastIndex(of: "_"), Int(word[word.index(after: bar)...]) != nil else {
      return word
    }
    return String(word[..<bar])
  }

  /// `dense_12` → `dense`, `time_distributed_1` and Keras 1's `timedistributed_1` →
  /// `timedistributed`.
  private static func stem(_ name: String) -> String {
    var words = name.split(separator: "_")
    while words.count > 1, words.last.map({ Int($0) != nil }) ?? false { words.removeLast() }
    return words.joined().lowercased()
  }
}
