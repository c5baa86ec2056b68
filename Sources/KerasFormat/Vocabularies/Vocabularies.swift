/// Where the vocabularies of Keras's preprocessing layers lie in the containers.
///
/// In the canonical record a layer's config has them: `vocabulary`, a list of strings or whole
/// numbers, and `idf_weights`. Keras writes them there only when they were handed to the layer;
/// those that it learned lie in a `.keras` archive as `assets/layers/<layer>/vocabulary.txt`, a
/// word a line, and as the array `idf_weights` beside the weights. Nothing here ever opens a path:
/// a config that names a file is refused.
enum Vocabularies {
  static let classes: Set<String> = ["TextVectorization", "StringLookup", "IntegerLookup"]
  /// Words of a vocabulary, and bytes of the file that holds them.
  static let maximumWords = 1 << 24
  static let maximumBytes = 1 << 28

  static func check(_ vocabulary: JSON) throws(KerasError) {
    let place = KerasError.Place(path: ["vocabulary"])
    if let path = vocabulary.string {
      throw KerasError(
        .unsupportedConfiguration,
        "the path of a file, \"\(path.prefix(80))\", which is not opened",
        at: place, hint: "save the model as .keras, which carries the words themselves")
    }
    guard let words = vocabulary.array else {
      throw KerasError(
        .unsupportedConfiguration, "\(vocabulary.kind) but a list of words belongs here", at: place)
    }
    guard words.count <= maximumWords else {
      throw KerasError(
        .unsupportedConfiguration, "\(words.count) words, more than \(maximumWords)", at: place)
    }
  }

  // MARK: - Generations

  /// What `LayerDecoder` asks after its table: the layers' own types in 2.15 say nothing more.
  static func canonicalize(_ className: String, _ config: inout JSONObject) throws(KerasError) {
    guard classes.contains(className) else { return }
    if let vocabulary = config["vocabulary"], !vocabulary.isNull { try check(vocabulary) }
    if config["dtype"] == "string" || config["dtype"] == "int64" { config["dtype"] = "float32" }
  }

  /// The `dtype` that a generation writes; `nil` where it is the config's.
  static func dtype(
    _ className: String, _ config: JSONObject, _ dialect: Dialect
  ) throws(KerasError) -> JSON? {
    guard classes.contains(className), dialect.generation == .keras2_15 else { return nil }
    if config["ngrams"]?.array != nil {
      throw KerasError(
        .unsupportedConfiguration, "\(dialect.name) cannot read a list of lengths",
        at: .init(path: ["ngrams"]), hint: "write Keras 3")
    }
    if className == "TextVectorization" { return "string" }
    return config["output_mode"] == "int" ? "int64" : nil
  }

  // MARK: - The idf weights beside the weights

  /// Whether a layer keeps an array of idf weights.
  static func hasWeights(_ className: String, _ config: JSONObject) -> Bool {
    classes.contains(className) && config["output_mode"] == "tf_idf"
  }

  /// The array that lies beside the weights: one number for each place of the output.
  static func weights(of layer: LayerRecord) throws(KerasError) -> NumericArray? {
    guard hasWeights(layer.className, layer.config),
      let vocabulary = try StoredVocabulary(layer.className, layer.config)
    else { return nil }
    var width = vocabulary.size
    if layer.config["pad_to_max_tokens"] == true, let most = layer.config["max_tokens"]?.integer,
      (width...maximumWords).contains(most)
    {
      width = most
    }
    return vocabulary.weights(width: width).map { NumericArray(shape: [$0.count], .float32($0)) }
  }

  /// Takes a stored array into the config. Where the config has its own, they must agree.
  static func take(
    _ array: NumericArray, into layer: inout LayerRecord
  ) throws(KerasError) {
    guard array.shape.count == 1 else {
      throw KerasError(
        .weightMismatch, "shape \(array.shape.tuple) but idf weights are a list",
        at: .init(path: ["idf_weights"]))
    }
    if layer.config["idf_weights"]?.array == nil {
      layer.config["idf_weights"] = .array(array.floats().map { .number(Double($0)) })
    } else if !agree(try weights(of: layer)?.floats() ?? [], array.floats()) {
      throw KerasError(
        .weightMismatch, "the stored array does not agree with the config",
        at: .init(path: ["idf_weights"]))
    }
  }

  /// Equal but for the last bit, in which NumPy's mean may differ.
  private static func agree(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-6 * max(1, abs($1)) }
  }

  /// Takes the arrays that 2.15's legacy layout lists as weights of these layers out of the others.
  static func taking(
    _ stored: [LegacyH5.Layer], into record: inout ModelRecord
  ) throws(KerasError) -> [LegacyH5.Layer] {
    var rest = stored
    for (index, layer) in record.layers.enumerated()
    where hasWeights(layer.className, layer.config) {
      guard let place = rest.firstIndex(where: { $0.name == layer.name }),
        let array = rest[place].arrays.first, rest[place].arrays.count == 1
      else { continue }
      do { try take(array, into: &record.layers[index]) } catch { throw error.inside(layer.name) }
      rest[place].arrays = []
    }
    return rest
  }
}
