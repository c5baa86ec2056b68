import KerasFormat
import KerasRuntime

/// The three small sentiment models that this project grew from, with the defaults of a Keras
/// generation. V is the vocabulary plus one, for the padding id 0.
public enum ReviewsArchitecture: String, Sendable, CaseIterable {
  /// Embedding(V, 32) → GlobalMaxPool1D → Dense(10, relu) → Dense(1, sigmoid)
  case ffnn
  /// Embedding(V, 32) → GRU(32) → Dense(1, sigmoid)
  case gru
  /// Embedding(V, 32) → LSTM(32) → Dense(1, sigmoid)
  case lstm

  /// The layers, from the input on.
  ///
  /// - Parameters:
  ///   - vocabularySize: V.
  ///   - inputLength: T; only told to the input layer.
  ///   - maskZero: whether the embedding masks padding. Keras's default is not to.
  ///   - generation: Keras 1 and 2.2 gate by 0.2x + 0.5 and reset a GRU before the product;
  ///     2.15 and 3 gate by the logistic function and reset after.
  public func layers(
    vocabularySize: Int, inputLength: Int?, maskZero: Bool = false, generation: Generation
  ) -> [any Layer] {
    let isOld = generation <= .keras2
    let gate: Activation = isOld ? .legacyHardSigmoid : .sigmoid
    let front: [any Layer] = [
      InputLayer(shape: [inputLength]),
      Embedding(inputDim: vocabularySize, outputDim: 32, maskZero: maskZero),
    ]
    let head = Dense(units: 1, activation: .sigmoid)
    switch self {
    case .ffnn:
      return front + [GlobalMaxPooling1D(), Dense(units: 10, activation: .relu), head]
    case .gru:
      return front + [GRU(units: 32, recurrentActivation: gate, resetAfter: !isOld), head]
    case .lstm:
      return front + [LSTM(units: 32, recurrentActivation: gate), head]
    }
  }
}
