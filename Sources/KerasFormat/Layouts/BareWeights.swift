extension ModelFile {
  /// What lies in a file that holds weights without a model's definition, `.weights.h5` or Keras 1
  /// and 2's `save_weights`: each array with its path in the file, `dense_2` before `dense_10`. `nil` for
  /// any other file.
  ///
  /// - Throws: ``KerasError/Code/fileNotFound`` or ``KerasError/Code/inputOutput`` for a file that
  ///   cannot be read, ``KerasError/Code/damagedFile`` with its name for one that is HDF5 and
  ///   broken.
  public static func bareWeights(_ path: String) throws(KerasError) -> [WeightRecord]? {
    let region = try ByteRegion(contentsOf: path)
    guard try region.starts(with: HDF5File.magic) else { return nil }
    let root: HDF5Group
    do { root = try HDF5File.read(region) } catch { throw error.inFile(path) }
    guard !WholeH5.isModel(root),
      WeightsH5.isWeights(root) || root.attributes["layer_names"] != nil
    else { return nil }
    var weights: [WeightRecord] = []
    collect(root, at: [], into: &weights)
    return weights
  }

  private static func collect(
    _ group: HDF5Group, at path: [String], into weights: inout [WeightRecord]
  ) {
    let members = group.children.members.sorted { WeightsH5.precedes($0.name, $1.name) }
    for (name, object) in members {
      switch object {
      case .group(let group): collect(group, at: path + [name], into: &weights)
      case .dataset(let dataset):
        let place = (path + [name]).joined(separator: "/")
        weights.append(WeightRecord(name: place, array: dataset.array))
      }
    }
  }
}
