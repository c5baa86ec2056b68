import KerasFormat

/// What a recurrent layer drops of its inputs and of its previous output while training: how many
/// masks each Keras draws for `dropout` and `recurrent_dropout`, in which order, and what they
/// multiply.
///
/// A mask is drawn once for a batch and serves all its steps, but in 2.15, which draws in every
/// step unless it unrolls them. All gates share one or each has its own:
///
///     Keras 3      one, but one a gate where `recurrent_dropout` is in use; SimpleRNN one
///     Keras 2.15   likewise
///     Keras 2.2    one a gate, with `implementation=2` one
///     Keras 1      one a gate, with `consume_less="gpu"` one
///
/// Source: `dropout_rnn_cell.py` and the cells of Keras 3.15.1; `dropout_rnn_cell_mixin.py`, `lstm.py`
/// and `gru.py` of 2.15; `recurrent.py` of 2.2.4 and 1.2.2.
struct RecurrentDropout: Equatable {
  /// The masks of one rate.
  struct Masks: Equatable {
    let rate: Double
    /// One for all gates, or one for each.
    let count: Int
    /// Which of the layer's random operations draws the first.
    let operation: Int
  }

  /// When masks are drawn.
  enum Timing {
    /// Before the steps, for all of them.
    case once
    /// In each step, by the loop's own random operations: 2.15 remembers masks by graph, and a
    /// loop's body is a graph of its own.
    case everyStep
    /// Before the steps, one for each: 2.15's LSTM and GRU in the form that a GPU could run.
    case allAtOnce
  }

  private(set) var input: Masks?
  private(set) var recurrent: Masks?
  private(set) var timing = Timing.once
  /// Whether what is left of the previous output takes its place everywhere, in a GRU's mixture
  /// too, or only where the recurrent kernel multiplies it.
  private(set) var replacesState = false
  /// Random operations of one call, those among them whose masks nobody uses.
  private(set) var operations = 0

  init(_ cell: some RecurrentCell, _ options: RecurrentOptions, generation: Generation) {
    let gates = cell.gateCount
    let rates = (
      min(1, max(0, options.dropout)), min(1, max(0, options.recurrentDropout))
    )
    switch generation {
    case .keras3, .keras2_15:
      let ownMasks = gates > 1 && (rates.1 > 0 || options.implementation == 1)
      if generation == .keras2_15, !options.unroll {
        let fitsGPU = cell.fitsGPU && !options.isCell && rates.1 == 0
        timing = fitsGPU ? .allAtOnce : .everyStep
      }
      add(input: rates.0, ownMasks && timing != .allAtOnce ? gates : 1, of: gates)
      add(recurrent: rates.1, ownMasks ? gates : 1, of: gates)
      replacesState = gates == 1
    case .keras2:
      let sharesMasks = gates == 1 || options.implementation == 2
      let count = sharesMasks ? 1 : gates
      // Up to here Kerases take a rate of 1 for none.
      add(input: rates.0 < 1 ? rates.0 : 0, count, of: gates)
      add(recurrent: rates.1 < 1 ? rates.1 : 0, count, of: gates)
      replacesState = sharesMasks
    case .keras1:
      // `consume_less`: cpu, mem and gpu are implementations 0, 1 and 2 to later Kerases.
      let (isCPU, count) = (options.implementation == 0, options.implementation == 2 ? 1 : gates)
      let drops = rates.0 > 0 && rates.0 < 1
      add(recurrent: rates.1 < 1 ? rates.1 : 0, count, of: gates)
      replacesState = gates == 1
      // With `cpu` masks are drawn twice: those for the steps, which nobody uses, come first. A
      // SimpleRNN drops nothing of its input in another way.
      if gates > 1 || isCPU, drops {
        if isCPU { operations += gates }
        add(input: rates.0, count, of: gates)
      }
    }
  }

  private mutating func add(input rate: Double, _ count: Int, of operations: Int) {
    guard rate > 0 else { return }
    input = Masks(rate: rate, count: count, operation: self.operations)
    self.operations += operations
  }

  private mutating func add(recurrent rate: Double, _ count: Int, of operations: Int) {
    guard rate > 0 else { return }
    recurrent = Masks(rate: rate, count: count, operation: self.operations)
    self.operations += operations
  }

  /// Refuses a rate with which the layer's Keras does not run.
  func check() throws(KerasError) {
    for (key, masks) in [("dropout", input), ("recurrent_dropout", recurrent)]
    where masks?.rate == 1 {
      throw KerasError(
        .unsupportedConfiguration, "\(key)=1, which TensorFlow refuses to draw a mask for",
        hint: "a rate below 1 leaves something to learn from")
    }
  }
}

// MARK: - Drawing

