import KerasFormat
import KerasRuntime

extension Model.Compilation {
  /// Takes over what training has made of the optimizer.
  ///
  /// - Parameter copying: where training goes on with its own arrays.
  mutating func adopt(_ updater: borrowing Updater, copying: Bool = false) {
    optimizer = updater.optimizer
    slots = copying ? updater.slots.map { Parameters(copying: $0) } : updater.slots
    iterations = updater.iterations
  }

  /// Compile settings and optimizer state as stored.
  func record(for network: Network) -> TrainingRecord {
    var optimizer = self.optimizer.record(iterations: iterations)
    let trainable = network.trainableWeights
    optimizer.slots = zip(self.optimizer.slotNames, slots).map { name, slot in
      OptimizerRecord.Slot(
        name: name,
        arrays: trainable.map { index in
          NumericArray(shape: slot.layout.specs[index].shape, .float32(slot.values(index)))
        })
    }
    return TrainingRecord(loss: .string(loss.name), metrics: metrics, optimizer: optimizer)
  }
}

extension Model {
  /// Compiles the model as its file says, with the optimizer's state.
  ///
  /// - Parameter generation: whose arithmetic training follows; default: the model's own.
  mutating func restoreCompilation(generation given: Generation? = nil) throws(KerasError) {
    guard let training = network.training else { return }
    let generation = given ?? network.generation
    let optimizer = try OptimizerRegistry.optimizer(
      training.optimizer.className, config: training.optimizer.config, generation: generation)
    var compilation = Compilation(
      optimizer: optimizer, loss: try LossRegistry.loss(training.loss), metrics: training.metrics,
      generation: generation)
    compilation.iterations = training.optimizer.iterations ?? 0
    let trainable = network.trainableWeights
    let layout = network.parameters.layout
    if !training.optimizer.slots.isEmpty {
      for name in optimizer.slotNames {
        let slot = Parameters<Float>(layout)
        let arrays = training.optimizer.slots.first { $0.name == name }?.arrays ?? []
        guard arrays.count == trainable.count else {
          throw KerasError(
            .weightMismatch,
            "\(arrays.count) arrays but the model has \(trainable.count) trainable weights",
            at: .init(path: ["optimizer", name]))
        }
        for (index, array) in zip(trainable, arrays) {
          guard array.shape == layout.specs[index].shape else {
            throw KerasError(
              .weightMismatch,
              "shape \(array.shape.tuple) but \(layout.specs[index].name) needs "
                + layout.specs[index].shape.tuple,
              at: .init(path: ["optimizer", name]))
          }
          slot.set(index, to: array.floats())
        }
        compilation.slots.append(slot)
      }
    }
    self.compilation = compilation
  }
}
