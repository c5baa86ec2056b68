import KerasFormat
import KerasRuntime

/// Weights and what their optimizer keeps of them, from update to update.
///
/// One update: the gradients are gathered, scaled and clipped; weights decay; then each trainable
/// weight in Keras's order follows the optimizer's formula; running averages follow the weights.
/// Constraints come last, but up to Keras 2.2 and in legacy optimizers right behind each weight. A
/// weight that several calls of a layer share is updated once. The running statistics of
/// normalizations, which gradients do not move, take their increments first.
///
/// A `loss_scale_factor` multiplies the loss and divides the gradients again. In float32 that
/// leaves nothing but a rounding of both, so it is not done; see ``LossScale``.
struct Updater: ~Copyable {
  private(set) var optimizer: any Optimizer
  let generation: Generation
  let parameters: Parameters<Float>
  /// What the optimizer has gathered, in arrays that the next update changes.
  private var gathered: OptimizerState
  /// Weights that gradients change, and those that layers change while training.
  private let trainable: [Int]
  private let tracked: [Int]
  private let isTrainable: Set<Int>
  /// By weight.
  private let constraints: [Int: any Constraint]
  private let decaying: [Int]
  private let rules: OptimizerRules
  private let clipping: GradientClipping
  /// One for each trainable weight, made once.
  private var steps: [UpdateStep] = []
  private var tables: TableUpdates
  private let crew: Crew

  init(
    _ compilation: Model.Compilation, network: Network, parameters: Parameters<Float>,
    constraints: [Int: any Constraint], crew: Crew
  ) {
    self.crew = crew
    self.constraints = constraints
    optimizer = compilation.optimizer
    generation = compilation.generation
    self.parameters = parameters
    trainable = network.trainableWeights
    tracked = network.trackedWeights
    isTrainable = Set(trainable)
    let options = optimizer.options
    rules = OptimizerRules(generation, isLegacy: options.isLegacy)
    clipping = GradientClipping(options, rules)
    let specs = parameters.layout.specs
    decaying = trainable.filter { index in
      let name = specs[index].name.split(separator: "/").last.map(String.init) ?? ""
      return !options.excludeFromWeightDecay.contains { name.contains($0) }
    }
    tables = TableUpdates(
      network.tableWeights, layout: parameters.layout, rules: rules,
      backend: compilation.backend, clipping: clipping)
    gathered = compilation.state.copied()
    prepare()
  }

  /// All that the optimizer has gathered: a copy when taken out, copied when put back.
  var state: OptimizerState {
    get { gathered.copied() }
    set {
      gathered = newValue.copied()
      prepare()
    }
  }

  /// Batches done.
  var iterations: Int { gathered.iterations }

  /// The rate of the next update.
  var learningRate: Float { optimizer.rate(after: iterations) }

  /// Changes the rate of all further updates, as Keras's callbacks do.
  ///
  /// - Throws: ``KerasError`` where a schedule gives the rates, as Keras does.
  mutating func setLearningRate(_ rate: Double) throws(KerasError) {
    guard optimizer.learningRate is Double else {
      throw KerasError(
        .invalidArgument,
        "the optimizer was made with a schedule as its learning rate, which cannot be set",
        at: .init(path: ["learning_rate"]), hint: "give it a number instead")
    }
    try rate.check()
    optimizer.learningRate = rate
  }

  /// Whether embeddings are to hand over their gradients id by id; see ``TableGradient``.
  var wantsTableGradients: Bool { !tables.isEmpty }

