import KerasFormat

extension Fixtures {
  /// What an `.h5` lists, group by group: `model_weights/dense: dense/kernel:0, dense/bias:0`.
  package static func storedNames(_ bytes: [UInt8]) throws(KerasError) -> [String] {
    let root = try HDF5File.read(bytes)
    var lists: [String] = []
    for (name, object) in root.children.members {
      guard case .group(let group) = object else { continue }
      if let names = names("weight_names", group) { lists.append("\(name): \(names)") }
      guard case .strings(let layers, _)? = group.attributes["layer_names"] else { continue }
      for layer in layers {
        let path = layer.split(separator: "/").map(String.init)
        guard let inner = group.group(at: path), let names = names("weight_names", inner) else {
          continue
        }
        lists.append("\(name)/\(layer): \(names)")
      }
    }
    return lists.sorted()
  }

  private static func names(_ attribute: String, _ group: HDF5Group) -> String? {
    guard case .strings(let names, _)? = group.attributes[attribute] else { return nil }
    return names.joined(separator: ", ")
  }
}
