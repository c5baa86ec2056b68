import KerasFormat
import KerasRuntime

/// Weights and what their optimizer keeps of them, from update to update.
///
/// One update: rate, then for each trainable weight in Keras's order the optimizer's formula. The
/// running statistics of normalizations, which gradients do not move, take their increments first.
struct Updater: ~Copyable {
  /// Callbacks may change its learning rate.
  var optimizer: any Optimizer
  let generation: Generation
  let parameters: Parameters<Float>
  /// In the order of ``Optimizer/slotNames``.
  let slots: [Parameters<Float>]
  /// Updates done.
  private(set) var iterations: Int
  /// Weights that gradients change, and those that layers change while training.
  private let trainable: [Int]
  private let tracked: [Int]

  /// - Parameter slots: as far as they are known; the others start from zero.
  init(
    _ compilation: Model.Compilation, network: Network, parameters: Parameters<Float>
  ) {
    optimizer = compilation.optimizer
    generation = compilation.generation
    iterations = compilation.iterations
    self.parameters = parameters
    slots = compilation.optimizer.slotNames.indices.map { index in
      compilation.slots.indices.contains(index)
        ? Parameters(copying: compilation.slots[index]) : Parameters(parameters.layout)
    }
    trainable = network.trainableWeights
    tracked = network.trackedWeights
  }

  /// One update.
  ///
  /// - Parameter gradients: of the batch's loss; increments in the place of tracked weights.
  mutating func apply(_ gradients: Parameters<Float>) {
    let specs = parameters.layout.specs
    let rate = optimizer.rate(after: iterations)
    iterations += 1
    for index in tracked {
      Elementwise.add(
        gradients.pointer(index), to: parameters.pointer(index), count: specs[index].count)
    }
    for index in trainable {
      optimizer.update(
        UpdateStep(
          weight: parameters.pointer(index), gradient: gradients.pointer(index),
          slots: slots.map { $0.pointer(index) }, count: specs[index].count,
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
