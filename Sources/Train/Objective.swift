import KerasFormat
import KerasRuntime

/// The objective of a model: the losses of its outputs and its penalties, computed in a
/// generation's arithmetic.
package struct Objective: Sendable {
  package let network: Network
  package let generation: Generation
  /// The library below Keras 3, where one was named.
  package let backend: Backend?
  /// One per output of the model, `nil` where an output has none.
  package let losses: [OutputLoss?]
  private let penalties: WeightPenalties
  private let activities: ActivityPenalties

  /// - Throws: ``KerasError`` where a regularizer is not known.
  package init(
    _ network: Network, losses: [OutputLoss?], generation: Generation, backend: Backend? = nil
  ) throws(KerasError) {
    self.network = network
    self.losses = losses
    self.generation = generation
    self.backend = backend
    penalties = try WeightPenalties(of: network, generation: generation)
    activities = try ActivityPenalties(of: network, in: generation)
  }

  /// Where the stateful layers begin; `nil` in a model without any.
  var freshStates: RecurrentStates? { network.isStateful ? RecurrentStates() : nil }

  /// What a batch begins with where the one before ended with `states`: the same, but in Keras 3 on
  /// JAX, whose `fit` and `evaluate` carry none.
  func states(after states: RecurrentStates?) -> RecurrentStates? {
    generation == .keras3 && backend == .jax ? freshStates : states
  }

  /// One batch forward: its loss, and what the way back needs.
  package struct Outcome<S: Scalar> {
    /// The model's loss, penalties included.
    package let loss: Double
    /// What a row of the batch counts for in the average over the batches.
    let rowWeight: Double
    /// Of each output that has a loss.
    let parts: [Part<S>]
    /// One per output of the model.
    let gradients: [OutputGradient<S>]
  }

  /// One output and what it should have been.
  struct Part<S: Scalar> {
    /// Its own loss, before `loss_weights`.
    let loss: Double
    let output: Signal<S>
    let targets: UnsafeMutablePointer<S>
    let targetWidth: Int
    /// One for each vector, `nil` for all 1.
    let weights: UnsafeMutablePointer<S>?
  }

  /// - Parameters:
  ///   - targets: one for each output that has a loss.
  ///   - weights: sample weights likewise: a number for each row or for each vector.
  /// - Throws: ``KerasError`` for data that a layer or a loss cannot take; see
  ///   ``Network/forward(_:parameters:trace:pass:)``.
  @specialized(where S == Float)
  package func evaluate<S: Scalar>(
    _ inputs: [Tensor<S>], targets: [Tensor<S>], weights: [Tensor<S>?], parameters: Parameters<S>,
    trace: inout NetworkTrace<S>, pass: inout Pass
  ) throws(KerasError) -> Outcome<S> {
    pass.activities = activities
    let outputs = try network.forward(inputs, parameters: parameters, trace: &trace, pass: &pass)
    var total = penalties.penalty(parameters) + pass.activityPenalty
    var parts: [Part<S>] = []
    var gradients: [OutputGradient<S>] = []
    for (output, entry) in zip(outputs, losses) {
      guard let entry else {
        gradients.append(
          OutputGradient(pass.workspace.zeros(S.self, count: output.tensor.count)))
        continue
      }
      let position = parts.count
      do throws(KerasError) {
        let (part, gradient) = try evaluate(
          entry, output, targets: targets[position],
          weights: weights.indices.contains(position) ? weights[position] : nil, &pass.workspace)
        total += entry.weight * part.loss
        parts.append(part)
        gradients.append(gradient)
      } catch {
        throw losses.count == 1 ? error : error.inside(targetName(position))
      }
    }
    // Keras 2.15 weights the mean of losses that are not reduced by rows for each of them.
    let isSpread = generation == .keras2_15 && losses.contains { $0?.reduction == Reduction.none }
    return Outcome(
      loss: total, rowWeight: isSpread ? Double(parts[0].output.tensor.vectors) : 1, parts: parts,
      gradients: gradients)
  }

  private func evaluate<S: Scalar>(
    _ entry: OutputLoss, _ output: Signal<S>, targets: Tensor<S>, weights: Tensor<S>?,
    _ workspace: inout Workspace
  ) throws(KerasError) -> (Part<S>, OutputGradient<S>) {
    let loss = entry.loss
    let (vectors, width) = (output.tensor.vectors, output.tensor.width)
    let y = try checkedTargets(targets, loss, vectors: vectors, width: width, &workspace)
    let logits = loss.usesLogits(generation) ? output.logits : nil
    let batch = LossBatch(
      output: UnsafePointer(logits ?? output.tensor.reals(in: &workspace)),
      isLogits: logits != nil, targets: UnsafePointer(y), vectors: vectors, width: width,
      generation: generation, losses: workspace.scratch(S.self, count: vectors),
      gradient: workspace.scratch(S.self, count: vectors * width),
      ignored: workspace.zeros(Bool.self, count: vectors))
    loss.evaluate(batch)
    let expanded = weights.map { Self.perVector($0, vectors: vectors, &workspace) }
    let shares = VectorShares(
      vectors: vectors,
      counts: batch.counted(output.mask, &workspace), weights: expanded.map { UnsafePointer($0) },
      reduction: entry.reduction, generation: generation, &workspace)
    for vector in 0..<vectors {
      let factor = shares.shares[vector] * S(entry.weight)
      for i in vector * width..<(vector + 1) * width {
        // Where nothing counts nothing goes back, not even what is not a number.
        batch.gradient[i] = factor == 0 ? 0 : batch.gradient[i] * factor
      }
    }
    let part = Part(
      loss: shares.reported(batch.losses, vectors: vectors), output: output, targets: y,
      targetWidth: loss.targetWidth(for: width), weights: expanded)
    return (part, OutputGradient(batch.gradient, isOfLogits: logits != nil))
  }

  /// The way back from ``evaluate(_:targets:weights:parameters:trace:pass:)``, penalties included.
  @specialized(where S == Float)
  package func backward<S: Scalar>(
    _ outcome: Outcome<S>, trace: NetworkTrace<S>, parameters: Parameters<S>,
    gradients: Parameters<S>, pass: inout Pass
  ) {
    network.backward(
      outcome.gradients, trace: trace, parameters: parameters, gradients: gradients, pass: &pass)
    penalties.addGradients(of: parameters, to: gradients)
  }

  /// The same with a look at what comes back to each layer.
  ///
  /// - Parameter inputGradients: one per input of the model, added to; `nil` where nobody wants it.
  package func backward<S: Scalar>(
    _ outcome: Outcome<S>, into inputGradients: [UnsafeMutablePointer<S>?],
    trace: NetworkTrace<S>, parameters: Parameters<S>, gradients: Parameters<S>, pass: inout Pass,
    observe: NetworkTrace<S>.Observer
  ) {
    network.backward(
      outcome.gradients, into: inputGradients, trace: trace, parameters: parameters,
      gradients: gradients, pass: &pass, observe: observe)
    penalties.addGradients(of: parameters, to: gradients)
  }

  /// What errors call the targets of the output that is the `position`th with a loss.
  func targetName(_ position: Int) -> String {
    let names = zip(network.outputNames, losses).filter { $0.1 != nil }.map(\.0)
    return "targets of \(names.indices.contains(position) ? names[position] : "output \(position)")"
  }

  /// A weight for each vector, of one for each vector or one for each row.
  private static func perVector<S: Scalar>(
    _ weights: Tensor<S>, vectors: Int, _ workspace: inout Workspace
  ) -> UnsafeMutablePointer<S> {
    let values = weights.reals(in: &workspace)
    guard weights.count != vectors else { return values }
    let steps = vectors / max(1, weights.count)
    let expanded = workspace.scratch(S.self, count: vectors)
    for i in 0..<vectors { expanded[i] = values[i / max(1, steps)] }
    return expanded
  }

  private func checkedTargets<S: Scalar>(
    _ targets: Tensor<S>, _ loss: any Loss, vectors: Int, width: Int,
    _ workspace: inout Workspace
  ) throws(KerasError) -> UnsafeMutablePointer<S> {
    let wanted = vectors * loss.targetWidth(for: width)
    guard targets.count == wanted else {
      throw KerasError(
        .shapeMismatch,
        "targets \(targets.shape.tuple) but \(loss.name) on this output needs \(wanted) numbers")
    }
    let values = targets.reals(in: &workspace)
    let perRow = max(1, wanted / max(1, targets.batch))
    for i in 0..<wanted {
      if let objection = loss.objection(to: Double(values[i]), width: width) {
        throw KerasError(.invalidData, objection, at: .init(row: i / perRow))
      }
    }
    return values
  }
}

