/// Weights as older generations laid them out → as Keras 3 has them, in structural order.
///
/// Keras converts them when it loads (`preprocess_weights_for_loading` in `engine/saving.py` of
/// 2.2.4), and so do we: Keras 1's gate by gate matrices and four-dimensional convolution kernels,
/// and the layout of cuDNN's recurrent layers.
enum OldWeights {
  /// A layer's weights, each under the way to it.
  ///
  /// - Parameter config: the layer's; gets what only the weights tell.
  /// - Throws: ``KerasError`` where the names do not say which of the layers inside has which.
  static func modern(
    _ stored: LegacyH5.Layer, _ structure: LayerStructure, _ generation: Generation,
    _ config: inout JSONObject
  ) throws(KerasError) -> [WeightRecord] {
    guard !structure.leaves.isEmpty else {
      // The builder says that the layer has none.
      return stored.arrays.enumerated().map {
        WeightRecord(name: "\($0.offset)", array: $0.element)
      }
    }
    var weights: [WeightRecord] = []
    for (leaf, arrays) in zip(structure.leaves, try leafArrays(stored, structure, generation)) {
      var rest = arrays[...]
      // Were there more than a cell has, the builder says so.
      let own = try converted(&rest, leaf, leaf.cellCount ?? rest.count, generation) + rest
      for (number, array) in own.enumerated() {
        let name = (leaf.path + ["\(number)"]).joined(separator: "/")
        let array = AxisOrder.sorted(array, of: leaf, generation)
        weights.append(WeightRecord(name: name, array: array))
      }
    }
    let learned: Set<String> = ["PReLU", "ParametricSoftplus", "SReLU"]
    if generation == .keras1, config["shared_axes"] ?? .null == .null,
      structure.leaves.count == 1, learned.contains(structure.leaves[0].className),
      let shape = weights.first?.array.shape
    {
      // Keras 1 does not say which axes share their slope: those along which there is one.
      let shared = shape.indices.filter { shape[$0] == 1 }
      config["shared_axes"] = shared.isEmpty ? .null : .array(shared.map { .integer($0 + 1) })
    }
    return weights
  }

  /// The arrays of each leaf.
  private static func leafArrays(
    _ stored: LegacyH5.Layer, _ structure: LayerStructure, _ generation: Generation
  ) throws(KerasError) -> [[NumericArray]] {
    let leaves = structure.leaves
    guard leaves.count > 1 else { return [stored.arrays] }
    let found: [Int]
    switch WeightOwners.leaves(of: stored.names, in: structure, generation) {
    case .owners(let owners): found = owners
    case .untold(let reason):
      throw KerasError(
        .weightMismatch,
        "the names of its \(stored.names.count) weights do not tell which layer inside has which: "
          + "\(stored.names.joined(separator: ", ")); \(reason)")
    }
    var arrays = [[NumericArray]](repeating: [], count: leaves.count)
    for (owner, array) in zip(found, stored.arrays) { arrays[owner].append(array) }
    return arrays
  }

  /// The next weights of one object.
  private static func converted(
    _ rest: inout ArraySlice<NumericArray>, _ leaf: LayerStructure.Leaf, _ count: Int,
    _ generation: Generation
  ) throws(KerasError) -> [NumericArray] {
    let gates = leaf.gateCount
    if generation == .keras1, let gates, let units = leaf.config["units"]?.integer,
      rest.count >= 3 * gates, let first = rest.first, first.shape.count == 2,
      first.shape[1] == units
    {
      let arrays = Array(rest.prefix(3 * gates))
      rest = rest.dropFirst(3 * gates)
      // Gate after gate, each with its W, U and b.
      let listed = Keras1Gates.allGates(of: leaf)
      let byBlock = listed.indices.sorted { listed[$0].block < listed[$1].block }
      var joined: [NumericArray] = []
      for kind in 0..<3 { joined.append(try joining(byBlock.map { arrays[3 * $0 + kind] })) }
      return joined
    }
    var arrays = Array(rest.prefix(count))
    rest = rest.dropFirst(count)
    if generation == .keras1, leaf.className == "Conv1D", let kernel = arrays.first,
      kernel.shape.count == 4
    {
      arrays[0] = try convolutionKernel(kernel, leaf.config)
    }
    return try withoutCuDNN(arrays, of: leaf)
  }

  /// A leaf's weights, brought out of cuDNN's layout where their shapes say that they are in it.
  static func withoutCuDNN(
    _ arrays: [NumericArray], of leaf: LayerStructure.Leaf
  ) throws(KerasError) -> [NumericArray] {
    guard arrays.count == 3, let gates = leaf.gateCount,
      let units = leaf.config["units"]?.integer, arrays[2].shape == [2 * gates * units],
      arrays[0].shape.count == 2
    else { return arrays }
    return try fromCuDNN(arrays, gates: gates, units: units, leaf.config)
  }

  // MARK: - Writing

  static func written(_ weight: LeafWeight, _ dialect: Dialect) -> NumericArray {
    written(weight.weight.array, of: weight.leaf, dialect)
  }

