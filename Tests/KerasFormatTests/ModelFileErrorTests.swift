import KerasFormat
import Testing

@Suite struct ModelFileErrorTests {
  private func model(_ layers: String, version: String = "\"keras_version\": \"2.2.4\"") -> [UInt8]
  {
    Array(
      "{\"class_name\": \"Sequential\", \"config\": {\"name\": \"s\", \"layers\": [\(layers)]}, \(version)}"
        .utf8)
  }

  private func decoded(_ bytes: [UInt8]) -> String {
    message { try ModelFile.decode(bytes, name: "m.json") }
  }

  @Test func `files that hold no model are refused with a hint`() throws {
    #expect(decoded([]) == "m.json: the file is empty")
    #expect(
      decoded(Array("review\tlabel".utf8))
        == "m.json: the file is no .keras archive, no HDF5 file and no JSON text")
    #expect(
      decoded(Array("{}".utf8))
        == "m.json: no class_name and config, which every Keras model has; "
        + "expected what Keras's model.to_json() writes")
    let hint =
      "the file holds weights without a model's definition; "
      + "give the definition (.json) and pass this file as its weights"
    for name in ["3/reviews.weights.h5", "2/reviews_legacy.h5"] {
      #expect(decoded(try FormatFixture.bytes("models/\(name)")) == "m.json: \(hint)")
    }
    #expect(
      decoded(try FormatFixture.bytes("hdf5/types.h5"))
        == "m.json: the HDF5 file has no model_config; it holds no Keras model")
    #expect(
      decoded(try FormatFixture.bytes("zip/stored.zip"))
        == "m.json:config.json, byte 0: found \"c\" where a value should stand")
  }

  @Test func `a layer with code of its own is refused by name`() {
    let lambda = "{\"class_name\": \"Lambda\", \"config\": {\"name\": \"l\"}}"
    #expect(
      decoded(model(lambda))
        == "m.json:l: Lambda holds code of its own, which is never run; "
        + "replace it by a built-in layer and save the model again")
    for (className, shown) in [
      ("TFSMLayer", "TFSMLayer loads a SavedModel from a path, which is never opened"),
      ("Custom>Lambda", "Lambda holds code of its own"),
      ("x>TorchModuleWrapper", "TorchModuleWrapper holds a pickle, which is never run"),
      ("__lambda__", "__lambda__ holds code of its own"),
    ] {
      let layer = "{\"class_name\": \"\(className)\", \"config\": {\"name\": \"l\"}}"
      #expect(decoded(model(layer)).hasPrefix("m.json:l: \(shown)"))
    }
  }

  @Test func `a class of another module with the name of Keras's own is refused`() {
    for className in ["Dense", "Conv2D", "Custom>Dense"] {
      let layer =
        "{\"module\": \"os\", \"class_name\": \"\(className)\", \"config\": {\"name\": \"d\"}}"
      let shown = className == "Custom>Dense" ? "Custom>Dense" : className
      #expect(
        decoded(model(layer))
          == "m.json:d: \(shown) is of module \"os\"; expected one of Keras's own")
    }
  }

  @Test func `a layer of somebody's own is read under the name it is registered by`() throws {
    for (module, className, registered, expected) in [
      ("\"mine\"", "Dense", "\"x>Dense\"", "x>Dense"), ("\"mine\"", "My", "\"x>My\"", "x>My"),
      ("\"mine\"", "My", "\"Custom>My\"", "My"), ("\"mine\"", "My", "null", "My"),
      ("null", "x>My", "null", "x>My"), ("null", "Custom>My", "null", "My"),
    ] {
      let layer = """
        {"module": \(module), "class_name": "\(className)", "registered_name": \(registered),
          "config": {"name": "d", "factor": 2}}
        """
      let record = try ModelFile.decode(model(layer), name: "m.json")
      #expect(record.layers.last?.className == expected)
      #expect(record.layers.last?.config["factor"] == 2)
    }
  }

  @Test func `a type that is no name is refused where an input's shape stands`() throws {
    let shown = message {
      try ModelFile.decode(
        Array(
          #"""
          {"class_name": "Sequential", "keras_version": "2.2.4", "config": {"name": "s", "layers": [
            {"class_name": "Flatten",
              "config": {"name": "f", "batch_input_shape": [null, 3], "dtype": 32}}]}}
          """#.utf8), name: "m.json")
    }
    #expect(shown == "m.json:f_input/dtype: 32, expected the name of a type")
  }

  @Test func `weights of another number of layers are refused with both numbers`() {
    let shown = message {
      try ModelFile.read(
        ModelFixture.path("2.15", "float16.json"),
        weights: ModelFixture.path("2.15", "reviews_legacy.h5"))
    }
    #expect(
      shown.hasSuffix(
        "reviews_legacy.h5: the file holds weights of 4 layers, but the model has 2 "
          + "layers with weights"))
    let structural = message {
      try ModelFile.read(
        ModelFixture.path("3", "graph.json"),
        weights: ModelFixture.path("3", "reviews.weights.h5"))
    }
    #expect(structural.contains("reviews.weights.h5:"))
    #expect(structural.contains("the file has no layers/simple_rnn, where"))
  }

  @Test func `what a generation cannot say is refused with the reason`() throws {
    var record = ModelRecord(
      generation: .keras3, name: "m",
      layers: [
        LayerRecord(
          className: "Dense", name: "d",
          config: ["units": 1, "activation": "silu", "dtype": "float32", "use_bias": true])
      ])
    #expect(
      message { try ModelFile.encode(record, container: .h5, options: .init(generation: .keras2)) }
        == "d/activation: Keras 2 has no activation \"silu\"")
    #expect(
      message {
        try ModelFile.encode(record, container: .keras, options: .init(generation: .keras2))
      } == "Keras 2 has no .keras files; write .h5, or choose 2.15 or 3")
    #expect(
      message {
        try ModelFile.encode(record, container: .json, options: .init(generation: .keras1))
      } == "d/activation: Keras 1 has no activation \"silu\"")
    #expect(
      message {
        try ModelFile.encode(record, container: .keras, options: .init(generation: .keras1))
      } == "Keras 1 has no .keras files; write .h5, or choose 2.15 or 3")
    #expect(
      message { try ModelFile.write(record, to: "/tmp/model.txt") }
        == "/tmp/model.txt: the name tells no format; end it in .keras, .h5, .weights.h5 or .json")
    record.layers[0].className = "RMSNormalization"
    #expect(
      message { try ModelFile.encode(record, container: .h5, options: .init(generation: .keras2)) }
        == "d: RMSNormalization cannot be carried from Keras 3 to Keras 2")
  }

  @Test func `hard_sigmoid without weights to scale is refused across its change`() {
    let record = ModelRecord(
      generation: .keras2, name: "m",
      layers: [
        LayerRecord(
          className: "Dense", name: "d", config: ["activation": "legacy_hard_sigmoid", "units": 1])
      ])
    #expect(
      message {
        try ModelFile.encode(record, container: .json, options: .init(generation: .keras3))
      }.contains("the record holds no weights that could make up for it"))
  }
}
