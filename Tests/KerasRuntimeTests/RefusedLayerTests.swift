import KerasFormat
import KerasRuntime
import Testing

/// What a file may hold that is not computed: what is said of it, and what to do.
@Suite struct RefusedLayerTests {
  private func refusal(_ className: String, _ config: JSONObject) throws -> String {
    let input: JSON = [
      "class_name": "InputLayer", "config": ["batch_shape": [nil, 3], "name": "x"],
    ]
    let layer: JSON = ["class_name": .string(className), "config": .object(config)]
    let definition: JSON = [
      "module": "keras", "class_name": "Sequential",
      "config": ["name": "m", "layers": [input, layer]],
    ]
    let error = #expect(throws: KerasError.self) {
      try Network(
        ModelFile.decode(Array(definition.pythonText().utf8), name: "m.json"), weights: .zeros)
    }
    return error?.description ?? ""
  }

  @Test func `Keras's own layers that are not there are not taken for misspelt ones`() throws {
    for name in ["Normalization", "SpectralNormalization", "Conv2D", "MultiHeadAttention"] {
      let message = try refusal(name, ["name": "layer"])
      #expect(message.contains("layer class '\(name)' of Keras's is not supported"), "\(message)")
      #expect(!message.contains("did you mean"))
    }
    #expect(try refusal("Dens", ["name": "layer"]).contains("did you mean 'Dense'?"))
  }

  @Test func `quantized layers and updates of low rank say what to do`() throws {
    let dense: JSONObject = ["name": "dense", "units": 2]
    var quantized = dense
    quantized["quantization_config"] = [
      "module": "keras.quantizers", "class_name": "Int8QuantizationConfig", "config": [:],
    ]
    let message = try refusal("Dense", quantized)
    #expect(message.contains("a quantized Dense, which is not supported"), "\(message)")
    #expect(message.contains("before quantize()"))
    var updated = dense
    updated["lora_rank"] = 2
    #expect(try refusal("Dense", updated).contains("build the model without lora_rank"))
  }

  @Test func `layers that cannot stand in an activation's place are refused by name`() throws {
    func message(_ className: String, dtype: String = "float32") throws -> String {
      let layer: JSON = [
        "module": "keras.layers", "class_name": .string(className), "registered_name": nil,
        "config": ["name": "inner", "dtype": .string(dtype)],
      ]
      return try refusal("Dense", ["name": "dense", "units": 2, "activation": layer])
    }
    #expect(try message("PReLU").contains("a PReLU as an activation, whose weights are its own"))
    #expect(try message("Flatten").contains("a layer Flatten as an activation"))
    #expect(
      try message("ReLU", dtype: "float16")
        .contains("a ReLU of float16 as the activation of a layer of float32"))
    #expect(try message("Lambda").contains("Lambda"))
  }

  // "Could not interpret activation function identifier" in Keras 3, "Improper config format" in
  // those before.
  @Test func `an activation that is no layer and no name is refused`() throws {
    func message(_ activation: JSON) throws -> String {
      try refusal("Dense", ["name": "dense", "units": 2, "activation": activation])
    }
    for (config, found) in [
      (JSON?.none, "nothing"), (5, "5"), (.null, "null"), ("tanh", "\"tanh\""), ([1], "a list"),
    ] {
      var softmax: JSONObject = ["class_name": "Softmax"]
      softmax["config"] = config
      let message = try message(.object(softmax))
      #expect(
        message.contains(
          "activation: the activation Softmax has \(found) as its config, expected an object"),
        "\(message)")
    }
  }

  @Test func `weights are no whole numbers`() throws {
    for dtype in ["int8", "int32", "bool", "string"] {
      let message = try refusal("Dense", ["name": "dense", "units": 2, "dtype": .string(dtype)])
      #expect(message.contains("a dtype policy '\(dtype)' of a layer with weights"), "\(message)")
    }
  }

  @Test func `layers that hold code are refused by one list, in files and in the registry`() throws
  {
    for name in ["Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"] {
      let inFile = try refusal(name, ["name": "layer"])
      let error = #expect(throws: KerasError.self) {
        try LayerRegistry.layer(className: name, name: "layer", config: [:])
      }
      let reason = inFile.split(separator: ";")[0].split(separator: name).last ?? ""
      #expect(reason.contains("never"), "\(inFile)")
      #expect(error?.description.contains(reason) == true, "\(inFile)")
    }
  }
}
