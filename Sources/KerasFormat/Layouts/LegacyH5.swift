/// The HDF5 layout of Keras 1 and 2 and of every `.h5` since: a group per layer, named as the
/// layer, whose attribute `weight_names` lists paths below it.
enum LegacyH5 {
  struct Layer {
    var name: String
    /// The paths of its arrays below the layer's group.
    var names: [String]
    var arrays: [NumericArray]
  }

  /// h5py splits lists of names above this size over several attributes.
  private static let maximumAttributeBytes = 64_512

  // MARK: - Reading

  /// The layers of a weights group, in the order of its `layer_names`.
  static func layers(in group: HDF5Group) throws(KerasError) -> [Layer] {
    guard let names = try self.names("layer_names", of: group) else {
      throw KerasError(.damagedFile, "the weights have no layer_names")
    }
    var layers: [Layer] = []
    for name in names {
      guard let layer = group.group(at: path(name)) else {
        throw KerasError(.damagedFile, "layer_names lists \(name), which is not there")
      }
      do throws(KerasError) {
        layers.append(
          Layer(
            name: name, names: try self.names("weight_names", of: layer) ?? [],
            arrays: try arrays(in: layer)))
      } catch {
        throw error.inside(name)
      }
    }
    return layers
  }

  /// The arrays that a group's `weight_names` lists.
  static func arrays(in group: HDF5Group) throws(KerasError) -> [NumericArray] {
    var arrays: [NumericArray] = []
    for name in try names("weight_names", of: group) ?? [] {
      guard case .dataset(let dataset) = group.object(at: path(name)) else {
        throw KerasError(.damagedFile, "weight_names lists \(name), which is not there")
      }
      arrays.append(dataset.array)
    }
    return arrays
  }

  private static func path(_ name: String) -> [String] {
    name.split(separator: "/").map(String.init)
  }

  /// A list of names, also where it is split into `<attribute>0`, `<attribute>1`…
  private static func names(
    _ attribute: String, of group: HDF5Group
  ) throws(KerasError) -> [String]? {
    if let value = group.attributes[attribute] { return try list(value, attribute) }
    var names: [String]?
    var index = 0
    while let value = group.attributes["\(attribute)\(index)"] {
      names = (names ?? []) + (try list(value, attribute))
      index += 1
    }
    return names
  }

  private static func list(
    _ value: HDF5Attribute, _ attribute: String
  ) throws(KerasError) -> [String] {
    switch value {
    case .strings(let names, _): return names
    case .numbers(let array) where array.count == 0: return []
    default:
      throw KerasError(
        .damagedFile, "no list of names", at: .init(path: ["@\(attribute)"]))
    }
  }

  /// Gives the arrays to the layers of these names, or as Keras does: by position among those that
  /// have weights.
  static func assign(_ listed: [Layer], to record: inout ModelRecord) throws(KerasError) {
    let stored = try Vocabularies.taking(listed, into: &record)
    let filled = stored.filter { !$0.arrays.isEmpty }
    var structures: [LayerStructure] = []
    for layer in record.layers {
      do { structures.append(try LayerStructure(layer)) } catch { throw error.inside(layer.name) }
    }
    let targets: [Int]
    switch WeightOwners.layers(of: filled, in: record.layers, structures, record.generation) {
    case .owners(let owners): targets = owners
    case .untold(let reason):
      let count = structures.count { $0.leaves.contains(where: \.namesWeights) }
      throw KerasError(
        .weightMismatch,
        filled.count == count
          ? "the weights of its \(count) layers are not those of the model's: \(reason)"
          : "the file holds weights of \(filled.count) layers, but the model has \(count) "
            + "layers with weights")
    }
    for (target, layer) in zip(targets, filled) {
      // Keras 1 names a Sequential inside another here alone.
      if record.isSequential, Int(record.layers[target].name) != nil,
        !record.layers.contains(where: { $0.name == layer.name })
      {
        record.layers[target].name = layer.name
      }
      do throws(KerasError) {
        record.layers[target].weights = try OldWeights.modern(
          layer, structures[target], record.generation, &record.layers[target].config)
      } catch {
        throw error.inside(record.layers[target].name)
      }
    }
  }