  /// Makes what is missing of the state, and points the steps at its arrays.
  private mutating func prepare() {
    let (parameters, optimizer, rules) = (self.parameters, self.optimizer, self.rules)
    if gathered.slots.isEmpty {
      gathered.slots = optimizer.allSlotNames.map { name in
        let slot = Parameters<Float>(parameters.layout)
        if name == OptimizerState.average, rules == .keras2_15 {
          // 2.15 starts its averages at the weights; Keras 3 does so by giving the first all
          // weight.
          slot.update(from: parameters)
        } else {
          let start = optimizer.initialValue(ofSlot: name)
          if start != 0 { slot.update(repeating: start) }
        }
        return slot
      }
    }
    if gathered.lossScale == nil, let scale = optimizer.options.lossScale {
      gathered.lossScale = scale.start
    }
    if gathered.scalars.isEmpty {
      gathered.scalars = [Float](repeating: 1, count: optimizer.scalarCount)
    }
    let own = gathered.slots.suffix(optimizer.slotNames.count)
    let specs = parameters.layout.specs
    steps = trainable.map { index in
      UpdateStep(
        weight: parameters.pointer(index), gradient: parameters.pointer(index),
        slots: own.map { $0.pointer(index) }, shape: specs[index].shape,
        count: specs[index].count, learningRate: 0,
        iteration: 0, scalar: 1, rules: rules)
    }
  }

  // MARK: - One update

  /// One update.
  ///
  /// - Parameters:
  ///   - gradients: of the batch's loss; increments in the place of tracked weights. All are zero
  ///     afterwards.
  ///   - occurrences: what embeddings handed over, where they were asked to.
  mutating func apply(_ gradients: Parameters<Float>, occurrences: [TableGradient] = []) {
    let isUpdated = advance(by: gradients, occurrences)
    for index in gradients.layout.specs.indices where !(isUpdated && isTrainable.contains(index)) {
      gradients.pointer(index).update(repeating: 0, count: gradients.layout.specs[index].count)
    }
  }

  /// - Returns: whether the trainable weights were updated, and their gradients made zero.
  private mutating func advance(
    by gradients: Parameters<Float>, _ occurrences: [TableGradient]
  ) -> Bool {
    var isUpdated = true
    let specs = parameters.layout.specs
    for index in tracked {
      Elementwise.add(
        gradients.pointer(index), to: parameters.pointer(index), count: specs[index].count)
    }
    let options = optimizer.options
    if let scale = options.lossScale, scale.isDynamic {
      let isFinite = scale.isFinite(gradients, trainable, occurrences, gathered.lossScale)
      // 2.15 multiplies by the inverse, and TensorFlow takes one below the normal numbers for 0.
      if rules < .keras3, (1 / (gathered.lossScale ?? scale.start).scale).isSubnormal {
        for index in trainable {
          gradients.pointer(index).update(repeating: 0, count: specs[index].count)
        }
        for table in occurrences {
          table.vectors.update(repeating: 0, count: table.count * table.width)
        }
      }
      scale.move(&gathered.lossScale, isFinite: isFinite, rules)
      guard isFinite else {
        // 2.15 counts an update that it leaves out.
        if rules < .keras3 { gathered.iterations += 1 }
        return false
      }
    }
    if let steps = options.gradientAccumulationSteps {
      for table in occurrences { TableUpdates.sum(table) }
      isUpdated = accumulate(gradients, of: steps)
      if isUpdated {
        clipping.apply(to: gradients, trainable, occurrences: [])
        tables.gather([], gradients)
        update(gradients, iteration: gathered.iterations / steps + 1)
      }
      average(isFirst: gathered.iterations / steps == 0, iteration: gathered.iterations / steps + 1)
    } else {
      let clipped = clipping.apply(to: gradients, trainable, occurrences: occurrences)
      tables.gather(clipped, gradients)
      update(gradients, iteration: gathered.iterations + 1)
      average(isFirst: gathered.iterations == 0, iteration: gathered.iterations + 1)
    }
    if !rules.isOld { for index in trainable { constrain(index) } }
    gathered.iterations += 1
    return isUpdated
  }

  private func constrain(_ index: Int) {
    constraints[index]?.apply(
      to: parameters.pointer(index), shape: parameters.layout.specs[index].shape,
      generation: generation)
  }

  /// What Keras does to the weights when `fit` ends: averages, where they are kept, take their
  /// place.
  func finish() {
    if optimizer.options.useEMA, !trainable.isEmpty, gathered.iterations > 0 { takeAverages() }
  }

