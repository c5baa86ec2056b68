import KerasFormat
import KerasRuntime
import TestSupport
import Testing

/// Steps one by one come to what Keras's whole sequence came to.
@Suite struct StepPredictorTests {
  /// The fixtures that a `StepPredictor` takes: of each the network, and Keras's inputs and outputs.
  private struct Case {
    let fixture: FixtureCase
    let network: Network
    let inputs: NumericArray
    let outputs: NumericArray

    init?(_ fixture: FixtureCase) throws {
      // Some models are there to be refused, and have no input.
      guard fixture.files.contains("x.npy"), let container = fixture.containers.first,
        let record = try? fixture.record(container), let network = try? Network(record),
        (try? StepPredictor(network)) != nil
      else { return nil }
      (self.fixture, self.network) = (fixture, network)
      inputs = try fixture.inputArrays()[0]
      // In 16 bits whole sequences are equal to Keras but for what `fixtures/exceptions.json` says;
      // steps are equal to whole sequences.
      let isNarrow = ["Precision", "Policy"].contains(fixture.kind)
      outputs = try isNarrow ? network.predict([inputs])[0] : fixture.outputArrays()[0]
    }
  }

  private static let cases = Result { () throws -> [Case] in
    try FixtureCase.all(["layers", "keras1", "graphs"]).compactMap { try Case($0) }
  }

  /// The output after each row's last step.
  private static func stepped(
    _ network: Network, _ inputs: NumericArray
  ) throws -> (last: [[Float]], firsts: [Float]) {
    var predictor = try StepPredictor(network)
    let (rows, steps) = (inputs.shape[0], inputs.shape[1])
    var (last, firsts): ([[Float]], [Float]) = ([], [])
    for row in 0..<rows {
      predictor.reset()
      for t in 0..<steps {
        let start = (row * steps + t) * predictor.features
        if inputs.shape.count == 2, case .int32(let ids) = inputs.elements {
          firsts.append(try predictor.step(ids[start]))
        } else {
          let values = inputs.floats()[start..<start + predictor.features]
          firsts.append(try predictor.step(values))
        }
      }
      last.append(predictor.output)
    }
    return (last, firsts)
  }

  @Test(arguments: ["1", "2", "2.15", "3"])
  func `the last step gives what Keras gives for the sequence`(_ generation: String) throws {
    let cases = try Self.cases.get().filter { $0.fixture.generation == generation }
    #expect(cases.count > 20, "\(generation): \(cases.count)")
    for one in cases where one.inputs.shape[1] > 0 {
      let (last, firsts) = try Self.stepped(one.network, one.inputs)
      let whole = one.outputs.floats()
      let width = whole.count / one.inputs.shape[0]
      for (row, values) in last.enumerated() {
        let expected = whole[(row + 1) * width - values.count..<(row + 1) * width]
        let difference = zip(values, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(difference <= Float(one.fixture.tolerance), "\(one.fixture), row \(row)")
      }
      // Of sequences every step comes out, not the last one alone.
      guard width > last[0].count else { continue }
      for (index, first) in firsts.enumerated() {
        let expected = whole[index * last[0].count]
        #expect(
          abs(first - expected) <= Float(one.fixture.tolerance), "\(one.fixture), step \(index)")
      }
    }
  }

  @Test func `steps and whole sequences are the same bits`() throws {
    for cell in [GRU(units: 5), LSTM(units: 5), SimpleRNN(units: 5)] as [any Layer] {
      let network = try Network(
        [Embedding(inputDim: 10, outputDim: 3), cell, Dense(units: 2)], seed: 5)
      let ids: [Int32] = [3, 0, 9, 9, 1]
      var predictor = try StepPredictor(network)
      for count in 1...ids.count {
        try predictor.step(ids[count - 1])
        let sequence = NumericArray(shape: [1, count], .int32(Array(ids.prefix(count))))
        #expect(predictor.output == (try network.predict([sequence])[0].floats()))
      }
    }
  }

  @Test func `a wrong step is refused and changes nothing`() throws {
    let network = try Network(
      [Embedding(inputDim: 10, outputDim: 3), GRU(units: 4), Dense(units: 1)], seed: 5)
    var one = try StepPredictor(network)
    var other = try StepPredictor(network)
    try one.step(3)
    do {
      try one.step(10)
      Issue.record("an id that is none was taken")
    } catch {
      #expect(error.description.contains("token id 10"))
    }
    do {
      try one.step([1, 2])
      Issue.record("two features were taken for an id")
    } catch {
      #expect(error.description.contains("2 features but the model takes 1 a step"))
    }
    try other.step(3)
    let (first, second) = (try one.step(4), try other.step(4))
    #expect(first == second)
  }

  @Test func `what needs all steps is refused by name`() throws {
    let inputs = InputLayer(shape: [nil, 3])
    let refused: [(any Layer, String)] = [
      (GlobalMaxPooling1D(), "GlobalMaxPooling1D needs all steps"),
      (Flatten(), "Flatten needs all steps"),
      (GRU(units: 2, goBackwards: true), "go_backwards"),
      (try Bidirectional(GRU(units: 2)), "Bidirectional needs all steps"),
    ]
    let vectors = try Network([InputLayer(shape: [3]), Dense(units: 2)], seed: 1)
    #expect(throws: KerasError.self) { _ = try StepPredictor(vectors) }
    for (layer, part) in refused {
      let network = try Network([inputs, layer], seed: 1)
      do {
        _ = try StepPredictor(network)
        Issue.record("\(layer) was taken")
      } catch {
        #expect(error.description.contains(part), "\(error)")
      }
    }
  }
}
