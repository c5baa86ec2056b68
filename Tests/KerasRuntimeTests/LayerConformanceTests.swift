import KerasFormat
import KerasRuntime
import TestSupport
import Testing

@Suite struct LayerConformanceTests {
  static let cases = Result { try LayerCase.all() }

  @Test func `every registered layer has a case`() throws {
    let covered = Set(try Self.cases.get().map { type(of: $0.layer).className })
    for type in LayerRegistry.builtIn {
      #expect(covered.contains(type.className), "no case for \(type.className)")
    }
  }

  // Kinks (relu at 0) are not hit: inputs and weights are random. 2e-6 leaves room for the
  // curvature over a step of 1e-6 and for the 1e-10 by which sums of doubles differ.
  @Test func `hand-written gradients equal numerical differences`() throws {
    for layerCase in try Self.cases.get() where layerCase.isTrainable {
      let worst = try GradientCheck(
        layerCase.network(11), input: layerCase.input, isTraining: layerCase.isTraining
      ).worst()
      #expect(worst.error < 2e-6, "\(layerCase.title): \(worst.place)")
    }
  }

  @Test func `a config read back is the config written`() throws {
    for layerCase in try Self.cases.get() {
      let layer = layerCase.layer
      let again = try LayerRegistry.layer(
        className: type(of: layer).className, name: "again", config: layer.config)
      #expect(again.config == layer.config, "\(layerCase.title)")
    }
  }

  @Test func `an unknown config key is refused by name`() throws {
    for layerCase in try Self.cases.get() {
      var config = layerCase.layer.config
      config["unit"] = 3
      let error = #expect(throws: KerasError.self) {
        try LayerRegistry.layer(
          className: type(of: layerCase.layer).className, name: "odd", config: config)
      }
      #expect(
        error?.description.hasPrefix("odd: unknown config key unit") == true, "\(layerCase.title)")
    }
  }

  @Test func `inferred shapes are the shapes that come out`() throws {
    for layerCase in try Self.cases.get() {
      let network = try layerCase.network(1)
      for (output, shape) in zip(try network.predict([layerCase.input]), network.outputShapes) {
        let extents = output.shape.dropFirst()
        #expect(extents.count == shape.rank, "\(layerCase.title)")
        for (extent, inferred) in zip(extents, shape.extents) where inferred != nil {
          #expect(extent == inferred, "\(layerCase.title)")
        }
      }
    }
  }

  @Test func `a batch of one gives that row of a batch to the last bit`() throws {
    for layerCase in try Self.cases.get() {
      let network = try layerCase.network(2)
      let whole = try network.predict([layerCase.input])
      let single = try network.predict([layerCase.input], batchSize: 1)
      for (a, b) in zip(whole, single) {
        let equal = zip(a.floats(), b.floats()).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
        #expect(equal, "\(layerCase.title)")
      }
    }
  }

  @Test func `Keras's names are kept in both directions`() throws {
    #expect(LayerNames.snakeCase("GlobalMaxPooling1D") == "global_max_pooling1d")
    #expect(LayerNames.snakeCase("SimpleRNN") == "simple_rnn")
    #expect(LayerNames.snakeCase("PReLU") == "p_re_lu")
    #expect(LayerNames.snakeCase("LSTM") == "lstm")
    #expect(LayerNames.snakeCase("TimeDistributed") == "time_distributed")
    var names = LayerNames()
    #expect(["Dense", "GRU", "Dense"].map { names.next(for: $0) } == ["dense", "gru", "dense_1"])
  }
}
