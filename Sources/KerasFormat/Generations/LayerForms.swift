/// What a generation can only say, or run, in another form that computes the same.
enum LayerForms {
  /// - Keras 1's Sequential that starts with a Merge: see ``BranchForms``.
  /// - Keras 3 cannot run one cell in a list behind a mask: `RNN([cell])` → `RNN(cell)`.
  /// - Keras 1 and 2.2 compute with float32 alone: an input of another type → one of float32, but
  ///   for token ids, which an embedding takes in any.
  /// - Keras 1 and 2.2 cannot give back an input: one that is an output too goes through a linear
  ///   activation.
  /// - Keras 1 and 2.2 cannot store a layer as an activation: one → a layer of its own.
  /// - Keras 1 and 2.2 have no Identity: see ``IdentityForms``.
  /// - Keras 1 keeps gates apart or side by side, and trains them accordingly: see ``Keras1Gates``.
  ///
  /// - Throws: ``KerasError`` for stacks of cells within stacks, which Keras 2.2 cannot build.
  static func converted(
    _ record: ModelRecord, to generation: Generation, notes: inout [ConversionNote]
  ) throws(KerasError) -> ModelRecord {
    var record = try BranchForms.converted(record, to: generation, &notes)
    FrozenNormalization.note(record, generation, &notes)
    TrainingNotes.note(record, generation, &notes)
    try NormalizationRounding.note(record, generation, &notes)
    if generation == .keras3, record.generation < .keras3 {
      try unstack(&record, &notes)
    } else if generation <= .keras2, record.generation > .keras2 {
      for layer in record.layers where hasStackInStack(.object(layer.config), isInside: false) {
        throw KerasError(
          .unsupportedConfiguration,
          "a stack of cells within a stack, which Keras \(generation.rawValue) cannot build",
          at: .init(path: [layer.name]))
      }
      try DetachedActivations.detach(&record, generation, &notes)
      takeFloat32(&record, generation, &notes)
      separateEnds(&record, generation, &notes)
    }
    if generation <= .keras2 { IdentityForms.write(&record, generation, &notes) }
    if generation == .keras1, record.generation > .keras1 { Keras1Gates.choose(&record, &notes) }
    return record
  }

  private static func hasStackInStack(_ value: JSON, isInside: Bool) -> Bool {
    if let list = value.array { return list.contains { hasStackInStack($0, isInside: isInside) } }
    guard let object = value.object else { return false }
    let isStack = object["class_name"] == "StackedRNNCells"
    return isStack && isInside
      || object.members.contains { hasStackInStack($0.value, isInside: isInside || isStack) }
  }

  // MARK: - One cell in a list

  private static func unstack(
    _ record: inout ModelRecord, _ notes: inout [ConversionNote]
  ) throws(KerasError) {
    for index in record.layers.indices {
      let layer = record.layers[index]
      let object: JSON = [
        "class_name": .string(layer.className), "config": .object(layer.config),
      ]
      guard let changed = unstacked(object).object, .object(changed) != object,
        let config = changed["config"]?.object
      else { continue }
      record.layers[index].config = config
      let (old, new) = (try LayerStructure(layer), try LayerStructure(record.layers[index]))
      for (position, weight) in layer.weights.enumerated() {
        record.layers[index].weights[position].name = new.name(of: weight, from: old)
      }
      notes.append(
        ConversionNote(
          layer: layer.name,
          message:
            "a list of one cell is written as the cell: behind a mask Keras 3 cannot run the list"))
    }
  }

  private static func unstacked(_ value: JSON) -> JSON {
    if let list = value.array { return .array(list.map(unstacked)) }
    guard var object = value.object else { return value }
    if object["class_name"] == "RNN", var config = object["config"]?.object,
      let cell = config["cell"]?.object, cell["class_name"] == "StackedRNNCells",
      let cells = cell["config"]?.object?["cells"]?.array, cells.count == 1
    {
      config["cell"] = cells[0]
      object["config"] = .object(config)
    }
    for key in object.keys { object[key] = object[key].map(unstacked) }
    return .object(object)
  }

  // MARK: - Types of inputs

  private static func takeFloat32(
    _ record: inout ModelRecord, _ generation: Generation, _ notes: inout [ConversionNote]
  ) {
    for index in record.layers.indices where record.layers[index].className == "InputLayer" {
      let input = record.layers[index]
      let dtype = input.config["dtype"]?.string ?? "float32"
      let takers =
        record.isSequential
        ? Array(record.layers.dropFirst(index + 1).prefix(1))
        : record.layers.filter { $0.inbound.joined().contains { $0.layer == input.name } }
      let isWords = !takers.isEmpty && takers.allSatisfy { $0.className == "Embedding" }
      guard dtype != "float32", dtype != "string", !isWords else { continue }
      record.layers[index].config["dtype"] = "float32"
      notes.append(
        ConversionNote(
          layer: input.name,
          message: "an input of \(dtype) is written as one of float32, the only type that Keras "
            + "\(generation.rawValue) computes with"))
    }
  }

  // MARK: - Inputs that are outputs

  private static func separateEnds(
    _ record: inout ModelRecord, _ generation: Generation, _ notes: inout [ConversionNote]
  ) {
    for (position, output) in record.outputs.enumerated() where record.inputs.contains(output) {
      let names = Set(record.layers.map(\.name))
      var name = "\(output.layer)_out"
      while names.contains(name) { name += "_out" }
      var layer = LayerRecord(
        className: "Activation", name: name,
        config: ["trainable": true, "dtype": "float32", "activation": "linear"])
      layer.inbound = [[output]]
      record.layers.append(layer)
      record.outputs[position] = TensorReference(layer: name)
      notes.append(
        ConversionNote(
          layer: output.layer,
          message: "the input is an output too, which Keras \(generation.rawValue) cannot run: "
            + "added \(name), which changes nothing"))
    }
  }
}
