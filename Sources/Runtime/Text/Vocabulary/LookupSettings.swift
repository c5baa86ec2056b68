import KerasFormat

/// What Keras's `IndexLookup` is configured with: the vocabulary, and what becomes of its indices.
///
/// Indices are, in this order: one for the mask token, where the output is indices; one or more for
/// unknown words; the words. `V` is their number.
struct LookupSettings: Sendable {
  enum OutputMode: String, Sendable {
    /// The index of each word.
    case int
    /// For each word a vector of length V, 1 at its index.
    case oneHot = "one_hot"
    /// For each row a vector of length V: which words are in it, how often, or that times a weight.
    case multiHot = "multi_hot"
    case count
    case tfIDF = "tf_idf"
  }

  let mode: OutputMode
  let vocabulary: StoredVocabulary
  /// Indices for unknown words.
  let oovCount: Int
  /// V, or `max_tokens` where the output is padded to it.
  let depth: Int
  private let weights: [Float]
  /// The keys that were read.
  let config: JSONObject

  init(_ reader: inout ConfigReader, _ className: String) throws(KerasError) {
    var config = JSONObject()
    var keys = [
      "max_tokens", "output_mode", "pad_to_max_tokens", "sparse", "vocabulary", "idf_weights",
      "vocabulary_size",
    ]
    if className != "TextVectorization" {
      keys += ["num_oov_indices", "mask_token", "oov_token", "invert"]
    }
    for key in keys { config[key] = reader.value(key) ?? (reader.hasKey(key) ? .null : nil) }
    self.config = config
    oovCount = try reader.integer("num_oov_indices", default: 1)
    let maxTokens = try reader.optionalInteger("max_tokens")
    let isPadded = try reader.bool("pad_to_max_tokens", default: false)
    try reader.refuse("sparse")
    mode = try Self.mode(&reader)
    let stored: StoredVocabulary?
    do { stored = try StoredVocabulary(className, config) } catch {
      throw error.inside(reader.owner)
    }
    guard let stored else {
      throw reader.error(
        "vocabulary", "the file carries no words, without which the layer computes nothing",
        hint: "Keras keeps a learned vocabulary in .keras archives alone; save the model as one")
    }
    vocabulary = stored
    guard !stored.tokens.isEmpty else { throw reader.error("vocabulary", "it holds no words") }
    if let size = try reader.optionalInteger("vocabulary_size"), size != stored.size {
      throw reader.error(
        "vocabulary", "\(stored.size) entries with the special ones but vocabulary_size=\(size)")
    }
    if let maxTokens, stored.size > maxTokens {
      throw reader.error(
        "vocabulary", "\(stored.size) entries with the special ones but max_tokens=\(maxTokens)")
    }
    depth = isPadded ? maxTokens ?? 0 : stored.size
    guard (1...Self.maximumDepth).contains(depth) else {
      throw reader.error(
        "max_tokens", "an output \(depth) wide but 1…\(Self.maximumDepth) is possible")
    }
    if mode == .tfIDF {
      guard let weights = stored.weights(width: depth) else {
        throw reader.error("idf_weights", "missing, but output_mode=tf_idf needs them")
      }
      self.weights = weights
    } else {
      guard stored.idfWeights == nil else {
        throw reader.error("idf_weights", "given, but only output_mode=tf_idf has them")
      }
      weights = []
    }
  }

  private static let maximumDepth = 1 << 24

  private static func mode(_ reader: inout ConfigReader) throws(KerasError) -> OutputMode {
    let name = try reader.string("output_mode", default: "int")
    // Names of Keras before 2.6.
    let names = ["binary": "multi_hot", "tf-idf": "tf_idf"]
    guard let mode = OutputMode(rawValue: names[name] ?? name) else {
      throw reader.error(
        "output_mode", "\"\(name)\" but int, one_hot, multi_hot, count or tf_idf belongs here")
    }
    return mode
  }

  // MARK: - Indices

  /// The index of the mask token; `nil` where such words are left out.
  var maskIndex: Int? { mode == .int ? 0 : nil }

  /// The shape for inputs of `shape`: words stand on its last axis.
  func outputShape(for shape: Shape, _ generation: Generation) throws(KerasError) -> Shape {
    switch mode {
    case .int: return shape
    case .oneHot:
      if shape.rank == 0 || shape == [1] { return [depth] }
      if generation == .keras3, shape.rank == 1 { return Shape(shape.extents + [depth]) }
    case .multiHot, .count, .tfIDF:
      if shape.rank == 1 { return [depth] }
    }
    throw KerasError(
      .unsupportedConfiguration,
      "output_mode=\(mode.rawValue) on an input \(shape), which is not supported",
      hint: "give it an input (None, n)")
  }

  /// The vectors of rows of indices; a `nil` is left out.
  func vectors(_ rows: [[Int?]]) -> [Float] {
    var result = [Float](repeating: 0, count: rows.count * depth)
    for (row, indices) in rows.enumerated() {
      for index in indices {
        guard let index, index < depth else { continue }
        let place = row * depth + index
        result[place] = mode == .oneHot || mode == .multiHot ? 1 : result[place] + 1
      }
      if mode == .tfIDF {
        for index in 0..<depth { result[row * depth + index] *= weights[index] }
      }
    }
    return result
  }

  /// The index of a word that the vocabulary does not have.
  func unknownIndex(hash: @autoclosure () -> UInt64) -> Int? {
    switch oovCount {
    case 0: nil
    case 1: vocabulary.oovStart
    default: vocabulary.oovStart + Int(hash() % UInt64(oovCount))
    }
  }
}
