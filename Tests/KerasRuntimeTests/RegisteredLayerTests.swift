import KerasFormat
import KerasRuntime
import TestSupport
import Testing

/// The `Scaled` of `fixtures/scripts/graph_cases.py` as somebody outside the package writes it:
/// every number times a factor.
private struct Scaled: Layer {
  static let className = "Scaled"
  let factor: Double

  init(from config: inout ConfigReader) throws(KerasError) {
    factor = try config.number("factor", default: 1)
  }

  var config: JSONObject { ["factor": .number(factor)] }

  func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0].tensor
    let x = input.reals(in: &pass.workspace)
    let y = pass.workspace.scratch(S.self, count: input.count)
    for i in 0..<input.count { y[i] = x[i] * S(factor) }
    return [Signal(Tensor(y, shape: input.shape))]
  }

  func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let dx = inputGradients[0] else { return }
    for i in 0..<trace.inputs[0].tensor.count { dx[i] += outputGradients[0].pointer[i] * S(factor) }
  }
}

/// One weight, a gain for each feature, registered in a package.
private struct Gain: Layer {
  static let className = "tests>Gain"
  let gain: WeightSettings

  init() { gain = WeightSettings(.ones) }

  init(from config: inout ConfigReader) throws(KerasError) {
    gain = try WeightSettings(&config, "gain", default: .ones)
  }

  var config: JSONObject {
    var config = JSONObject()
    gain.write("gain", to: &config)
    return config
  }

  func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    [WeightSpec("gain", shape: [inputs[0].last ?? 1], settings: gain)]
  }

  func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    PerFeature.forward(inputs[0].tensor, weights: weights, pass: &pass)
  }

  func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    PerFeature.backward(
      outputGradients[0], into: inputGradients[0], weights: weights, gradients: gradients,
      trace: trace, pass: &pass)
  }
}

/// A class name that is only ever registered once.
private struct Contested: Layer {
  static let className = "Contested"

  init(from config: inout ConfigReader) throws(KerasError) {}

  func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> { inputs }

  func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {}
}

private struct OwnLambda: Layer {
  static let className = "Lambda"

  init(from config: inout ConfigReader) throws(KerasError) {}

  func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> { inputs }

  func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {}
}

/// Code of the user's in files: refused by name, or loaded with a Swift layer of that name.
@Suite struct RegisteredLayerTests {
  /// `Refused.zip`: what each generation wrote of each case, whole and as a definition.
  private static func files(_ prefix: String) throws -> [(FixtureCase, String)] {
    try FixtureCase.all(["graphs"])
      .filter { $0.kind == "Refused" && $0.name.hasPrefix(prefix) }
      .flatMap { fixture in ["model.h5", "model.json"].map { (fixture, $0) } }
  }

  private func record(_ fixture: FixtureCase, _ file: String) throws(KerasError) -> ModelRecord {
    try ModelFile.decode(try fixture.bytes(file), name: file)
  }

  private func network(_ record: ModelRecord, _ file: String) throws(KerasError) -> Network {
    try Network(record, weights: file == "model.h5" ? .stored : .fresh(seed: 1))
  }