extension LossBatch {
  /// Which vectors count: those that are neither masked nor ignored by the loss; `nil` for all.
  fileprivate func counted(
    _ mask: Mask?, _ workspace: inout Workspace
  ) -> UnsafePointer<Bool>? {
    guard (0..<vectors).contains(where: { ignored[$0] }) else {
      return mask.map { UnsafePointer($0.flags) }
    }
    let flags = workspace.scratch(Bool.self, count: vectors)
    for i in 0..<vectors { flags[i] = (mask?.flags[i] ?? true) && !ignored[i] }
    return UnsafePointer(flags)
  }
}

extension Objective {
  /// ``evaluate(_:targets:weights:parameters:trace:pass:)`` on some rows of a data set.
  ///
  /// - Throws: ``KerasError`` likewise.
  package func evaluate(
    _ data: Dataset, rows: ArraySlice<Int>, parameters: Parameters<Float>,
    trace: inout NetworkTrace<Float>, pass: inout Pass
  ) throws(KerasError) -> Outcome<Float> {
    var (inputs, targets, weights): ([Tensor<Float>], [Tensor<Float>], [Tensor<Float>?]) = (
      [], [], []
    )
    for array in data.inputs {
      let batch = gathered(rows, of: array, in: &pass.workspace)
      inputs.append(data.trimsToBatch ? batch.trimmed(in: &pass.workspace) : batch)
    }
    for array in data.targets { targets.append(gathered(rows, of: array, in: &pass.workspace)) }
    for array in data.sampleWeights {
      weights.append(array.map { gathered(rows, of: $0, in: &pass.workspace) })
    }
    do throws(KerasError) {
      return try evaluate(
        inputs, targets: targets, weights: weights, parameters: parameters, trace: &trace,
        pass: &pass)
    } catch {
      var error = error
      error.place.row = error.place.row.map { rows[rows.startIndex + $0] }
      throw data.located(error, in: network)
    }
  }

  private func gathered(
    _ rows: ArraySlice<Int>, of array: NumericArray, in workspace: inout Workspace
  ) -> Tensor<Float> {
    let shape = array.shape.dropFirst()
    return Tensor(
      gathering: rows, width: shape.reduce(1, *), of: array, in: &workspace,
      shape: [rows.count] + shape)
  }
}

extension Tensor where S == Float {
  /// Rows of token ids without the steps, at either end, in which every row has padding, the id 0;
  /// one step stays. Anything else as it is.
  fileprivate func trimmed(in workspace: inout Workspace) -> Tensor {
    guard case .ids(let ids) = content, shape.count == 2 else { return self }
    let (rows, steps) = (shape[0], shape[1])
    let used = (0..<steps).filter { step in (0..<rows).contains { ids[$0 * steps + step] != 0 } }
    guard let first = used.first ?? (steps > 0 ? 0 : nil) else { return self }
    let width = (used.last ?? first) - first + 1
    guard width < steps else { return self }
    let kept = workspace.scratch(Int32.self, count: rows * width)
    for row in 0..<rows {
      (kept + row * width).update(from: ids + row * steps + first, count: width)
    }
    return Tensor(ids: kept, shape: [rows, width])
  }
}
