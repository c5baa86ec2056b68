import KerasFormat
import KerasRuntime

extension LayerCase {
  /// Layers that look words up. Those of texts pass on what their texts became, which is what comes
  /// in.
  static func ofVocabularies() throws(KerasError) -> [LayerCase] {
    func made<L: Layer>(_ type: L.Type, _ config: JSONObject) throws(KerasError) -> L {
      var reader = ConfigReader(config, of: L.className)
      return try L(from: &reader)
    }
    let words: JSON = ["a", "b", "c", "d", "e"]
    let vectors = NumericArray(
      shape: [5, 6], .float32((0..<30).map { Float($0 % 7) / 4 }))
    let behind: [any Layer] = [Embedding(inputDim: 9, outputDim: 3), Flatten()]
    var cases = [
      LayerCase(
        layer: try TextVectorization(
          vocabulary: ["a", "b", "c", "d", "e"], outputSequenceLength: 4),
        title: "TextVectorization",
        layers: [
          InputLayer(shape: [1], dtype: "string"),
          try TextVectorization(
            vocabulary: ["a", "b", "c", "d", "e"], outputSequenceLength: 4),
        ] + behind, input: ids)
    ]
    let counted: JSONObject = ["vocabulary": words, "output_mode": "count"]
    cases.append(
      LayerCase(
        layer: try made(TextVectorization.self, counted), title: "TextVectorization count",
        layers: [
          InputLayer(shape: [1], dtype: "string"), try made(TextVectorization.self, counted),
          Dense(units: 3),
        ], input: vectors))
    let strings: JSONObject = ["vocabulary": words, "mask_token": "", "num_oov_indices": 2]
    cases.append(
      LayerCase(
        layer: try made(StringLookup.self, strings), title: "StringLookup",
        layers: [InputLayer(shape: [4], dtype: "string"), try made(StringLookup.self, strings)]
          + behind, input: ids))
    let numbers: [JSONObject] = [
      ["vocabulary": [5, 3, 1], "num_oov_indices": 3, "mask_token": 0],
      ["vocabulary": [5, 3, 1], "output_mode": "tf_idf", "idf_weights": [0.5, 0.25, 1.5]],
      ["vocabulary": [5, 3, 1], "output_mode": "one_hot"],
    ]
    for (index, config) in numbers.enumerated() {
      let layer = try made(IntegerLookup.self, config)
      let rest: [any Layer] = index == 0 ? behind : [Dense(units: 3)]
      cases.append(
        LayerCase(
          layer: layer, title: "IntegerLookup \(index)",
          layers: [InputLayer(shape: [4]), layer] + rest, input: ids))
    }
    return cases
  }
}
