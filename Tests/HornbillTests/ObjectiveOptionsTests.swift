import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain
import Testing

/// `--loss --loss-weights --metrics --weighted-metrics --class-weight --sample-weight`, and several
/// outputs.
@Suite struct ObjectiveOptionsTests {
  private let tool: Tool

  init() throws {
    tool = try Tool()
    try tool.write("x.npy", [4, 2], [0, 1, 1, 0, 1, 1, 0, 0])
    try tool.write("y.npy", [4], [0, 1, 1, 0])
    try tool.write("z.npy", [4, 1], [0.5, -1, 2, 0.25])
    try tool.write("w.npy", [4], [1, 0, 2, 0.5])
    try tool.write("two.keras", Data(ModelFile.encode(try Self.record(), container: .keras)))
  }

  /// Two outputs of one input: `sold`, a sigmoid, and `price`.
  private static func record() throws -> ModelRecord {
    var record = ModelRecord(
      generation: .keras3, name: "two", isSequential: false,
      layers: [
        LayerRecord(
          className: "InputLayer", name: "x",
          config: ["batch_shape": [nil, 2], "dtype": "float32"])
      ])
    record.inputs = [TensorReference(layer: "x")]
    for (name, activation) in [("sold", "sigmoid"), ("price", "linear")] {
      var layer = LayerRecord(
        className: "Dense", name: name, config: ["units": 1, "activation": .string(activation)])
      layer.inbound = [[TensorReference(layer: "x")]]
      record.layers.append(layer)
      record.outputs.append(TensorReference(layer: name))
    }
    return try Network(record, weights: .fresh(seed: 4)).record
  }

  @Test func `two outputs are trained, each with its loss, metrics and targets`() throws {
    let run = try tool.run(
      "train", "two.keras", "--x", "x.npy", "--y", "y.npy", "--y", "z.npy", "--loss",
      "sold=bce,price=mse", "--loss-weights", #"{"price": 0.5}"#, "--metrics",
      #"{"sold": ["acc", {"class_name": "AUC", "config": {}}], "price": ["mae"]}"#,
      "--sample-weight", "w.npy", "--epochs", "2", "--history", "h.json", "--output", "m.keras",
      "--verbose", "0")
    #expect(run.status == 0, "\(run.error)")
    let history = try #require(try JSON(parsing: tool.text("h.json")).object)
    #expect(
      history.keys.prefix(6) == [
        "loss", "price_loss", "price_mae", "sold_acc", "sold_auc", "sold_loss",
      ])
    func first(_ name: String) -> Double { history[name]?.array?.first?.number ?? .nan }
    #expect(abs(first("loss") - first("sold_loss") - 0.5 * first("price_loss")) < 1e-6)
    // The file knows how it was compiled.
    let measured = try tool.run(
      "evaluate", "m.keras", "--x", "x.npy", "--y", "y.npy", "--y", "z.npy")
    #expect(measured.status == 0, "\(measured.error)")
    #expect(
      measured.output.split(separator: "\n").map { $0.prefix { $0 != ":" } } == [
        "loss", "sold_loss", "price_loss", "price_mae", "sold_acc", "sold_auc",
      ])
  }

  @Test func `classes are weighted`() throws {
    let common = [
      "train", "--architecture", "ffnn", "--x", "ids.npy", "--y", "y.npy", "--seed", "3",
      "--verbose", "0", "--history", "h.json", "--output", "m.keras",
    ]
    try tool.write("ids.npy", [4, 3], [1, 2, 3, 2, 1, 0, 3, 3, 1, 2, 2, 0])
    func loss(_ arguments: String...) throws -> Double {
      let run = try tool.start(common + arguments).result()
      #expect(run.status == 0, "\(run.error)")
      return try #require(
        try JSON(parsing: tool.text("h.json")).object?["loss"]?.array?.first?.number)
    }
    let plain = try loss()
    let zeros = try loss("--class-weight", #"{"1": 0}"#)
    let ones = try loss("--class-weight", #"{"0": 0}"#)
    #expect(abs(zeros + ones - plain) < 1e-6 && zeros > 0 && ones > 0)
    #expect(abs(try loss("--class-weight", #"{"0": 3, "1": 3}"#) - 3 * plain) < 1e-5)
  }

  @Test(arguments: [
    (
      ["--loss", "sold=bce,prize=mse"], "--loss: no output is called 'prize'; did you mean 'price'?"
    ),
    (["--loss", "sold"], "--loss: unknown loss 'sold'; "),
    (
      ["--loss", #"{"class_name": "Huber", "config": {"delta": "x"}}"#],
      "--loss/Huber/delta: \"x\" but a number belongs here"
    ),
    (["--metrics", #"{"price": ["nmae"]}"#], "--metrics: unknown metric 'nmae'"),
    (["--class-weight", "[1]"], "--class-weight: found a list; expected an object such as"),
    (["--class-weight", #"{"a": 1}"#], "--class-weight: \"a\": 1 but the number of a class"),
    (["--loss-weights", #"{"prize": 1}"#], "--loss-weights"),
  ])
  func `what is wrong in a flag is said of the flag`(
    _ arguments: [String], _ expected: String
  ) throws {
    let common = [
      "train", "two.keras", "--x", "x.npy", "--y", "y.npy", "--y", "z.npy", "--output", "m.keras",
    ]
    let run = try tool.start(common + arguments).result()
    #expect(run.status == 2, "\(run.error)")
    #expect(run.error.contains(expected), "\(run.error)")
  }
}
