import KerasFormat
import KerasRuntime

/// The objective of a model: its loss, computed in a generation's arithmetic.
struct Objective: Sendable {
  let network: Network
  let loss: any Loss
  let generation: Generation

  /// One batch forward: its loss, and what the way back needs.
  struct Outcome<S: Scalar> {
    /// The mean over the vectors that count.
    let loss: Double
    let output: Signal<S>
    let targets: UnsafeMutablePointer<S>
    /// Of the batch's mean loss.
    let gradient: OutputGradient<S>
  }

  func evaluate<S: Scalar>(
    _ inputs: [Tensor<S>], targets: Tensor<S>, parameters: Parameters<S>,
    trace: inout NetworkTrace<S>, pass: inout Pass
  ) throws(KerasError) -> Outcome<S> {
    let outputs = try network.forward(inputs, parameters: parameters, trace: &trace, pass: &pass)
    let output = outputs[0]
    let (vectors, width) = (output.tensor.vectors, output.tensor.width)
    let y = try checkedTargets(targets, vectors: vectors, width: width, &pass.workspace)
    let logits = loss.usesLogits(generation) ? output.logits : nil
    let batch = LossBatch(
      output: UnsafePointer(logits ?? output.tensor.reals(in: &pass.workspace)),
      isLogits: logits != nil, targets: UnsafePointer(y), vectors: vectors, width: width,
      generation: generation, losses: pass.workspace.scratch(S.self, count: vectors),
      gradient: pass.workspace.scratch(S.self, count: vectors * width))
    loss.evaluate(batch)
    // Masked vectors do not count: neither in the mean nor on the way back.
    let flags = output.mask?.flags
    var (sum, counted) = (S(0), 0)
    for vector in 0..<vectors where flags?[vector] ?? true {
      sum += batch.losses[vector]
      counted += 1
    }
    let share = 1 / S(counted)
    for vector in 0..<vectors {
      let factor = flags?[vector] ?? true ? share : 0
      for i in vector * width..<(vector + 1) * width { batch.gradient[i] *= factor }
    }
    return Outcome(
      loss: Double(sum * share), output: output, targets: y,
      gradient: OutputGradient(batch.gradient, isOfLogits: logits != nil))
  }

  private func checkedTargets<S: Scalar>(
    _ targets: Tensor<S>, vectors: Int, width: Int, _ workspace: inout Workspace
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

extension Objective {
  /// ``evaluate(_:targets:parameters:trace:pass:)`` on some rows of a data set.
  func evaluate(
    _ data: Dataset, rows: ArraySlice<Int>, parameters: Parameters<Float>,
    trace: inout NetworkTrace<Float>, pass: inout Pass
  ) throws(KerasError) -> Outcome<Float> {
    var inputs: [Tensor<Float>] = []
    for array in data.inputs { inputs.append(gathered(rows, of: array, in: &pass.workspace)) }
    do {
      return try evaluate(
        inputs, targets: gathered(rows, of: data.targets, in: &pass.workspace),
        parameters: parameters, trace: &trace, pass: &pass)
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
