/// Where 2.15's CuDNNGRU and CuDNNLSTM lie in the layout of `.weights.h5`: in a group that is named
/// after, and numbered by, their own class, with no cell in it.
enum CuDNNGroups {
  /// The group `layers` of a model, with each layer where the layout has the one that computes the
  /// same: `cu_dnngru_1/vars` as `gru_1/cell/vars`.
  ///
  /// - Throws: ``KerasError`` where a model inside the model is none.
  static func moved(
    in layers: HDF5Group, of record: ModelRecord
  ) throws(KerasError) -> HDF5Group {
    var classNames: [[String]: String] = [:]
    for layer in record.layers {
      for (way, className) in layer.storedClassNames { classNames[[layer.name] + way] = className }
    }
    return try moved(in: layers, of: record, classNames, at: [])
  }

  /// - Parameters:
  ///   - classNames: the classes that the file names, by the ways from the outermost model.
  ///   - way: the way to this model.
  private static func moved(
    in layers: HDF5Group, of record: ModelRecord, _ classNames: [[String]: String], at way: [String]
  ) throws(KerasError) -> HDF5Group {
    var (storedNames, names) = (LayerNames(), LayerNames())
    var found: [(name: String, group: HDF5Group)] = []
    var result = layers
    for index in record.listedLayers {
      let layer = record.layers[index]
      let inside = way + [layer.name]
      let stored = storedNames.next(for: classNames[inside] ?? layer.className)
      let name = names.next(for: layer.className)
      guard let group = layers.group(stored) else { continue }
      result.children[stored] = nil
      found.append(
        (name, try withCell(group, layer.className, layer.config, classNames, at: inside)))
    }
    for (name, group) in found { result.children[name] = .group(group) }
    return result
  }

  /// A layer's group, with the cell that a recurrent layer's weights belong to.
  private static func withCell(
    _ group: HDF5Group, _ className: String, _ config: JSONObject,
    _ classNames: [[String]: String], at way: [String]
  ) throws(KerasError) -> HDF5Group {
    var group = group
    switch className {
    case "GRU", "LSTM":
      guard group.group("cell") == nil, let vars = group.children["vars"] else { break }
      group.children["cell"] = .group(HDF5Group(children: ["vars": vars]))
      group.children["vars"] = nil
    case "Bidirectional", "TimeDistributed":
      for (name, key) in [
        ("forward_layer", "layer"), ("backward_layer", "backward_layer"), ("layer", "layer"),
      ] {
        guard let part = group.group(name), let inner = config[key]?.object,
          let className = inner["class_name"]?.string, let config = inner["config"]?.object
        else { continue }
        group.children[name] = .group(
          try withCell(part, className, config, classNames, at: way + [key]))
      }
    case _ where ModelRecord.nestedClasses.contains(className):
      guard let layers = group.group("layers") else { break }
      let record = try ModelRecord(nested: className, config: config, generation: .keras3)
      group.children["layers"] = .group(try moved(in: layers, of: record, classNames, at: way))
    default: break
    }
    return group
  }
}
