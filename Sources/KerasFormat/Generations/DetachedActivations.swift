/// Layers in an activation's place, set behind as layers of their own: Keras 1 and 2.2 run
/// `Dense(4, activation=LeakyReLU(0.1))` but cannot store it.
enum DetachedActivations {
  /// Layers whose last operation is their activation.
  private static let ending: Set<String> = [
    "Dense", "Conv1D", "SeparableConv1D", "DepthwiseConv1D", "Conv1DTranspose",
  ]

  /// Detaches those of a model's own layers. What stands in recurrent layers, or inside wrappers and
  /// nested models, stays, and is refused where it is written.
  static func detach(
    _ record: inout ModelRecord, _ generation: Generation, _ notes: inout [ConversionNote]
  ) {
    var layers: [LayerRecord] = []
    var moved: [String: String] = [:]
    for layer in record.layers {
      guard let object = layer.config["activation"]?.object,
        let className = object["class_name"]?.string, var config = object["config"]?.object
      else {
        layers.append(layer)
        continue
      }
      var layer = layer
      let stored = config.take("name")?.string ?? LayerNames.snakeCase(className)
      if layer.className == "Activation" {
        (layer.className, layer.config) = (className, config)
        layers.append(layer)
        notes.append(note(layer.name, generation, "it is written as a \(className)"))
      } else if ending.contains(layer.className),
        layer.config["activity_regularizer"] ?? .null == .null
      {
        layer.config["activation"] = "linear"
        var detached = LayerRecord(
          className: className, name: "\(layer.name)_\(stored)", config: config)
        detached.inbound = layer.inbound.indices.map {
          [TensorReference(layer: layer.name, node: $0)]
        }
        moved[layer.name] = detached.name
        layers += [layer, detached]
        notes.append(note(layer.name, generation, "it stands behind as \(detached.name)"))
      } else {
        layers.append(layer)
      }
    }
    record.layers = layers
    redirect(&record, moved)
  }

  private static func note(
    _ layer: String, _ generation: Generation, _ what: String
  ) -> ConversionNote {
    ConversionNote(
      layer: layer,
      message: "Keras \(generation.rawValue) cannot store a layer as an activation: \(what)")
  }

  /// Lets all others take what the detached layers give.
  private static func redirect(_ record: inout ModelRecord, _ moved: [String: String]) {
    guard !moved.isEmpty, !record.isSequential else { return }
    func redirected(_ reference: TensorReference) -> TensorReference {
      var reference = reference
      reference.layer = moved[reference.layer] ?? reference.layer
      return reference
    }
    let detached = Set(moved.values)
    for index in record.layers.indices where !detached.contains(record.layers[index].name) {
      record.layers[index].inbound = record.layers[index].inbound.map { $0.map(redirected) }
      record.layers[index].inboundMasks = record.layers[index].inboundMasks.map {
        $0?.renamed(redirected)
      }
    }
    record.outputs = record.outputs.map(redirected)
  }
}
