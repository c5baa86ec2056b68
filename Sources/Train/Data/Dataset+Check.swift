import KerasFormat
import KerasRuntime

extension Dataset {
  /// Refuses what a model cannot take before anything is computed, so that nothing is lost to the
  /// last row of the data: arrays of other shapes, token ids that the embeddings do not have,
  /// targets that mean nothing to the loss, and weights that fit no output.
  ///
  /// - Throws: ``KerasError`` naming the file and the row.
  func check(for objective: Objective) throws(KerasError) {
    let network = objective.network
    do throws(KerasError) {
      _ = try network.checkedRows(of: inputs)
      try network.checkTokenIDs(in: inputs)
      let trained = zip(network.outputShapes, objective.losses).filter { $0.1 != nil }
      guard targets.count == trained.count else {
        throw KerasError(
          .shapeMismatch,
          "\(targets.count) arrays of targets but the model has \(trained.count) outputs with a loss"
        )
      }
      for (position, (shape, loss)) in trained.enumerated() {
        guard let loss else { continue }
        do throws(KerasError) {
          try Self.check(targets[position], for: shape, loss.loss)
          if sampleWeights.indices.contains(position), let weights = sampleWeights[position] {
            try check(weights, for: shape, objective.generation)
          }
        } catch {
          throw trained.count == 1 ? error : error.inside(objective.targetName(position))
        }
      }
    } catch {
      throw located(error, in: network)
    }
  }

  private static func check(
    _ targets: NumericArray, for output: Shape, _ loss: any Loss
  ) throws(KerasError) {
    let width = output.last ?? 1
    var perRow = loss.targetWidth(for: width)
    for extent in output.extents.dropLast() {
      // How many steps there are, only the data decides.
      guard let extent else { return }
      perRow *= extent
    }
    guard targets.count == targets.shape[0] * perRow else {
      throw KerasError(
        .shapeMismatch,
        "targets \(targets.shape.tuple) but \(loss.name) on an output \(output) takes "
          + "\(perRow) number\(perRow == 1 ? "" : "s") a row")
    }
    for (index, value) in targets.doubles().enumerated() {
      if let objection = loss.objection(to: value, width: width) {
        throw KerasError(.invalidData, objection, at: .init(row: index / perRow))
      }
    }
  }

  private func check(
    _ weights: NumericArray, for output: Shape, _ generation: Generation
  ) throws(KerasError) {
    let perRow = weights.count / rows
    let hasSteps = output.rank > 1
    if isWeightedAsOne, generation <= .keras2 {
      throw KerasError(
        .invalidArgument,
        "one array of sample weights for several outputs, but Keras \(generation.rawValue) takes "
          + "one each")
    }
    if perRow == 1 {
      // Keras 3 multiplies (B, T) losses by (B,) weights as NumPy would, which fails.
      if hasSteps, generation == .keras3 {
        throw KerasError(
          .shapeMismatch,
          "sample weights \(weights.shape.tuple) but Keras 3 takes one for each step of an output "
            + "\(output)", at: .init(path: ["sample weights"]))
      }
      return
    }
    var steps: Int? = 1
    for extent in output.extents.dropLast() {
      steps = steps.flatMap { product in extent.map { product * $0 } }
    }
    guard hasSteps, steps == nil || steps == perRow else {
      throw KerasError(
        .shapeMismatch,
        "sample weights \(weights.shape.tuple) but an output \(output) takes one for each row"
          + (hasSteps ? " or each step" : ""), at: .init(path: ["sample weights"]))
    }
  }

  /// The same error with the file that its row came from. What is wrong inside the network is an
  /// input's; what has no path is the targets'.
  func located(_ error: KerasError, in network: Network) -> KerasError {
    switch source {
    case .memory: return error
    case .texts(let places):
      guard let row = error.place.row, places.indices.contains(row) else { return error }
      var located = error
      located.place = places[row]
      located.place.path = error.place.path
      return located
    case .files(let files, let targets):
      guard let name = error.place.path.first else { return error.inFile(targets[0]) }
      if name == "sample weights" { return error }
      let names = network.outputNames.map { "targets of \($0)" }
      if let output = names.firstIndex(of: name) {
        return error.inFile(targets.indices.contains(output) ? targets[output] : targets[0])
      }
      let index = network.inputs.firstIndex { network.nodes[$0].name == name } ?? 0
      return error.inFile(files.indices.contains(index) ? files[index] : targets[0])
    }
  }
}
