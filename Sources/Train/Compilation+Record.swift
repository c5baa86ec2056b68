import KerasFormat
import KerasRuntime

extension Model.Compilation {
  /// Takes over what training has made of the optimizer: a copy.
  mutating func adopt(_ updater: borrowing Updater) {
    optimizer = updater.optimizer
    state = updater.state
  }

  /// Compile settings and optimizer state as stored.
  func record(for network: Network) -> TrainingRecord {
    var optimizer = self.optimizer.record(iterations: state.iterations)
    let trainable = network.trainableWeights
    optimizer.slots = zip(self.optimizer.allSlotNames, state.slots).map { name, slot in
      OptimizerRecord.Slot(
        name: name,
        arrays: trainable.map { index in
          let shape = self.optimizer.slotShape(name, of: slot.layout.specs[index].shape)
          return NumericArray(
            shape: shape, .float32(Array(slot.values(index).prefix(shape.reduce(1, *)))))
        })
    }
    if let product = state.scalars.first {
      let array = NumericArray(shape: [], .float32([product]))
      optimizer.slots.append(OptimizerRecord.Slot(name: OptimizerState.product, arrays: [array]))
    }
    if let scale = state.lossScale {
      optimizer.slots += [
        .init(
          name: LossScale.counter, arrays: [.init(shape: [], .int64([Int64(scale.counter)]))]),
        .init(name: LossScale.scale, arrays: [.init(shape: [], .float32([scale.scale]))]),
      ]
    }
    return TrainingRecord(
      loss: loss, metrics: metrics, lossWeights: lossWeights, weightedMetrics: weightedMetrics,
      optimizer: optimizer)
  }
}

extension OptimizerState {
  /// As it is stored, for the weights `trainable` of a network.
  init(
    _ record: OptimizerRecord, of optimizer: any Optimizer, layout: ParameterLayout,
    trainable: [Int]
  ) throws(KerasError) {
    iterations = record.iterations ?? 0
    for name in optimizer.allSlotNames {
      let slot = Parameters<Float>(layout)
      let arrays = record.slots.first { $0.name == name }?.arrays ?? []
      // A file saved before the first update has none.
      let isFresh = record.slots.allSatisfy { OptimizerRecord.scalarSlots.contains($0.name) }
      if arrays.isEmpty, isFresh { continue }
      guard arrays.count == trainable.count else {
        throw KerasError(
          .weightMismatch,
          "\(arrays.count) arrays but the model has \(trainable.count) trainable weights",
          at: .init(path: ["optimizer", name]))
      }
      for (index, array) in zip(trainable, arrays) {
        let shape = optimizer.slotShape(name, of: layout.specs[index].shape)
        guard array.shape == shape else {
          throw KerasError(
            .weightMismatch,
            "shape \(array.shape.tuple) but \(layout.specs[index].name) needs \(shape.tuple)",
            at: .init(path: ["optimizer", name]))
        }
        let numbers = array.floats()
        let rest = layout.specs[index].count - numbers.count
        slot.set(index, to: numbers + [Float](repeating: 0, count: max(0, rest)))
      }
      slots.append(slot)
    }
    if let scale = record.number(ofSlot: LossScale.scale), optimizer.options.lossScale != nil {
      let counter = record.number(ofSlot: LossScale.counter) ?? 0
      guard counter >= 0, counter < 1e9 else {
        throw KerasError(
          .weightMismatch, "a count of \(counter)",
          at: .init(path: ["optimizer", LossScale.counter]))
      }
      lossScale = LossScale.State(scale: Float(scale), counter: Int(counter))
    }
    if optimizer.scalarCount > 0,
      let product = record.slots.first(where: { $0.name == Self.product })?.arrays.first?.floats()
        .first
    {
      scalars = [product]
    }
  }
}

extension Model {
  /// Compiles the model as its file says, with the optimizer's state.
  ///
  /// - Parameter generation: whose arithmetic training follows; default: the model's own.
  mutating func restoreCompilation(generation given: Generation? = nil) throws(KerasError) {
    guard let training = network.training else { return }
    let generation = given ?? network.generation
    let optimizer: any Optimizer
    do { optimizer = try OptimizerRegistry.optimizer(training.optimizer, generation) } catch {
      throw error.inside("optimizer")
    }
    var compilation = Compilation(
      optimizer: optimizer, loss: training.loss,
      losses: try OutputLoss.all(
        training.loss, weights: training.lossWeights, outputs: network.outputNames,
        generation: generation),
      lossWeights: training.lossWeights, metrics: training.metrics,
      weightedMetrics: training.weightedMetrics, generation: generation)
    compilation.state = try OptimizerState(
      training.optimizer, of: optimizer, layout: network.parameters.layout,
      trainable: network.trainableWeights)
    self.compilation = compilation
  }
}
