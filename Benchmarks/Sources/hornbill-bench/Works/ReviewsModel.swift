import KerasFormat
import KerasRuntime
import KerasTrain

/// A model of the reviews' kind at any size: Embedding(V, D) → GRU(U) or LSTM(U) → Dense(1,
/// sigmoid), or, as `ffnn`, Embedding(V, D) → GlobalMaxPooling1D → Dense(10, relu) → Dense(1,
/// sigmoid).
struct ReviewsModel {
  let architecture: ReviewsArchitecture
  var vocabulary = 4603
  var dimension = 32
  var units = 32

  /// - Parameter length: T, or `nil` for rows of any length.
  func layers(length: Int? = nil) -> [any Layer] {
    let front: [any Layer] = [
      InputLayer(shape: [length]), Embedding(inputDim: vocabulary, outputDim: dimension),
    ]
    let head = Dense(units: 1, activation: .sigmoid)
    switch architecture {
    case .ffnn: return front + [GlobalMaxPooling1D(), Dense(units: 10, activation: .relu), head]
    case .gru: return front + [GRU(units: units), head]
    case .lstm: return front + [LSTM(units: units), head]
    }
  }

  /// Compiled with RMSprop at 0.001, binary cross-entropy and accuracy.
  /// - Parameter weights: all weights in Keras's order, one after the other; `nil` draws new ones.
  func compiled(weights: NumericArray? = nil, length: Int? = nil) throws(KerasError) -> Model {
    var model = try Model(layers(length: length), name: architecture.rawValue, seed: 1)
    if let weights { model.network = try Self.network(model.network, with: weights) }
    try model.compile(
      optimizer: RMSprop(learningRate: 0.001), loss: BinaryCrossentropy(), metrics: ["accuracy"])
    return model
  }

  private static func network(
    _ network: Network, with weights: NumericArray
  ) throws(KerasError) -> Network {
    let (layout, values) = (network.parameters.layout, weights.floats())
    let needed = layout.specs.reduce(0) { $0 + $1.count }
    guard values.count == needed else {
      throw KerasError(
        .shapeMismatch, "\(values.count) weights but the model has \(needed)")
    }
    let parameters = Parameters<Float>(layout)
    var next = 0
    for (index, spec) in layout.specs.enumerated() {
      parameters.set(index, to: values[next..<next + spec.count])
      next += spec.count
    }
    return network.replacingParameters(parameters)
  }

  /// Operations of the matrix products in one pass over `rows` rows of `length` steps, forward and
  /// backward, two for each multiply-add: the recurrent layer's six products and, for `ffnn`, those
  /// of its dense layers. `docs/speed.md` has the formula.
  func trainingOperations(rows: Int, length: Int) -> Double {
    let (d, u) = (Double(dimension), Double(units))
    let gates = architecture == .gru ? 3.0 : 4.0
    switch architecture {
    case .ffnn: return Double(rows) * 6 * (d * 10 + 10)
    case .gru, .lstm: return Double(rows) * (6 * Double(length) * gates * u * (d + u) + 6 * u)
    }
  }
}