  @Test func `every file with a Lambda is refused by name, with what to do`() throws {
    let files = try Self.files("Lambda")
    #expect(files.count == 12)
    for (fixture, file) in files {
      let error = #expect(throws: KerasError.self, "\(fixture) \(file)") {
        try record(fixture, file)
      }
      let text = error?.description ?? ""
      #expect(
        text.contains("Lambda holds code of its own, which is never run; ")
          && text.hasSuffix("; replace it by a built-in layer and save the model again"),
        "\(fixture) \(file): \(text)")
    }
  }

  @Test func `every file with a function of somebody's own is refused`() throws {
    let files = try Self.files("custom_activation")
    #expect(files.count == 6)
    for (fixture, file) in files {
      let error = #expect(throws: KerasError.self, "\(fixture) \(file)") {
        try network(record(fixture, file), file)
      }
      let text = error?.description ?? ""
      #expect(text.contains("function") || text.contains("double"), "\(fixture) \(file): \(text)")
    }
  }

  @Test func `a class of somebody's own is refused by name until a layer of it is registered`()
    throws
  {
    let files = try Self.files("custom_layer") + Self.files("custom_in_Sequential")
    #expect(files.count == 12)
    for (fixture, file) in files {
      let record = try record(fixture, file)
      let error = #expect(throws: KerasError.self) { try network(record, file) }
      let text = error?.description ?? ""
      let name = fixture.generation == "2" ? "Scaled" : "Fixtures>Scaled"
      #expect(
        text.contains(
          "unknown layer class '\(name)'; "
            + "register it with LayerRegistry.register, or replace it by a built-in layer"),
        "\(fixture) \(file): \(text)")
    }
    try LayerRegistry.register(Scaled.self)
    #expect(LayerRegistry.registered.contains { $0.className == "Scaled" })
    for (fixture, file) in files {
      let record = try record(fixture, file)
      let network = try network(record, file)
      #expect(try predictions(of: network) == predictions(of: rescaling(record), file))
      // And back in its own generation, under its own name.
      let containers: [ModelFile.Container] =
        fixture.generation == "2" ? [.h5, .json] : [.h5, .json, .keras]
      for container in containers {
        let again = try ModelFile.decode(
          ModelFile.encode(
            network.record, container: container,
            options: .init(generation: network.generation)), name: "again")
        #expect(
          again.layers.map(\.className) == record.layers.map(\.className)
            && again.layers.map(\.config) == record.layers.map(\.config),
          "\(fixture) \(file) \(container)")
        guard container != .json else { continue }
        #expect(try predictions(of: Network(again)) == predictions(of: network))
      }
    }
  }

  /// The model with Keras's own layer of the same formula in place of `Scaled`.
  private func rescaling(_ record: ModelRecord) -> ModelRecord {
    func replaced(_ config: JSONObject) -> JSONObject {
      ["name": config["name"] ?? "scaled", "scale": config["factor"] ?? .null, "offset": 0]
    }
    var record = record
    for (index, layer) in record.layers.enumerated() {
      if layer.className.hasSuffix("Scaled") {
        record.layers[index].className = "Rescaling"
        record.layers[index].config = replaced(layer.config)
      } else if let inner = layer.config["layer"]?.object, let config = inner["config"]?.object {
        record.layers[index].config["layer"] = [
          "class_name": "Rescaling", "config": .object(replaced(config)),
        ]
      }
    }
    return record
  }

  private func predictions(of record: ModelRecord, _ file: String) throws -> [Float] {
    try predictions(of: network(record, file))
  }

  private func predictions(of network: Network) throws -> [Float] {
    let shape = [2] + network.inputShapes[0].extents.map { $0 ?? 1 }
    let count = shape.reduce(1, *)
    let numbers = (0..<count).map { Float($0) / Float(count) - 0.3 }
    return try network.predict([NumericArray(shape: shape, .float32(numbers))])[0].floats()
  }

  @Test func `a registered layer's weights are written and read in every container`() throws {
    try LayerRegistry.register(Gain.self)
    for generation in [Generation.keras2_15, .keras3] {
      let network = try Network(
        [InputLayer(shape: [3]), Dense(units: 4), Gain(), Gain(), Dense(units: 2)], seed: 3,
        generation: generation)
      var record = network.record
      #expect(record.layers.map(\.name) == ["input_layer", "dense", "gain", "gain_1", "dense_1"])
      for (index, start) in [(2, 1), (3, 5)] {
        record.layers[index].weights[0].array = NumericArray(
          shape: [4], .float32((start..<start + 4).map { Float($0) / 4 }))
      }
      let options = ModelFile.WriteOptions(generation: generation)
      for container in [ModelFile.Container.keras, .h5] {
        let bytes = try ModelFile.encode(record, container: container, options: options)
        let again = try ModelFile.decode(bytes, name: "again")
        #expect(again.layers.map(\.className) == record.layers.map(\.className))
        #expect(
          again.layers.map { $0.weights.map(\.array) }
            == record.layers.map { $0.weights.map(\.array) })
        #expect(try Network(again).record.layers[2].weights.map(\.name) == ["gain"])
      }
      var apart = network.record
      let weights = try ModelFile.encode(record, container: .weights)
      try ModelFile.replaceWeights(of: &apart, by: weights, name: "m.weights.h5")
      #expect(
        apart.layers.map { $0.weights.map(\.array) }
          == record.layers.map { $0.weights.map(\.array) })
    }
  }

  @Test func `a class name that is taken or refused cannot be registered`() throws {
    try LayerRegistry.register(Contested.self)
    for (type, message) in [
      (
        Contested.self as any Layer.Type,
        "layer class 'Contested' is taken; give it another name, or a package: 'my_package>Contested'"
      ),
      (
        Dense.self,
        "layer class 'Dense' is taken; give it another name, or a package: 'my_package>Dense'"
      ),
      (OwnLambda.self, "layer class 'Lambda' is refused in files, so it cannot be registered"),
    ] {
      let error = #expect(throws: KerasError.self) { try LayerRegistry.register(type) }
      #expect(error?.description == message)
      #expect(error?.code == .invalidArgument)
    }
  }

  @Test func `many threads may register and look up at once`() async throws {
    await withTaskGroup(of: Bool.self) { group in
      for index in 0..<64 {
        group.addTask {
          if index.isMultiple(of: 2) { return (try? LayerRegistry.register(Dense.self)) == nil }
          return LayerRegistry.registered.allSatisfy { $0.className != "Dense" }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }
}
