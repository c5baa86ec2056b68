import KerasFormat

/// Words → their indices in a vocabulary, `(B, n) → (B, n)`, or vectors: one for each word
/// (`one_hot`), or one for each row (`multi_hot`, `count`, `tf_idf`), `(B, n) → (B, V)`.
///
/// A text is one word, taken as it is. Unknown words share the first index, or, with several
/// indices for them, get one by FarmHash's fingerprint. The mask token is index 0, and left out of
/// vectors.
public struct StringLookup: TextLayer {
  public static let className = "StringLookup"
  private let lookup: WordLookup
  private var input: Shape = [nil]
  private var generation = Generation.keras3

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    guard try !config.bool("invert", default: false) else {
      throw config.error("invert", "true: it gives texts, which no tensor holds")
    }
    let settings = try LookupSettings(&config, Self.className)
    let mask = config.value("mask_token")
    guard mask == nil || mask?.string != nil else {
      throw config.error("mask_token", "\(mask?.kind ?? "") but a string belongs here")
    }
    lookup = try WordLookup(settings, mask: mask?.string, config)
    try LookupHashing.check(&config)
    // Words are hashed alike by both.
    config.ignore("oov_method", "oov_token")
    try TextEncodings.check(&config)
  }

  public var config: JSONObject { lookup.settings.config }

  // MARK: Shape

  public func built(at site: BuildSite) throws(KerasError) -> StringLookup {
    var layer = self
    layer.input = site.inputs[0]
    layer.generation = site.generation
    return layer
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    guard inputs[0].rank <= 1 else {
      throw KerasError(
        .unsupportedConfiguration, "input \(inputs[0]) but rows of words, (None, n), belong here")
    }
    return [try lookup.settings.outputShape(for: inputs[0], generation)]
  }

  // MARK: Texts

  public func encode(_ rows: [[String]]) throws(KerasError) -> NumericArray {
    try checkWidths(of: rows, input)
    var indices: [[Int?]] = []
    for (row, words) in rows.enumerated() {
      indices.append(try lookup.indices(of: words.map(\.utf8), row: row))
    }
    return try lookup.settings.array(indices, input: input, generation)
  }
}

/// How unknown entries are spread over several indices.
enum LookupHashing {
  /// Refuses the hash that is not computed.
  static func check(_ config: inout ConfigReader) throws(KerasError) {
    guard let salt = config.value("salt") else { return }
    throw config.error("salt", "\(salt.kind): salted hashes are SipHash, which is not supported")
  }
}

extension LookupSettings {
  /// The output for rows of indices that came in with the shape `input`.
  func array(
    _ rows: [[Int?]], input: Shape, _ generation: Generation
  ) throws(KerasError) -> NumericArray {
    let columns = rows.first?.count ?? 0
    let extents = input.rank == 0 ? [rows.count] : [rows.count, columns]
    switch mode {
    case .int:
      return NumericArray(
        shape: extents, .int32(rows.joined().map { Int32($0 ?? 0) }))
    case .oneHot:
      let shape = try outputShape(for: input, generation)
      return NumericArray(
        shape: (shape.rank == 2 ? extents : [rows.count]) + [depth],
        .float32(vectors(rows.joined().map { [$0] })))
    case .multiHot, .count, .tfIDF:
      return NumericArray(shape: [rows.count, depth], .float32(vectors(rows)))
    }
  }
}