extension RecurrentDropout {
  /// The masks of one batch of `batch × steps × features` numbers under `cell`.
  ///
  /// Keras 3 draws the input's first, one after another, and, where a ``TimeDistributed`` runs the
  /// layer, all of them again for each of its steps.
  func draw<S: Scalar>(
    _ cell: some RecurrentCell, batch: Int, steps: Int, features: Int, _ options: RecurrentOptions,
    _ pass: inout Pass
  ) -> DropoutMasks<S> {
    let turns = max(1, pass.drawsPerCall)
    let rows = batch / turns
    let (gates, units) = (cell.gateCount, cell.units)
    let drawnSteps = timing == .once ? 1 : steps
    let loopSteps = timing == .everyStep ? steps : 1
    var masks = DropoutMasks<S>(batch: batch, gates: gates, units: units, timing)
    let inputs = input.map { masks in
      (masks, pass.workspace.scratch(S.self, count: masks.count * batch * features * drawnSteps))
    }
    let states = recurrent.map { masks in
      (masks, pass.workspace.scratch(S.self, count: gates * batch * units * loopSteps))
    }
    for turn in 0..<turns {
      if let (drawn, values) = inputs {
        for index in 0..<drawn.count {
          if timing == .allAtOnce {
            let factors: [S] = factors(drawn, index, count: rows * features * steps, &pass)
            inProcessingOrder(factors, into: values, batch, steps, features, options)
            continue
          }
          for t in 0..<loopSteps {
            let factors: [S] = factors(drawn, index, count: rows * features, &pass)
            Self.place(
              factors, into: values + (index * loopSteps + t) * batch * features, turn, of: turns,
              width: features)
          }
        }
      }
      if let (drawn, values) = states {
        for index in 0..<drawn.count {
          for t in 0..<loopSteps {
            let factors: [S] = factors(drawn, index, count: rows * units, &pass)
            Self.place(
              factors, into: values + (t * gates + index) * batch * units, turn, of: turns,
              width: units)
          }
        }
      }
    }
    masks.input = inputs.map { ($1, $0.count) }
    guard let (drawn, values) = states else { return masks }
    if !replacesState {
      // One that all gates share is repeated.
      let size = batch * units
      for gate in drawn.count..<gates {
        (values + gate * size).update(from: values, count: size)
      }
    }
    masks.takes(values, replacingState: replacesState)
    return masks
  }

  /// Moves the layer's generators on in a call outside training: Keras 3 and Keras 1 draw masks
  /// there too, for nothing.
  func skip(_ cell: some RecurrentCell, batch: Int, features: Int, _ pass: inout Pass) {
    guard pass.generation == .keras3 || pass.generation == .keras1 else { return }
    let turns = max(1, pass.drawsPerCall)
    for _ in 0..<turns {
      for case (let masks?, let width) in [(input, features), (recurrent, cell.units)] {
        for index in 0..<masks.count {
          _ = pass.random(batch / turns * width, operation: masks.operation + index)
        }
      }
    }
  }

  /// 0 for what is dropped and 1/(1 - rate) for what is kept.
  private func factors<S: Scalar>(
    _ masks: Masks, _ index: Int, count: Int, _ pass: inout Pass
  ) -> [S] {
    var generator = pass.random(count, operation: masks.operation + index)
    let kept = S(1 / (1 - masks.rate))
    // TensorFlow 1.12, under Keras 1, adds the share that is kept to the number and rounds down.
    let share = pass.generation == .keras1 ? Float(1 - masks.rate) : nil
    return (0..<count).map { _ in
      let number = generator.uniform()
      return (share.map { number + $0 >= 1 } ?? (number >= Float(masks.rate))) ? kept : 0
    }
  }

  /// Puts the rows of one turn among those of all.
  private static func place<S: Scalar>(
    _ factors: [S], into target: UnsafeMutablePointer<S>, _ turn: Int, of turns: Int, width: Int
  ) {
    for (index, factor) in factors.enumerated() {
      target[(index / width * turns + turn) * width + index % width] = factor
    }
  }

  /// Numbers drawn in the order of the layer's input, put in that of the loop: `[T × B × F]`.
  private func inProcessingOrder<S: Scalar>(
    _ factors: [S], into target: UnsafeMutablePointer<S>, _ batch: Int, _ steps: Int, _ width: Int,
    _ options: RecurrentOptions
  ) {
    for t in 0..<steps {
      let time = options.goBackwards ? steps - 1 - t : t
      for row in 0..<batch {
        let from = options.timeMajor ? time * batch + row : row * steps + time
        for i in 0..<width { target[(t * batch + row) * width + i] = factors[from * width + i] }
      }
    }
  }
}
