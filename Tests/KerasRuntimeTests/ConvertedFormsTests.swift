import Foundation
import KerasFormat
import KerasRuntime
import TestSupport
import Testing

/// What a generation can only say, or run, in another form than that in which the model was read,
/// and what it cannot at all. The real Kerases open and run each of these forms, and fail on the
/// ones that they replace.
@Suite struct ConvertedFormsTests {
  private func fixture(_ collection: String, _ name: String, _ generation: String) throws
    -> FixtureCase
  {
    try #require(
      try FixtureCase.all([collection]).first {
        $0.description == "\(collection)/\(name)/\(generation)"
      })
  }

  /// The record as it is read again from a whole-model file of another generation, and what was
  /// noted.
  private func converted(
    _ record: ModelRecord, to generation: Generation
  ) throws -> ModelRecord {
    try ModelFile.decode(
      ModelFile.encode(record, container: .h5, options: .init(generation: generation)),
      name: "model.h5")
  }

  private func definition(
    _ record: ModelRecord, _ generation: Generation
  ) throws -> JSONObject {
    let bytes = try ModelFile.encode(
      record, container: .json, options: .init(generation: generation))
    return try #require(try JSON(parsing: bytes).object?["config"]?.object)
  }

  // Keras 3 fails on such a list behind a mask, its own too.
  @Test func `a list of one cell is the cell in Keras 3`() throws {
    let fixture = try fixture("layers", "RNN/LSTMCell", "2.15")
    var record = try fixture.record(fixture.containers[0])
    let index = try #require(record.layers.firstIndex { $0.className == "RNN" })
    let cell = try #require(record.layers[index].config["cell"])
    record.layers[index].config["cell"] = [
      "class_name": "StackedRNNCells", "config": ["name": "cells", "cells": .array([cell])],
    ]
    // Its weights lie elsewhere then.
    record = try Network(record).record
    let written = try converted(record, to: .keras3)
    #expect(written.layers[index].config["cell"]?.object?["class_name"] == "LSTMCell")
    let outputs = try Network(written).predict(try fixture.inputArrays())
    #expect(Fixtures.difference(outputs, try fixture.outputArrays()) <= fixture.tolerance)
    let same = try converted(record, to: .keras2_15)
    #expect(same.layers[index].config["cell"]?.object?["class_name"] == "StackedRNNCells")
  }

  @Test func `states of several cells stand in lists of lists since 2.15`() throws {
    let fixture = try fixture("graphs", "States/initial_state_of_cells", "2.15")
    let record = try fixture.record(fixture.containers[0])
    // Keras 2.2 has no lists in lists.
    let old = try converted(record, to: .keras2)
    for (model, target) in [
      (record, Generation.keras2), (old, .keras2_15), (old, .keras3), (record, .keras3),
    ] {
      let layers = try #require(try definition(model, target)["layers"]?.array)
      let layer = try #require(layers.last { $0.object?["class_name"] == "RNN" }?.object)
      let node = try #require(layer["inbound_nodes"]?.array?.first)
      let states =
        node.object?["kwargs"]?.object?["initial_state"]?.array
        ?? Array((node.array ?? []).dropFirst())
      #expect(states.count == (target == .keras2 ? 3 : 2), "\(target)")
      #expect(
        (states.first?.array?.first?.string == nil && states.first?.array?.count == 2)
          == (target > .keras2), "\(target)")
    }
    let outputs = try Network(try converted(old, to: .keras2_15)).predict(
      try fixture.inputArrays())
    #expect(outputs[0].shape == (try fixture.outputArrays())[0].shape)
  }

  @Test(arguments: ["int32", "bool", "float16", "float64"])
  func `inputs are of float32 in Keras 2.2, but for ids of words`(_ dtype: String) throws {
    let layers: [any Layer] = [InputLayer(shape: [5], dtype: dtype), Dense(units: 2)]
    let numbers = try Network(layers, seed: 1, generation: .keras2_15).record
    #expect(try converted(numbers, to: .keras2).layers[0].config["dtype"] == "float32")
    #expect(try converted(numbers, to: .keras3).layers[0].config["dtype"] == .string(dtype))
    var ids = try Network(
      [InputLayer(shape: [5], dtype: "int32"), Embedding(inputDim: 7, outputDim: 2)],
      seed: 1, generation: .keras2_15
    ).record
    ids.isSequential = false
    ids.layers[1].inbound = [[TensorReference(layer: ids.layers[0].name)]]
    ids.inputs = [TensorReference(layer: ids.layers[0].name)]
    ids.outputs = [TensorReference(layer: ids.layers[1].name)]
    #expect(try converted(ids, to: .keras2).layers[0].config["dtype"] == "int32")
  }

  @Test func `an input that is an output goes through a layer in Keras 2.2`() throws {
    var record = try Network(
      [InputLayer(shape: [5]), Dense(units: 2)], seed: 1, generation: .keras2_15
    ).record
    record.isSequential = false
    let (input, output) = (record.layers[0].name, record.layers[1].name)
    record.layers[1].inbound = [[TensorReference(layer: input)]]
    record.inputs = [TensorReference(layer: input)]
    record.outputs = [TensorReference(layer: input), TensorReference(layer: output)]
    let written = try converted(record, to: .keras2)
    #expect(written.outputs.map(\.layer) == [input + "_out", output])
    #expect(try converted(record, to: .keras3).outputs == record.outputs)
    let x = NumericArray(shape: [2, 5], .float32((0..<10).map { Float($0) / 7 }))
    #expect(try Network(written).predict([x]) == (try Network(record).predict([x])))
  }

  /// Keras 3's Identity hands masks on, as an Activation does; 2.15's does not.
  @Test func `an Identity is written for Keras 1 and 2 as a linear Activation of its name`() throws
  {
    func record(_ generation: Generation, maskZero: Bool, _ dtype: String = "float32") throws
      -> ModelRecord
    {
      var record = try Network(
        [
          InputLayer(shape: [4]), Embedding(inputDim: 5, outputDim: 3, maskZero: maskZero),
          Identity(), GRU(units: 2, resetAfter: false), Dense(units: 1),
        ], seed: 3
      ).record
      record.generation = generation
      let index = try #require(record.layers.firstIndex { $0.className == "Identity" })
      record.layers[index].config["dtype"] = .string(dtype)
      return record
    }
    for target in [Generation.keras1, .keras2] {
      for maskZero in [false, true] {
        let original = try record(.keras3, maskZero: maskZero)
        let written = try converted(original, to: target)
        let names = written.layers.map { "\($0.className) \($0.name)" }
        #expect(
          names.contains("Activation identity") && !names.contains { $0.hasPrefix("Identity") })
      }
      #expect(try converted(record(.keras2_15, maskZero: false), to: target).layers.count == 5)
      for refused in [
        try record(.keras2_15, maskZero: true), try record(.keras3, maskZero: false, "float16"),
      ] {
        let error = #expect(throws: KerasError.self) { try converted(refused, to: target) }
        #expect(error?.description.contains("identity") == true, "\(target)")
      }
    }
  }

  @Test func `what a generation's Keras cannot run is refused with the reason`() throws {
    func refusal(_ layers: [any Layer], _ generation: Generation) throws -> String {
      let error = #expect(throws: KerasError.self) {
        try Network(layers, seed: 1, generation: generation)
      }
      return error?.description ?? ""
    }
    let flat: [any Layer] = [InputLayer(shape: [5]), Flatten(), Dense(units: 2)]
    #expect(try refusal(flat, .keras2).contains("input (None, 5), but Flatten takes three axes"))
    _ = try Network(flat, seed: 1, generation: .keras2_15)
    let masked: [any Layer] = [
      Embedding(inputDim: 7, outputDim: 3, maskZero: true), TimeDistributed(Softmax()),
    ]
    for generation in [Generation.keras2_15, .keras3] {
      #expect(try refusal(masked, generation).contains("gives the mask of the steps to a Softmax"))
    }
    _ = try Network(masked, seed: 1, generation: .keras2)
  }

  /// The words of Keras 1's file, and those written for it; with masks of dropout for each gate other
  /// Kerases train as `mem` does, with shared ones as `gpu`.
  @Test(arguments: ["cpu", "mem", "gpu"])
  func `Keras 1's way of joining gates is kept`(_ way: String) throws {
    for kind in ["GRU", "LSTM"] {
      let fixture = try fixture("keras1", "\(kind)/consume_less_\(way)", "1")
      let record = try fixture.record(fixture.containers[0])
      let layers = try JSON(
        parsing: ModelFile.encode(record, container: .json, options: .init(generation: .keras1))
      ).object?["config"]?.array
      let layer = try #require(layers?.first { $0.object?["class_name"] == .string(kind) })
      #expect(layer.object?["config"]?.object?["consume_less"] == .string(way))
    }
  }

  @Test func `gates of other Kerases are joined as Keras 1 trains them alike`() throws {
    func way(_ generation: Generation, _ config: JSONObject) throws -> (JSON?, [String]) {
      var record = try Network(
        [InputLayer(shape: [4, 3]), GRU(units: 2, resetAfter: false)], seed: 1,
        generation: generation
      ).record
      for (key, value) in config.members { record.layers[1].config[key] = value }
      let path = "\(NSTemporaryDirectory())/gates-\(UUID().uuidString).h5"
      defer { try? FileManager.default.removeItem(atPath: path) }
      let notes = try ModelFile.write(record, to: path, options: .init(generation: .keras1))
      let definition = try ModelFile.encode(
        record, container: .json, options: .init(generation: .keras1))
      let layer = try JSON(parsing: definition).object?["config"]?.array?.last
      return (layer?.object?["config"]?.object?["consume_less"], notes.map(\.message))
    }
    let penalty: JSON = ["class_name": "L2", "config": ["l2": 0.1]]
    #expect(try way(.keras2, [:]).0 == "gpu")
    #expect(try way(.keras2, ["dropout": 0.2]).0 == "mem")
    #expect(try way(.keras2, ["dropout": 0.2, "implementation": 2]).0 == "gpu")
    #expect(try way(.keras2_15, ["dropout": 0.2]).0 == "gpu")
    #expect(try way(.keras3, ["recurrent_dropout": 0.2]).0 == "mem")
    #expect(try way(.keras3, ["kernel_regularizer": penalty]).0 == "gpu")
    let both = try way(.keras3, ["recurrent_dropout": 0.2, "kernel_regularizer": penalty])
    #expect(both.0 == "gpu")
    #expect(both.1.contains { $0.contains("shares dropout's masks") })
  }

  @Test func `a layer as an activation stands apart in Keras 2.2`() throws {
    for name in [
      "LeakyReLU_Dense", "ELU_Conv1D", "Softmax_Activation", "Softmax_axis_1_Dense",
      "LeakyReLU_TimeDistributed",
    ] {
      let fixture = try fixture("layers", "LayerAsActivation/\(name)", "3")
      let record = try fixture.record(fixture.containers[0])
      let written = try converted(record, to: .keras2)
      #expect(written.layers.count == record.layers.count + (name.hasSuffix("Activation") ? 0 : 1))
      let outputs = try Network(written).predict(try fixture.inputArrays())
      #expect(Fixtures.difference(outputs, try fixture.outputArrays()) <= fixture.tolerance)
    }
    for (name, reason) in [
      ("ELU_LSTM", "store the layer ELU as an activation: that of LSTM cannot stand behind"),
      ("LeakyReLU_LSTMCell", "that of LSTMCell cannot stand behind as a layer of its own"),
      ("LeakyReLU_Bidirectional", "that of LSTM cannot stand behind as a layer of its own"),
    ] {
      let fixture = try fixture("layers", "LayerAsActivation/\(name)", "3")
      let record = try fixture.record(fixture.containers[0])
      let error = #expect(throws: KerasError.self) { try converted(record, to: .keras2) }
      #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
      #expect(error?.hint == "Keras 2.15 and 3 can")
    }
  }

  @Test func `a penalty on what an activation gives keeps it in its place`() throws {
    var record = try Network(
      [InputLayer(shape: [5]), Dense(units: 3, activation: .layer(.elu(ELU())))], seed: 1,
      generation: .keras2_15
    ).record
    record.layers[1].config["activity_regularizer"] = ["class_name": "L2", "config": ["l2": 0.1]]
    let error = #expect(throws: KerasError.self) { try converted(record, to: .keras2) }
    #expect(error?.description.contains("out of reach of activity_regularizer") == true)
  }

  @Test func `a detached activation takes no name that is taken`() throws {
    var record = try Network(
      [InputLayer(shape: [5]), Dense(units: 3, activation: .layer(.elu(ELU()))), Dense(units: 2)],
      seed: 1, generation: .keras2_15
    ).record
    record.layers[2].name = "\(record.layers[1].name)_elu"
    let written = try converted(record, to: .keras2)
    let names = record.layers.map(\.name)
    #expect(
      written.layers.dropFirst().map(\.name)
        == [names[1], "\(names[1])_elu_1", "\(names[1])_elu"])
    let x = NumericArray(shape: [2, 5], .float32((0..<10).map { Float($0) / 7 - 0.5 }))
    #expect(try Network(written).predict([x]) == (try Network(record).predict([x])))
  }

  @Test(arguments: ["Sequential", "Functional"])
  func `activations of a model inside a model stand behind inside it`(_ kind: String) throws {
    let leaky: JSON = ["class_name": "LeakyReLU", "config": ["name": "bent", "alpha": 0.1]]
    func entry(_ className: String, _ name: String, _ config: JSONObject, _ on: String?) -> JSON {
      var config = config
      config["name"] = .string(name)
      return [
        "class_name": .string(className), "name": .string(name), "config": .object(config),
        "inbound_nodes": on.map { [[[.string($0), 0, 0, [:]]]] } ?? [],
      ]
    }
    let input = entry(
      "InputLayer", "in", ["batch_input_shape": [nil, 3], "dtype": "float32"], nil)
    var inner: JSONObject = [
      "name": "inner",
      "layers": [
        input, entry("Dense", "d", ["units": 4, "activation": leaky], "in"),
        entry("Dense", "d_bent", ["units": 2], "d"),
      ],
    ]
    if kind == "Functional" {
      inner["input_layers"] = [["in", 0, 0]]
      inner["output_layers"] = [["d_bent", 0, 0], ["d", 0, 0]]
    }
    let outputs: JSON =
      kind == "Functional" ? [["inner", 1, 0], ["inner", 1, 1]] : [["inner", 1, 0]]
    let definition: JSON = [
      "class_name": "Functional", "keras_version": "2.15.0", "backend": "tensorflow",
      "config": [
        "name": "m", "layers": [input, entry(kind, "inner", inner, "in")],
        "input_layers": [["in", 0, 0]], "output_layers": outputs,
      ],
    ]
    let record = try Network(
      ModelFile.decode(Array(definition.pythonText().utf8), name: "m.json"),
      weights: .fresh(seed: 1)
    ).record
    let written = try converted(record, to: .keras2)
    let layers = written.layers[1].config["layers"]?.array?.compactMap { $0.object?["name"] }
    #expect(layers?.suffix(3) == ["d", "d_bent_1", "d_bent"])
    let x = NumericArray(shape: [2, 3], .float32([0.3, -0.2, 0.9, -1, 0.4, -0.7]))
    #expect(try Network(written).predict([x]) == (try Network(record).predict([x])))
  }

  /// A call of a functional model, and its mask, follow the detached layer.
  @Test func `calls take what a detached activation gives`() throws {
    var record = try Network(
      [InputLayer(shape: [5]), Dense(units: 3, activation: .layer(.elu(ELU()))), Dense(units: 2)],
      seed: 1, generation: .keras2_15
    ).record
    record.isSequential = false
    let names = record.layers.map(\.name)
    for index in 1...2 {
      record.layers[index].inbound = [[TensorReference(layer: names[index - 1])]]
    }
    record.inputs = [TensorReference(layer: names[0])]
    record.outputs = [TensorReference(layer: names[1]), TensorReference(layer: names[2])]
    let written = try converted(record, to: .keras2)
    #expect(written.outputs.map(\.layer) == ["\(names[1])_elu", names[2]])
    let x = NumericArray(shape: [2, 5], .float32((0..<10).map { Float($0) / 7 - 0.5 }))
    #expect(try Network(written).predict([x]) == (try Network(record).predict([x])))
  }

  @Test func `each generation's way with a frozen BatchNormalization is noted`() throws {
    func notes(_ source: Generation, _ target: Generation, isFrozen: Bool) throws -> [String] {
      var record = try Network(
        [InputLayer(shape: [5]), Dense(units: 3), BatchNormalization()], seed: 1,
        generation: source
      ).record
      if isFrozen { record.layers[2].config["trainable"] = false }
      let path = "\(NSTemporaryDirectory())/frozen-\(UUID().uuidString).h5"
      defer { try? FileManager.default.removeItem(atPath: path) }
      return try ModelFile.write(record, to: path, options: .init(generation: target))
        .map(\.message).filter { $0.contains("frozen BatchNormalization") }
    }
    #expect(try notes(.keras2, .keras3, isFrozen: true).count == 1)
    #expect(try notes(.keras3, .keras2, isFrozen: true).count == 1)
    #expect(try notes(.keras1, .keras2, isFrozen: true).count == 1)
    #expect(try notes(.keras2_15, .keras3, isFrozen: true).isEmpty)
    #expect(try notes(.keras2, .keras3, isFrozen: false).isEmpty)
  }

  @Test func `what generations train otherwise is noted of each layer`() throws {
    func notes(_ name: String, _ target: Generation) throws -> [String] {
      let (collection, rest) = (name.split(separator: "/")[0], name.split(separator: "/"))
      let fixture = try fixture(
        String(collection), rest[1...2].joined(separator: "/"), String(rest[3]))
      let path = "\(NSTemporaryDirectory())/noted-\(UUID().uuidString).h5"
      defer { try? FileManager.default.removeItem(atPath: path) }
      let record = try fixture.record(fixture.containers[0])
      return try ModelFile.write(record, to: path, options: .init(generation: target))
        .map(\.message).filter { $0.hasPrefix("while training") }
    }
    let masked = "keras1/TimeDistributed/Embedding_masked/1"
    for target in [Generation.keras2, .keras2_15] {
      #expect(try notes(masked, target).contains { $0.contains("hands on the mask") })
    }
    #expect(try notes(masked, .keras3).isEmpty)
    #expect(try notes("keras1/TimeDistributed/Dense_masked/1", .keras2).isEmpty)
    let normalized = "layers/BatchNormalization/vectors"
    #expect(try notes("\(normalized)/2", .keras3).contains { $0.contains("batch's own") })
    #expect(try notes("\(normalized)/2.15", .keras2).contains { $0.contains("begins the aver") })
    #expect(try notes("\(normalized)/2.15", .keras3).isEmpty)
    let inside = "layers/TimeDistributed/BatchNormalization"
    #expect(try notes("\(inside)/2.15", .keras3).contains { $0.contains("step by step") })
    let penalty = "layers/ActivityRegularization/inference"
    #expect(try notes("\(penalty)/2", .keras3).contains { $0.contains("by the rows") })
    #expect(try notes("\(penalty)/2.15", .keras3).isEmpty)
  }

  @Test func `what Keras 3 rounds of a 16-bit BatchNormalization is noted`() throws {
    let fixture = try fixture("layers", "Policy/float16_BatchNormalization", "2.15")
    let record = try fixture.record(fixture.containers[0])
    let path = "\(NSTemporaryDirectory())/rounded-\(UUID().uuidString).h5"
    defer { try? FileManager.default.removeItem(atPath: path) }
    for (generation, count) in [(Generation.keras3, 1), (.keras2_15, 0)] {
      let notes = try ModelFile.write(record, to: path, options: .init(generation: generation))
      #expect(notes.filter { $0.message.contains("are rounded") }.count == count)
    }
  }

  @Test func `a stateful layer is none of a step's`() throws {
    var memory = LSTM(units: 2)
    memory.options.stateful = true
    #expect(memory.isStateful && !LSTM(units: 2).isStateful)
    let error = #expect(throws: KerasError.self) {
      try Network(
        [InputLayer(shape: [4, 3, 2]), TimeDistributed(memory)], seed: 1)
    }
    #expect(error?.description.contains("a stateful LSTM at every step") == true)
  }
}
