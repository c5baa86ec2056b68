import KerasFormat
import KerasRuntime

/// Keras's `class_weight`: what a row counts for by its class. Only the rows that a model learns
/// from are weighted so, but for Keras 1 and 2.2, which weight those that `validation_split` holds
/// back too.
struct ClassWeights {
  /// One dictionary per array of targets; empty where an output's rows are not weighted.
  private let weights: [[Int: Double]]
  private let generation: Generation

  /// - Parameters:
  ///   - one: for a model with one output.
  ///   - byOutput: by the outputs' names.
  init(
    _ one: [Int: Double], byOutput: [String: [Int: Double]], objective: Objective
  ) throws(KerasError) {
    generation = objective.generation
    let names = zip(objective.network.outputNames, objective.losses)
      .filter { $0.1 != nil }.map(\.0)
    for name in byOutput.keys.sorted() where !names.contains(name) {
      throw KerasError(
        .invalidArgument,
        "class weights for '\(name)' but the outputs are "
          + names.joined(separator: ", "))
    }
    guard names.count == 1 || generation <= .keras2 || one.isEmpty && byOutput.isEmpty else {
      throw KerasError(
        .invalidArgument,
        "class weights for a model with \(names.count) outputs, but Keras "
          + "\(generation.rawValue) takes them for one alone", hint: "give sample weights")
    }
    guard names.count == 1 || one.isEmpty else {
      throw KerasError(
        .invalidArgument, "one set of class weights but the model has \(names.count) outputs",
        hint: "give them by the outputs' names")
    }
    weights = names.map { byOutput[$0] ?? one }
    for (id, weight) in weights.flatMap({ $0 }) where !weight.isFinite {
      throw KerasError(.invalidArgument, "weight \(weight) of class \(id) but it must be finite")
    }
    if generation == .keras2_15 {
      for set in weights where set.keys.sorted() != Array(0..<set.count) {
        throw KerasError(
          .invalidArgument,
          "class weights for \(set.keys.sorted().map(String.init).joined(separator: ", ")) but "
            + "Keras 2.15 takes them for 0, 1, … without a gap")
      }
    }
  }

  var isEmpty: Bool { weights.allSatisfy(\.isEmpty) }

  /// Whether rows held back by `validation_split` are weighted too.
  var reachesValidation: Bool { generation <= .keras2 }

  /// The same rows, weighted.
  func applied(to data: Dataset) throws(KerasError) -> Dataset {
    guard !isEmpty else { return data }
    guard data.sampleWeights.isEmpty else {
      let reason =
        switch generation {
        case .keras1, .keras2: "ignores the former then"
        // It reshapes the latter to a shape that it does not know.
        case .keras2_15: "fails then"
        case .keras3: "takes only one of them"
        }
      throw KerasError(
        .invalidArgument,
        "class weights and sample weights, but Keras \(generation.rawValue) \(reason)")
    }
    var result: [NumericArray?] = []
    for (position, targets) in data.targets.enumerated() {
      result.append(
        weights[position].isEmpty ? nil : try array(for: targets, weights[position]))
    }
    var weighted = data
    try weighted.setSampleWeights(result)
    return weighted
  }

  private func array(
    for targets: NumericArray, _ weights: [Int: Double]
  ) throws(KerasError) -> NumericArray {
    let (shape, classes) = try self.classes(of: targets)
    let perRow = max(1, classes.count / targets.shape[0])
    var values: [Float] = []
    for (index, id) in classes.enumerated() {
      guard let weight = weights[id] ?? (generation == .keras3 ? 1 : nil) else {
        throw KerasError(
          .invalidData,
          "class \(id) but there are class weights for "
            + weights.keys.sorted().map(String.init).joined(separator: ", "),
          at: .init(row: index / perRow))
      }
      values.append(Float(weight))
    }
    return NumericArray(shape: shape, .float32(values))
  }

  /// The class of each row (or step): the largest of a row's targets where it has several.
  private func classes(of targets: NumericArray) throws(KerasError) -> ([Int], [Int]) {
    let values = targets.doubles()
    let rank = targets.shape.count
    guard rank <= 2 || generation == .keras2_15 else {
      throw KerasError(
        .shapeMismatch,
        "targets \(targets.shape.tuple) but Keras \(generation.rawValue) takes class weights for "
          + "one class a row")
    }
    let width = rank >= 2 ? targets.shape[rank - 1] : 1
    let shape = rank >= 2 ? Array(targets.shape.dropLast()) : targets.shape
    guard width > 1 else {
      var classes: [Int] = []
      for (row, value) in values.enumerated() {
        let rounded = generation <= .keras2 ? value : value.rounded(.toNearestOrEven)
        guard let id = Int(exactly: rounded) else {
          throw KerasError(
            .invalidData, "label \(value) is not the number of a class", at: .init(row: row))
        }
        classes.append(id)
      }
      return (shape, classes)
    }
    return (
      shape,
      (0..<values.count / width).map { row in
        let slice = values[row * width..<(row + 1) * width]
        return (slice.indices.max { slice[$0] < slice[$1] } ?? slice.startIndex) - slice.startIndex
      }
    )
  }
}
