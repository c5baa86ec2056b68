import KerasFormat
import KerasRuntime

extension Dataset {
  /// Refuses what a model cannot take before anything is computed, so that nothing is lost to the
  /// last row of the data: arrays of other shapes, token ids that the embeddings do not have, and
  /// targets that mean nothing to the loss.
  ///
  /// - Throws: ``KerasError`` naming the file and the row.
  func check(for network: Network, loss: any Loss) throws(KerasError) {
    do {
      _ = try network.checkedRows(of: inputs)
      try network.checkTokenIDs(in: inputs)
      try checkTargets(network.outputShapes[0], loss)
    } catch {
      throw located(error, in: network)
    }
  }

  private func checkTargets(_ output: Shape, _ loss: any Loss) throws(KerasError) {
    let width = output.last ?? 1
    var perRow = loss.targetWidth(for: width)
    for extent in output.extents.dropLast() {
      // How many steps there are, only the data decides.
      guard let extent else { return }
      perRow *= extent
    }
    guard targets.count == rows * perRow else {
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
      guard let name = error.place.path.first else { return error.inFile(targets) }
      let index = network.inputs.firstIndex { network.nodes[$0].name == name } ?? 0
      return error.inFile(files.indices.contains(index) ? files[index] : targets)
    }
  }
}
