import KerasFormat
import KerasRuntime
import Testing

/// Definitions that are well-formed JSON and no models: refused by name before memory is touched.
@Suite struct HostileDefinitionTests {
  private func message(_ layers: String, inputs: String = "[[\"a\", 0, 0]]", outputs: String)
    throws -> String
  {
    let text = """
      {"class_name": "Functional", "keras_version": "2.15.0", "backend": "tensorflow", "config": {
        "name": "m", "trainable": true, "layers": [\(layers)],
        "input_layers": \(inputs), "output_layers": \(outputs)}}
      """
    do throws(KerasError) {
      let record = try ModelFile.decode(Array(text.utf8), name: "m.json")
      _ = try Network(record, weights: .fresh(seed: 1))
      return "built"
    } catch {
      return error.description
    }
  }

  private func input(_ name: String, _ extents: String) -> String {
    """
    {"class_name": "InputLayer", "name": "\(name)", "inbound_nodes": [], "config": {
      "name": "\(name)", "batch_input_shape": \(extents), "dtype": "float32", "sparse": false,
      "ragged": false}}
    """
  }

  private func layer(
    _ name: String, inbound: String, config: String = "\"units\": 2", className: String = "Dense"
  ) -> String {
    """
    {"class_name": "\(className)", "name": "\(name)", "inbound_nodes": \(inbound),
      "config": {"name": "\(name)", \(config)}}
    """
  }

  private let toA = "[[[\"a\", 0, 0, {}]]]"
  private let out = "[[\"d\", 0, 0]]"

  @Test func `the model that the others damage can be built`() throws {
    #expect(
      try message(
        [input("a", "[null, 3]"), layer("d", inbound: toA)].joined(separator: ","), outputs: out)
        == "built")
  }

  @Test func `a layer that is called twice must fit its weights both times`() throws {
    let layers = [
      input("a", "[null, 3]"), input("b", "[null, 100]"),
      layer("d", inbound: "[[[\"a\", 0, 0, {}]], [[\"b\", 0, 0, {}]]]"),
    ]
    #expect(
      try message(
        layers.joined(separator: ","), inputs: "[[\"a\", 0, 0], [\"b\", 0, 0]]",
        outputs: "[[\"d\", 0, 0], [\"d\", 1, 0]]")
        == "d/kernel: called on an input (None, 100) that needs shape (100, 2), "
        + "but its first call made it (3, 2)")
  }

  @Test func `a layer without an input, or with two, is refused`() throws {
    let none = [input("a", "[null, 3]"), layer("d", inbound: "[[]]")]
    #expect(
      try message(none.joined(separator: ","), outputs: out) == "d: 0 inputs but Dense takes 1")
    let two = [
      input("a", "[null, 3]"), layer("d", inbound: "[[[\"a\", 0, 0, {}], [\"a\", 0, 0, {}]]]"),
    ]
    #expect(
      try message(two.joined(separator: ","), outputs: out) == "d: 2 inputs but Dense takes 1")
  }

  @Test func `inputs and outputs must be the graph's own`() throws {
    let layers = [input("a", "[null, 3]"), layer("d", inbound: toA)].joined(separator: ",")
    for (inputs, outputs, numbers) in [
      ("[[\"a\", 0, 0]]", "[]", "1 inputs and 0 outputs"),
      ("[]", out, "0 inputs and 1 outputs"),
      ("[[\"d\", 0, 0]]", out, "1 inputs and 1 outputs"),
      ("[[\"a\", 0, 0], [\"a\", 0, 0]]", out, "2 inputs and 1 outputs"),
    ] {
      #expect(
        try message(layers, inputs: inputs, outputs: outputs)
          == "the model names \(numbers), but it has 1 input layers and needs an output")
    }
  }

  @Test func `inputs go by the model's order, not by that of its layers`() throws {
    let flatten = "\"data_format\": \"channels_last\""
    let text = """
      {"class_name": "Functional", "keras_version": "2.15.0", "backend": "tensorflow", "config": {
        "name": "m", "trainable": true, "layers": [
          \(input("a", "[null, 3]")), \(input("b", "[null, 2]")),
          \(layer("d", inbound: toA, config: flatten, className: "Flatten")),
          \(layer("e", inbound: "[[[\"b\", 0, 0, {}]]]", config: flatten, className: "Flatten"))],
        "input_layers": [["b", 0, 0], ["a", 0, 0]],
        "output_layers": [["d", 0, 0], ["e", 0, 0]]}}
      """
    let network = try Network(
      ModelFile.decode(Array(text.utf8), name: "m.json"), weights: .fresh(seed: 1))
    let outputs = try network.predict([
      NumericArray(shape: [1, 2], .float32([4, 5])),
      NumericArray(shape: [1, 3], .float32([1, 2, 3])),
    ])
    #expect(outputs.map { $0.floats() } == [[1, 2, 3], [4, 5]])
  }

  @Test func `sizes whose product no number holds are refused`() throws {
    let huge = "2147483647"
    let flat = [
      input("a", "[null, \(huge), \(huge), \(huge)]"),
      layer("d", inbound: toA, config: "\"data_format\": \"channels_last\"", className: "Flatten"),
    ]
    #expect(
      try message(flat.joined(separator: ","), outputs: out)
        == "d: an input (None, \(huge), \(huge), \(huge)), which is too large to flatten")
    let lstm = [
      input("a", "[null, null, \(huge)]"),
      layer("d", inbound: toA, config: "\"units\": \(huge)", className: "LSTM"),
    ]
    #expect(
      try message(lstm.joined(separator: ","), outputs: out).contains(
        "makes the model larger than 2147483648 parameters"))
    let input = [input("a", "[null, 9223372036854775807]"), layer("d", inbound: toA)]
    #expect(
      try message(input.joined(separator: ","), outputs: out).contains(
        "an extent is null, or 1 or more and below 2^31"))
  }
}
