extension ModelFile {
  /// All weights under the names that the variables of a generation's Keras have: `dense_1_W:0`,
  /// `dense_1/kernel:0`, `sequential/gru/gru_cell/kernel`; in Keras 1 gate by gate.
  ///
  /// - Throws: ``KerasError/Code/weightMismatch`` for a layer whose weights are not those of its
  ///   class.
  package static func namedWeights(
    of record: ModelRecord, generation: Generation
  ) throws(KerasError) -> [(name: String, array: NumericArray)] {
    let dialect = Dialect.of(generation)
    let names = try LegacyNames(dialect: dialect, record: record)
    var weights: [(name: String, array: NumericArray)] = []
    for index in record.listedLayers {
      let layer = record.layers[index]
      for weight in try layer.leafWeights() {
        let array = OldWeights.written(weight, dialect)
        weights.append((names.path(of: weight), array))
      }
    }
    return weights
  }
}
