import KerasFormat
import KerasRuntime
import Testing

/// What a predictor remembers from call to call changes no bit of what it gives.
@Suite struct PredictorTests {
  private static let rows: [[Int32]] = [
    [0, 0, 0, 4, 2], [0, 3, 1, 1, 6], [5, 2, 0, 0, 0], [0, 0, 0, 0, 0], [6, 5, 4, 3, 2],
    [0, 0, 0, 0, 9],
  ]

  private static func batch(_ rows: [[Int32]]) -> NumericArray {
    NumericArray(shape: [rows.count, 5], .int32(rows.flatMap { $0 }))
  }

  private static func network(_ layer: any Layer, maskZero: Bool) throws -> Network {
    try Network(
      [Embedding(inputDim: 10, outputDim: 3, maskZero: maskZero), layer, Dense(units: 2)], seed: 5)
  }

  /// What comes out of a row by itself, nothing known before and nothing kept.
  private static func alone(_ row: [Int32], _ network: Network) throws -> [Float] {
    var pass = Pass(generation: network.generation)
    var trace = NetworkTrace<Float>()
    let input = Tensor<Float>(rows: 0..<1, of: batch([row]), in: &pass.workspace)
    let output = try network.forward(
      [input], parameters: network.parameters, trace: &trace, pass: &pass)[0].tensor
    let values = output.reals(in: &pass.workspace)
    return Array(UnsafeBufferPointer(start: values, count: output.count))
  }

  private static let layers: [any Layer] = [
    GRU(units: 4), GRU(units: 4, resetAfter: false), LSTM(units: 4), SimpleRNN(units: 4),
    GRU(units: 4, returnSequences: true, goBackwards: true), LSTM(units: 4, returnSequences: true),
  ]

  @Test(arguments: layers.indices, [false, true])
  func `rows one by one, again, and all at once come out alike`(
    _ index: Int, _ maskZero: Bool
  ) throws {
    let network = try Self.network(Self.layers[index], maskZero: maskZero)
    let expected = try Self.rows.map { try Self.alone($0, network) }
    #expect(Set(expected.flatMap { $0 }).count > 10)
    var predictor = Predictor(network)
    for _ in 0..<2 {
      for (row, wanted) in zip(Self.rows, expected) {
        #expect(try predictor.predict([Self.batch([row])])[0].floats() == wanted)
      }
    }
    let all = try predictor.predict([Self.batch(Self.rows)])[0].floats()
    #expect(all == expected.flatMap { $0 })
  }

  @Test(arguments: layers.indices, [false, true])
  func `a row's score is its first output`(_ index: Int, _ maskZero: Bool) throws {
    let network = try Self.network(Self.layers[index], maskZero: maskZero)
    let expected = try Self.rows.map { try Self.alone($0, network)[0] }
    #expect(Set(expected).count > 2)
    var predictor = Predictor(network)
    for _ in 0..<2 {
      for (row, wanted) in zip(Self.rows, expected) { #expect(try predictor.score(row) == wanted) }
    }
  }

  @Test func `rows that a model does not take are refused as in a batch`() throws {
    let fixed = try Network(
      [InputLayer(shape: [5]), Embedding(inputDim: 10, outputDim: 3), GRU(units: 2)], seed: 5)
    var predictor = Predictor(fixed)
    #expect(throws: KerasError.self) { try predictor.score([1, 2]) }
    #expect(throws: KerasError.self) { try predictor.score([1, 2, 3, 4, 10]) }
    #expect(try predictor.score(Self.rows[0]) == Self.alone(Self.rows[0], fixed)[0])
  }

  @Test(arguments: [PaddingSide.pre, .post], [PaddingSide.pre, .post])
  func `a text's score is that of a batch`(
    _ padding: PaddingSide, _ truncating: PaddingSide
  ) throws {
    let texts = ["Good, good CASE!", "bad", "", "a very good case and a bad one", "Größe ist gut"]
    var network = try Self.network(Self.layers[0], maskZero: false)
    var tokenizer = Tokenizer(numWords: 9, oovToken: "?")
    tokenizer.fitOnTexts(texts)
    network.textPipeline = TextPipeline(
      tokenizer: tokenizer, maxLength: 5, padding: padding, truncating: truncating)
    var one = Predictor(network)
    var all = Predictor(network)
    let outputs = try all.outputs(for: texts)[0].floats()
    for (index, text) in texts.enumerated() {
      #expect(try one.score(text) == outputs[2 * index])
    }
  }

  @Test(arguments: layers.indices)
  func `threads that share a batch give the same bits`(_ index: Int) throws {
    let network = try Self.network(Self.layers[index], maskZero: false)
    let many = (0..<60).map { Self.rows[$0 % 6].map { ($0 * 3 + 1) % 10 } } + Self.rows
    var alone = Predictor(network)
    var together = Predictor(network, crew: Crew(threads: 3, grain: 1))
    let expected = try alone.predict([Self.batch(many)], batchSize: 66)[0].floats()
    #expect(try together.predict([Self.batch(many)], batchSize: 66)[0].floats() == expected)
  }

  @Test func `an error leaves the predictor as it was`() throws {
    let network = try Self.network(GRU(units: 4), maskZero: false)
    var predictor = Predictor(network)
    let before = try predictor.predict([Self.batch(Self.rows)])[0].floats()
    var error: KerasError?
    do throws(KerasError) {
      _ = try predictor.predict([Self.batch([[0, 0, 1, 2, 3], [1, 2, 10, 3, 4]])])
    } catch let thrown {
      error = thrown
    }
    #expect(
      error?.description.contains("token id 10 at step 2 but the embedding has 10 rows") == true)
    #expect(error?.place.row == 1)
    #expect(try predictor.predict([Self.batch(Self.rows)])[0].floats() == before)
  }
}
