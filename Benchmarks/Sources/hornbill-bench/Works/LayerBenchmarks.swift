import KerasFormat
import KerasRuntime

/// Layers by themselves, forward, and forward with the way back, at the shapes of the reviews:
/// batch 128, 50 steps, 32 features.
enum LayerBenchmarks {
  private static let (batch, steps, features) = (128, 50, 32)

  static var all: [Benchmark] {
    let vectors: [Int?] = [features]
    let sequences: [Int?] = [steps, features]
    let layers: [(String, any Layer, [Int?])] = [
      ("dense-32", Dense(units: 32, activation: .relu), vectors),
      ("simple-rnn-32", SimpleRNN(units: 32), sequences),
      ("gru-32", GRU(units: 32), sequences),
      ("lstm-32", LSTM(units: 32), sequences),
      ("gru-256", GRU(units: 256), sequences),
      ("lstm-256", LSTM(units: 256), sequences),
      ("global-max-pooling", GlobalMaxPooling1D(), sequences),
    ]
    return layers.flatMap { name, layer, shape in
      [
        benchmark("layer/\(name)/forward", layer, shape, isBackward: false),
        benchmark("layer/\(name)/both", layer, shape, isBackward: true),
      ]
    } + [embedding(isBackward: false), embedding(isBackward: true)]
  }

  private static func embedding(isBackward: Bool) -> Benchmark {
    benchmark(
      "layer/embedding/\(isBackward ? "both" : "forward")",
      Embedding(inputDim: 4603, outputDim: features), [steps], isBackward: isBackward,
      vocabulary: 4603)
  }

  private static func benchmark(
    _ name: String, _ layer: any Layer, _ shape: [Int?], isBackward: Bool, vocabulary: Int? = nil
  ) -> Benchmark {
    Benchmark(name) {
      let network = try Network([InputLayer(shape: Shape(shape)), layer], seed: 1)
      let run = LayerRun(network, shape: [batch] + shape.compactMap { $0 }, vocabulary: vocabulary)
      return { try run.run(isBackward: isBackward) }
    }
  }
}

/// One layer with an input and a gradient to send back.
private final class LayerRun {
  private let network: Network
  private let gradients: Parameters<Float>
  private let shape: [Int]
  private let reals: Floats
  private let ids: UnsafeMutablePointer<Int32>?
  private var pass: Pass

  init(_ network: Network, shape: [Int], vocabulary: Int?) {
    self.network = network
    self.shape = shape
    gradients = Parameters(network.parameters.layout)
    let count = shape.reduce(1, *)
    reals = Floats(count * 256)
    var generator = SplitMix(state: 3)
    ids = vocabulary.map { vocabulary in
      let ids = UnsafeMutablePointer<Int32>.allocate(capacity: count)
      for i in 0..<count { (ids + i).initialize(to: Int32(generator.next(below: vocabulary))) }
      return ids
    }
    pass = Pass(generation: network.generation, isTraining: true, keepsTrace: true)
  }

  deinit { ids?.deallocate() }

  func run(isBackward: Bool) throws {
    var trace = NetworkTrace<Float>()
    let input =
      ids.map { Tensor<Float>(ids: $0, shape: Extents(shape)) }
      ?? Tensor(reals.start, shape: Extents(shape))
    _ = try network.forward(
      [input], parameters: network.parameters, trace: &trace, pass: &pass)
    if isBackward {
      network.backward(
        [OutputGradient(reals.start)], trace: trace, parameters: network.parameters,
        gradients: gradients, pass: &pass)
    }
    pass.workspace.reset()
  }
}