  /// A weight, or what an optimizer keeps of it, as a generation's file has it: Keras 1's
  /// convolution kernels have an axis more, 2.15 has axes in the order listed.
  static func written(
    _ array: NumericArray, of leaf: LayerStructure.Leaf, _ dialect: Dialect
  ) -> NumericArray {
    let array = AxisOrder.listed(array, of: leaf, dialect.generation)
    guard dialect.generation == .keras1, leaf.className == "Conv1D", array.shape.count == 3
    else { return array }
    return NumericArray(
      shape: [array.shape[0], 1, array.shape[1], array.shape[2]], array.elements)
  }

  /// Arrays side by side on the last axis.
  private static func joining(_ arrays: [NumericArray]) throws(KerasError) -> NumericArray {
    let first = arrays[0].shape
    let rows = first.dropLast().reduce(1, *)
    for array in arrays where array.shape != first {
      throw KerasError(
        .weightMismatch, "shapes \(first.tuple) and \(array.shape.tuple) among the gates' weights")
    }
    let width = first.last ?? 1
    let values = arrays.map { $0.doubles() }
    var joined: [Double] = []
    for row in 0..<rows {
      for value in values { joined += value[row * width..<(row + 1) * width] }
    }
    return array(first.dropLast() + [width * arrays.count], joined, like: arrays[0])
  }

  /// (k, 1, F, filters), or before Keras 1.2 (filters, F, k, 1), → (k, F, filters).
  private static func convolutionKernel(
    _ kernel: NumericArray, _ config: JSONObject
  ) throws(KerasError) -> NumericArray {
    let (shape, values) = (kernel.shape, kernel.doubles())
    let steps = config["kernel_size"]?.array?.first?.integer ?? config["kernel_size"]?.integer
    let filters = config["filters"]?.integer
    if shape[0] == steps, shape[1] == 1, shape[3] == filters {
      return array([shape[0], shape[2], shape[3]], values, like: kernel)
    }
    guard shape[0] == filters, shape[2] == steps, shape[3] == 1 else {
      throw KerasError(
        .weightMismatch,
        "shape \(shape.tuple) is no kernel of \(filters ?? 0) filters over \(steps ?? 0) steps")
    }
    let (n, channels, k) = (shape[0], shape[1], shape[2])
    var turned = [Double](repeating: 0, count: values.count)
    for filter in 0..<n {
      for channel in 0..<channels {
        for step in 0..<k {
          turned[(step * channels + channel) * n + filter] =
            values[(filter * channels + channel) * k + step]
        }
      }
    }
    return array([k, channels, n], turned, like: kernel)
  }

  // MARK: - cuDNN

  /// Gate by gate, the input's block is stored turned over in another order and the recurrent one
  /// transposed; there are two biases.
  private static func fromCuDNN(
    _ arrays: [NumericArray], gates: Int, units: Int, _ config: JSONObject
  ) throws(KerasError) -> [NumericArray] {
    let (kernel, recurrent, bias) = (arrays[0], arrays[1], arrays[2])
    let features = kernel.shape[0]
    guard kernel.shape == [features, gates * units], recurrent.shape == [units, gates * units]
    else {
      throw KerasError(
        .weightMismatch,
        "shapes \(kernel.shape.tuple) and \(recurrent.shape.tuple) are no \(gates) gates of \(units)"
      )
    }
    if gates == 3, config["reset_after"] != true {
      throw KerasError(
        .weightMismatch, "weights of a CuDNNGRU, which resets after the product",
        hint: "the definition needs reset_after=true")
    }
    let biases = bias.doubles()
    let half = gates * units
    let newBias =
      gates == 3
      ? array([2, half], biases, like: bias)
      : array([half], (0..<half).map { biases[$0] + biases[half + $0] }, like: bias)
    return [
      turnedBlocks(kernel, rows: features, gates: gates, units: units),
      turnedBlocks(recurrent, rows: units, gates: gates, units: units), newBias,
    ]
  }

  /// Each block (rows, units), read as (units, rows), transposed.
  private static func turnedBlocks(
    _ matrix: NumericArray, rows: Int, gates: Int, units: Int
  ) -> NumericArray {
    let values = matrix.doubles()
    let width = gates * units
    var result = [Double](repeating: 0, count: values.count)
    for gate in 0..<gates {
      for row in 0..<rows {
        for unit in 0..<units {
          let index = unit * rows + row
          result[row * width + gate * units + unit] =
            values[index / units * width + gate * units + index % units]
        }
      }
    }
    return array(matrix.shape, result, like: matrix)
  }

  /// An array of the same type as another; float32 and narrower survive the way through doubles.
  private static func array(
    _ shape: some Sequence<Int>, _ values: [Double], like other: NumericArray
  ) -> NumericArray {
    if case .float64 = other.elements { return NumericArray(shape: Array(shape), .float64(values)) }
    return NumericArray(
      shape: Array(shape), floats: values.map { Float($0) }, as: other.elements.type)
  }
}