  /// Adds the gradients to those of earlier batches.
  ///
  /// - Returns: whether they were the last; `gradients` then holds the mean.
  private func accumulate(_ gradients: Parameters<Float>, of steps: Int) -> Bool {
    let position = optimizer.options.useEMA ? 1 : 0
    let isLast = (gathered.iterations + 1) % steps == 0
    for index in trainable {
      let (gradient, sum) = (
        gradients.pointer(index), gathered.slots[position].pointer(index)
      )
      let count = parameters.layout.specs[index].count
      if isLast {
        let divisor = Float(steps)
        for i in 0..<count {
          gradient[i] = (gradient[i] + sum[i]) / divisor
          sum[i] = 0
        }
      } else {
        for i in 0..<count { sum[i] += gradient[i] }
      }
    }
    return isLast
  }

  private mutating func update(_ gradients: Parameters<Float>, iteration: Int) {
    let rate = optimizer.rate(after: gathered.iterations)
    if let share = optimizer.options.weightDecay {
      let share = Float(share)
      for index in decaying {
        let weight = parameters.pointer(index)
        for i in 0..<parameters.layout.specs[index].count { weight[i] -= weight[i] * share * rate }
      }
    }
    for (number, index) in trainable.enumerated() {
      optimizer.advance(
        &gathered.scalars, weight: number, of: trainable.count, iteration: iteration, rules: rules)
      steps[number].gradient = gradients.pointer(index)
      steps[number].learningRate = rate
      steps[number].iteration = iteration
      if let scalar = gathered.scalars.first { steps[number].scalar = scalar }
      tables.update(steps[number], of: index, by: optimizer, crew)
      if rules.isOld { constrain(index) }
    }
  }

  // MARK: - Averages

  private func average(isFirst: Bool, iteration: Int) {
    let options = optimizer.options
    guard options.useEMA else { return }
    let momentum = Float(isFirst && rules == .keras3 ? 0 : options.emaMomentum)
    let fresh = rules == .keras3 ? 1 - momentum : Float(1 - options.emaMomentum)
    for index in trainable {
      let (weight, average) = (parameters.pointer(index), gathered.slots[0].pointer(index))
      for i in 0..<parameters.layout.specs[index].count {
        average[i] = momentum * average[i] + fresh * weight[i]
      }
    }
    if let frequency = options.emaOverwriteFrequency, iteration % frequency == 0 { takeAverages() }
  }

  private func takeAverages() {
    for index in trainable {
      parameters.pointer(index).update(
        from: gathered.slots[0].pointer(index), count: parameters.layout.specs[index].count)
    }
  }
}

extension Optimizer {
  /// Its own slots behind those that options ask for, as files have them.
  var allSlotNames: [String] {
    (options.useEMA ? [OptimizerState.average] : [])
      + (options.gradientAccumulationSteps == nil ? [] : [OptimizerState.accumulator]) + slotNames
  }
}

extension Network {
  /// The weights that training changes, in Keras's order; those of a shared layer once.
  var trainableWeights: [Int] { weights(ofFrozenLayers: false, where: \.isTrainable) }

  /// The weights that layers change while training: running statistics, in Keras 1 those of frozen
  /// layers too.
  var trackedWeights: [Int] {
    weights(ofFrozenLayers: generation == .keras1, where: \.isTracked)
  }

  /// The trainable tables of embeddings, wherever in the network they are.
  var tableWeights: [Int] {
    trainableWeights.filter {
      parameters.layout.specs[$0].name.split(separator: "/").last == "embeddings"
    }
  }

  private func weights(
    ofFrozenLayers takesFrozen: Bool, where isWanted: (WeightSpec) -> Bool
  ) -> [Int] {
    var indices: [Int] = []
    for node in nodes where node.isTrainable || takesFrozen {
      for index in node.weights
      where isWanted(parameters.layout.specs[index]) && !indices.contains(index) {
        indices.append(index)
      }
    }
    return indices
  }
}
