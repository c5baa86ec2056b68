import KerasFormat
import KerasRuntime

/// Weights and what their optimizer keeps of them, from update to update.
///
/// One update: rate, then for each trainable weight in Keras's order the optimizer's formula. The
/// running statistics of normalizations, which gradients do not move, take their increments first.
struct Updater: ~Copyable {
  let optimizer: any Optimizer
  let generation: Generation
  let parameters: Parameters<Float>
  /// What the optimizer has gathered, in arrays that the next update changes.
  private var gathered: OptimizerState
  /// Weights that gradients change, and those that layers change while training.
  private let trainable: [Int]
  private let tracked: [Int]

  init(
    _ compilation: Model.Compilation, network: Network, parameters: Parameters<Float>
  ) {
    optimizer = compilation.optimizer
    generation = compilation.generation
    self.parameters = parameters
    gathered = compilation.state.copied()
    if gathered.slots.isEmpty {
      gathered.slots = optimizer.slotNames.map { _ in Parameters(parameters.layout) }
    }
    trainable = network.trainableWeights
    tracked = network.trackedWeights
  }

  /// All that the optimizer has gathered: a copy when taken out, copied when put back.
  var state: OptimizerState {
    get { gathered.copied() }
    set { gathered = newValue.copied() }
  }

  /// Batches done.
  var iterations: Int { gathered.iterations }

  /// One update.
  ///
  /// - Parameter gradients: of the batch's loss; increments in the place of tracked weights.
  mutating func apply(_ gradients: Parameters<Float>) {
    let specs = parameters.layout.specs
    let rate = optimizer.rate(after: iterations)
    gathered.iterations += 1
    for index in tracked {
      Elementwise.add(
        gradients.pointer(index), to: parameters.pointer(index), count: specs[index].count)
    }
    for index in trainable {
      optimizer.update(
        UpdateStep(
          weight: parameters.pointer(index), gradient: gradients.pointer(index),
          slots: gathered.slots.map { $0.pointer(index) }, count: specs[index].count,
          learningRate: rate, iteration: iterations, generation: generation))
    }
  }
}

extension Network {
  /// The weights that training changes, in Keras's order; those of a shared layer once.
  var trainableWeights: [Int] { weightsOfTrainableLayers(where: \.isTrainable) }

  /// The weights that layers change while training: running statistics.
  var trackedWeights: [Int] { weightsOfTrainableLayers(where: \.isTracked) }

  private func weightsOfTrainableLayers(where isWanted: (WeightSpec) -> Bool) -> [Int] {
    var indices: [Int] = []
    for node in nodes where node.isTrainable {
      for index in node.weights
      where isWanted(parameters.layout.specs[index]) && !indices.contains(index) {
        indices.append(index)
      }
    }
    return indices
  }
}
