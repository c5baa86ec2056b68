import Foundation
import KerasFormat
import KerasRuntime
import TestSupport
import Testing

/// `hornbill convert` between every container and generation.
@Suite struct ConvertTests {
  private let tool: Tool

  init() throws { tool = try Tool.withTextModel() }

  /// What is asked for, from a model of each generation: the file's name and `--keras`.
  private static let targets: [(name: String, generation: String?, written: Generation?)] = [
    ("a.keras", nil, .keras3), ("b.keras", "2.15", .keras2_15), ("c.h5", nil, nil),
    ("d.h5", "2", .keras2), ("e.hdf5", "2.15", .keras2_15), ("f.h5", "3", .keras3),
  ]

  @Test(arguments: ["2", "2.15", "3"])
  func `whole models give Keras's predictions in every container`(generation: String) throws {
    let source = Models.fixture("model.h5", "gru", generation)
    for (name, keras, written) in Self.targets {
      let flags = keras.map { ["--keras", $0] } ?? []
      let run = try tool.start(["convert", source, name] + flags).result()
      #expect(run.status == 0, "\(name): \(run.error)")
      #expect(run.output == "")
      let record = try ModelFile.read(tool.path(name))
      #expect(record.generation == written ?? Generation(rawValue: generation), "\(name)")
      try expectPredictions(Network(record), generation, name)
    }
  }

  @Test(arguments: ["2", "2.15", "3"])
  func `definition and weights apart give Keras's predictions`(generation: String) throws {
    let source = Models.fixture("model.h5", "gru", generation)
    for (name, flags) in [
      ("m.json", []), ("w.weights.h5", ["--keras", generation]), ("l.h5", ["--legacy-weights"]),
    ] {
      let run = try tool.start(["convert", source, name] + flags).result()
      #expect(run.status == 0, "\(name): \(run.error)")
    }
    for weights in ["w.weights.h5", "l.h5", source] {
      let path = weights == source ? source : tool.path(weights)
      try expectPredictions(
        Network(contentsOf: tool.path("m.json"), weights: path), generation, weights)
      #expect(try tool.run("convert", "m.json", "back.keras", "--weights", path).status == 0)
      try expectPredictions(Network(contentsOf: tool.path("back.keras")), generation, weights)
    }
  }

  @Test func `a conversion says what another generation words differently`() throws {
    let run = try tool.run("convert", Models.fixture("model.h5", "gru", "2"), "o.keras")
    #expect(run.status == 0)
    let lines = [
      """
      gru_1: hard_sigmoid has another formula in Keras 3: the weights in front of its old one are \
      scaled by 1.2
      """,
      "the optimizer's state belongs to the unscaled weights and is left out",
      """
      while training on, RMSprop of Keras 3 adds epsilon under the root, where that of Keras 2 adds \
      epsilon to the root
      """,
      """
      while training on, RMSprop of Keras 3 on TensorFlow squares the gradient of a word occurrence \
      by occurrence, where that of Keras 2 squares the sum of a word's gradients
      """,
    ]
    #expect(run.errorLines == lines.map { "o.keras: \($0)" })
  }

  @Test func `text goes along where the container can carry it`() throws {
    for name in ["o.keras", "o.h5"] {
      #expect(
        try tool.run("convert", "text.keras", name) == .init(status: 0, output: "", error: ""))
      #expect(
        try tool.run("predict", name, "good").output
          == tool.run("predict", "text.keras", "good").output)
    }
    for (name, flags) in [("o.json", []), ("o.weights.h5", []), ("l.h5", ["--legacy-weights"])] {
      let run = try tool.start(["convert", "text.keras", name] + flags).result()
      #expect(
        run.errorLines == [
          "\(name): this container cannot hold the text pipeline",
          "\(name): its tokenizer is in tokenizer.json",
        ])
    }
  }

  @Test func `a definition without weights becomes a definition, never a model`() throws {
    #expect(
      try tool.failure(65, "convert", Models.fixture("model.json"), "o.keras")
        == "\(Models.fixture("model.json")): a definition without weights; "
        + "give them with --weights, or write a .json")
    #expect(try tool.run("convert", Models.fixture("model.json"), "o.json").status == 0)
  }

  @Test func `a model may be converted onto itself`() throws {
    #expect(try tool.run("convert", "text.keras", "text.keras").status == 0)
    #expect(try tool.run("predict", "text.keras", "good").status == 0)
    #expect(try tool.names() == ["text.keras"])
  }

  /// Layers d of two models, which both of Keras 3's `.h5` and 2.15's cannot keep apart.
  private func modelOfEqualNames() throws -> ModelRecord {
    func dense(_ name: String, after last: String) -> LayerRecord {
      var layer = LayerRecord(
        className: "Dense", name: name,
        config: ["units": 3, "activation": "linear", "use_bias": true, "dtype": "float32"])
      layer.inbound = [[TensorReference(layer: last)]]
      return layer
    }
    func input() -> LayerRecord {
      LayerRecord(
        className: "InputLayer", name: "x", config: ["batch_shape": [nil, 3], "dtype": "float32"])
    }
    var model = ModelRecord(
      generation: .keras3, name: "inner", isSequential: false,
      layers: [input(), dense("d", after: "x")])
    (model.inputs, model.outputs) = ([.init(layer: "x")], [.init(layer: "d")])
    for name in ["middle", "outer"] {
      var inner = LayerRecord(
        className: "Functional", name: model.name, config: model.nestedConfig)
      inner.inbound = [[TensorReference(layer: "x")]]
      model = ModelRecord(
        generation: .keras3, name: name, isSequential: false,
        layers: [input(), inner, dense("d", after: model.name)])
      (model.inputs, model.outputs) = ([.init(layer: "x")], [.init(layer: "d")])
    }
    return try Network(model, weights: .fresh(seed: 5)).record
  }

  @Test func `a model that an .h5 cannot hold is converted to the containers that can`() throws {
    try ModelFile.write(modelOfEqualNames(), to: tool.path("equal.keras"))
    for name in ["o.keras", "o.weights.h5", "o.json"] {
      let run = try tool.run("convert", "equal.keras", name, "--keras", "2.15")
      #expect(run.status == 0, "\(name): \(run.error)")
    }
    #expect(
      try ModelFile.read(tool.path("o.keras")).layers.flatMap(\.weights).map(\.array)
        == ModelFile.read(tool.path("equal.keras")).layers.flatMap(\.weights).map(\.array))
    for (generation, name) in [("2.15", "d/kernel:0"), ("3", "d/kernel")] {
      let run = try tool.run("convert", "equal.keras", "o.h5", "--keras", generation)
      #expect(run.status != 0)
      #expect(
        run.error.contains(
          "middle/\(name): Keras \(generation) gives two weights this name, and its .h5 cannot hold "
            + "both; write .keras or .weights.h5"), "\(run.error)")
    }
  }

  /// Keras's numbers, within what float32 sums in another order make.
  private func expectPredictions(
    _ network: Network, _ generation: String, _ name: String
  ) throws {
    let folder = "models/gru/\(generation)/"
    let found = try network.predict([Fixtures.array(folder + "x.npy")])[0].floats()
    let expected = try Fixtures.array(folder + "y.npy").floats()
    let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(found.count == expected.count && worst <= 1e-5, "\(name): off by \(worst)")
  }
}