  // MARK: - Writing

  /// The weights group of a model: what `save_weights` puts at the root.
  static func weightsGroup(
    _ record: ModelRecord, _ dialect: Dialect, version: String
  ) throws(KerasError) -> HDF5Group {
    var group = HDF5Group()
    var names: [String] = []
    let legacyNames = try LegacyNames(dialect: dialect, record: record)
    for index in record.listedLayers {
      let layer = record.layers[index]
      names.append(layer.name)
      var parts: [(weight: LeafWeight, gate: Keras1Gates.Gate?)] = []
      let leaves = try layer.leafWeights()
      for index in try LayerStructure(layer).legacyOrder(dialect.generation, leaves) {
        let weight = leaves[index]
        let gates = dialect.generation == .keras1 ? Keras1Gates.gates(of: weight.leaf) : []
        if gates.isEmpty { parts.append((weight, nil)) }
        // All of a gate's stand together, in the place of the first.
        for gate in gates where weight.position == 0 {
          for weight in leaves[index...].prefix(weight.leaf.cellCount ?? 0) {
            parts.append((weight, gate))
          }
        }
      }
      var weights = zip(legacyNames.paths(of: parts), parts).map { name, part in
        (
          name: name,
          array: part.gate?.part(of: part.weight.weight.array)
            ?? OldWeights.written(part.weight, dialect)
        )
      }
      if dialect.generation == .keras2_15, let idf = try Vocabularies.weights(of: layer) {
        weights = [("Variable:0", idf)]
      }
      do { try group.insert(.group(try self.group(weights, dialect)), at: path(layer.name)) } catch
      {
        throw error.inside(layer.name)
      }
    }
    setNames("layer_names", names, &group, dialect)
    // That a file is Keras 1's shows by their absence.
    guard dialect.generation > .keras1 else { return group }
    group.attributes["backend"] = .string("tensorflow", .variableASCII)
    group.attributes["keras_version"] = .string(version, .variableASCII)
    if dialect.isModern {
      group.children["top_level_model_weights"] = .group(try self.group([], dialect))
    }
    return group
  }

  /// A group with `weight_names` and the arrays it lists.
  static func group(
    _ weights: [(name: String, array: NumericArray)], _ dialect: Dialect
  ) throws(KerasError) -> HDF5Group {
    var group = HDF5Group()
    var names: Set<String> = []
    for (name, array) in weights {
      guard names.insert(name).inserted else {
        throw KerasError(
          .unsupportedConfiguration,
          "\(dialect.name) gives two weights this name, and its .h5 cannot hold both",
          at: .init(path: [name]),
          hint: dialect.isModern ? "write .keras or .weights.h5" : nil)
      }
      if case .bfloat16 = array.elements {
        throw KerasError(
          .unsupportedConfiguration, "Keras cannot read bfloat16 from its .h5 layout",
          at: .init(path: [name]), hint: "write .keras or .weights.h5")
      }
      try group.insert(.dataset(HDF5Dataset(array)), at: path(name))
    }
    setNames("weight_names", weights.map(\.name), &group, dialect)
    return group
  }

  private static func setNames(
    _ attribute: String, _ names: [String], _ group: inout HDF5Group, _ dialect: Dialect
  ) {
    // Later versions of h5py store lists of bytes with variable length.
    let type: HDF5StringType = dialect.isModern ? .variableASCII : .fixedASCII
    guard !names.isEmpty else {
      group.attributes[attribute] = .emptyList
      return
    }
    let width = names.map(\.utf8.count).max() ?? 0
    guard width * names.count > maximumAttributeBytes else {
      group.attributes[attribute] = .strings(names, type)
      return
    }
    // NumPy's array_split into the fewest parts that fit: the first ones are one longer.
    var parts = 2
    while (names.count + parts - 1) / parts * width > maximumAttributeBytes, parts < names.count {
      parts += 1
    }
    var start = 0
    for part in 0..<parts {
      let count = names.count / parts + (part < names.count % parts ? 1 : 0)
      group.attributes["\(attribute)\(part)"] = .strings(
        Array(names[start..<start + count]), type)
      start += count
    }
  }
}
