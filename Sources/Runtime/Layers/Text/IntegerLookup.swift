import KerasFormat

/// Whole numbers → their indices in a vocabulary of whole numbers, of any shape, or vectors of
/// length V as ``StringLookup`` gives them. Inverted: indices → the numbers.
///
/// It works on tensors and stands anywhere. Of several indices for unknown numbers Keras takes the
/// number's remainder, or, with `oov_method` `farmhash`, the fingerprint of its decimal digits.
public struct IntegerLookup: Layer {
  public static let className = "IntegerLookup"
  private let settings: LookupSettings
  private let indices: [Int: Int]
  private let mask: Int?
  private let oov: Int
  private let isInverted: Bool
  private let isHashed: Bool
  private let own: JSONObject
  private var generation = Generation.keras3

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    settings = try LookupSettings(&config, Self.className)
    mask = try config.optionalInteger("mask_token")
    oov = try config.integer("oov_token", default: -1)
    isInverted = try config.bool("invert", default: false)
    guard !isInverted || settings.mode == .int else {
      throw config.error("invert", "true, but then output_mode must be int")
    }
    try LookupHashing.check(&config)
    let method = try config.string("oov_method", default: "floormod")
    guard ["floormod", "farmhash"].contains(method) else {
      throw config.error("oov_method", "\"\(method)\" but floormod or farmhash belongs here")
    }
    isHashed = method == "farmhash"
    guard try config.string("vocabulary_dtype", default: "int64").hasPrefix("int") else {
      throw config.error("vocabulary_dtype", "only whole numbers are supported")
    }
    var own = settings.config
    own["oov_method"] = .string(method)
    self.own = own
    var indices: [Int: Int] = [:]
    for (offset, token) in settings.vocabulary.tokens.enumerated() {
      guard let number = token.integer else {
        throw config.error("vocabulary", "\(token.kind) but a whole number belongs here")
      }
      guard number != mask else {
        throw config.error("vocabulary", "the mask token \(number) stands among the words")
      }
      guard !isInverted || Int32(exactly: number) != nil && number != oov else {
        throw config.error("vocabulary", "\(number), which cannot be given back")
      }
      let index = settings.vocabulary.tokenStart + offset
      guard indices.updateValue(index, forKey: number) == nil else {
        throw config.error("vocabulary", "\(number) stands there twice")
      }
    }
    for number in [mask, oov] where isInverted && number.map({ Int32(exactly: $0) }) == .some(nil) {
      throw config.error("invert", "true, but a special token is above 2^31")
    }
    self.indices =
      isInverted
      ? Dictionary(uniqueKeysWithValues: indices.map { ($0.value, $0.key) }) : indices
  }

  public var config: JSONObject { own }

  // MARK: Shape

  public func built(at site: BuildSite) throws(KerasError) -> IntegerLookup {
    var layer = self
    layer.generation = site.generation
    return layer
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    [try settings.outputShape(for: inputs[0], generation)]
  }

  // MARK: Forward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0].tensor
    let columns = input.shape.count > 1 ? input.width : 1
    var rows: [[Int?]] = []
    for row in 0..<(columns == 0 ? 0 : input.count / columns) {
      var indices: [Int?] = []
      for i in row * columns..<(row + 1) * columns {
        let number = try number(input, i)
        indices.append(isInverted ? value(of: number) : try index(of: number, i, input.shape))
      }
      rows.append(indices)
    }
    if settings.mode == .int {
      let ids = pass.workspace.scratch(Int32.self, count: input.count)
      for (i, index) in rows.joined().enumerated() { ids[i] = Int32(index ?? 0) }
      return [Signal(Tensor(ids: ids, shape: input.shape))]
    }
    let shape = Shape(input.shape.dropFirst().map { $0 })
    let output = try settings.array(rows, input: shape, generation)
    let vectors = pass.workspace.scratch(S.self, count: output.count)
    for (i, value) in output.floats().enumerated() { vectors[i] = S(value) }
    return [Signal(Tensor(vectors, shape: Extents(output.shape)))]
  }

  /// A whole number of the input; others are truncated, as Keras does.
  private func number<S: Scalar>(_ input: Tensor<S>, _ i: Int) throws(KerasError) -> Int {
    switch input.content {
    case .ids(let ids): return Int(ids[i])
    case .words: preconditionFailure("the graph looks words up for this layer")
    case .reals(let values):
      guard let number = Int(exactly: values[i].rounded(.towardZero)) else {
        throw KerasError(
          .invalidData, "\(values[i]) but a whole number belongs here",
          at: .init(row: row(of: i, input.shape)))
      }
      return number
    }
  }

  private func row(of i: Int, _ shape: Extents) -> Int {
    i / max(1, shape.dropFirst().reduce(1, *))
  }

  private func index(of number: Int, _ i: Int, _ shape: Extents) throws(KerasError) -> Int? {
    if number == mask { return settings.maskIndex }
    if let index = indices[number] { return index }
    guard let unknown = settings.unknownIndex(hash: hash(number)) else {
      throw KerasError(
        .invalidData, "\(number) is not in the vocabulary, and num_oov_indices=0",
        at: .init(row: row(of: i, shape)))
    }
    return unknown
  }

  private func hash(_ number: Int) -> UInt64 {
    guard isHashed else {
      let remainder = number % settings.oovCount
      return UInt64(remainder < 0 ? remainder + settings.oovCount : remainder)
    }
    return Array("\(number)".utf8).withUnsafeBufferPointer { Fingerprint64.of($0) }
  }

  /// The number at an index.
  private func value(of index: Int) -> Int {
    if index == 0, let mask { return mask }
    return indices[index] ?? oov
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {}
}
