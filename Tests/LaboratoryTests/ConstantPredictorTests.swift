import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain
import Testing

/// Expected values are worked out by hand from the formulas of the losses.
@Suite struct ConstantPredictorTests {
  private func targets(_ values: [Float], width: Int? = nil) -> NumericArray {
    NumericArray(
      shape: width.map { [values.count / $0, $0] } ?? [values.count], .float32(values))
  }

  private func guess(
    _ loss: any Loss, _ targets: NumericArray, width: Int = 1, weights: [Double]? = nil
  ) throws -> (outputs: [Double], loss: Double) {
    let rows = 0..<targets.shape[0]
    let guess = try #require(
      ConstantPredictor(loss: loss, targets: targets, rows: rows, width: width, weights: weights))
    return (guess.outputs, guess.loss(on: targets, rows: rows, weights: weights))
  }

  private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-6 }

  @Test func `for two classes it is the entropy of their shares`() throws {
    let even = try guess(BinaryCrossentropy(), targets([0, 1, 1, 0]))
    #expect(even.outputs == [0.5] && isClose(even.loss, 0.693147))
    let uneven = try guess(BinaryCrossentropy(), targets([0, 0, 0, 1]))
    #expect(uneven.outputs == [0.25] && isClose(uneven.loss, 0.562335))
  }

  @Test func `smoothed labels raise it`() throws {
    let smooth = try guess(BinaryCrossentropy(labelSmoothing: 0.2), targets([0, 0, 0, 1]))
    // 0.25 · 0.8 + 0.1
    #expect(isClose(smooth.outputs[0], 0.3) && isClose(smooth.loss, 0.610864))
  }

  @Test func `for several classes it is their entropy, from class numbers and from one-hot rows`()
    throws
  {
    let numbers = try guess(SparseCategoricalCrossentropy(), targets([0, 1, 1, 3]))
    #expect(numbers.outputs == [0.25, 0.5, 0, 0.25] && isClose(numbers.loss, 1.039721))
    let rows = targets([1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1], width: 3)
    let hot = try guess(CategoricalCrossentropy(), rows, width: 3)
    #expect(hot.outputs == [0.25, 0.5, 0.25] && isClose(hot.loss, 1.039721))
  }

  @Test func `for squares it is the variance, for absolute errors the distance from the median`()
    throws
  {
    let values = targets([1, 2, 6])
    let squares = try guess(MeanSquaredError(), values)
    #expect(squares.outputs == [3] && isClose(squares.loss, 14.0 / 3))
    let distances = try guess(MeanAbsoluteError(), values)
    #expect(distances.outputs == [2] && isClose(distances.loss, 5.0 / 3))
  }

  @Test func `columns are guessed one by one and averaged`() throws {
    let two = try guess(MeanSquaredError(), targets([0, 5, 2, 5], width: 2), width: 2)
    #expect(two.outputs == [1, 5] && isClose(two.loss, 0.5))
  }

  @Test func `rows count by their weights`() throws {
    let weighted = try guess(
      BinaryCrossentropy(), targets([0, 1, 1, 1]), weights: [3, 1, 1, 1])
    #expect(isClose(weighted.outputs[0], 0.5) && isClose(weighted.loss, 0.693147))
  }

  @Test func `rows held back are measured against what was guessed from the others`() throws {
    let all = targets([0, 0, 0, 1, 1, 1])
    let guess = try #require(
      ConstantPredictor(loss: BinaryCrossentropy(), targets: all, rows: 0..<4))
    #expect(isClose(guess.loss(on: all, rows: 4..<6), 1.386294))
  }

  @Test func `a loss without a known best constant gives none`() {
    #expect(ConstantPredictor(loss: Hinge(), targets: targets([0, 1]), rows: 0..<2) == nil)
  }

  @Test func `a compiled model gives both losses`() throws {
    var model = try Model(
      [InputLayer(shape: [2]), Dense(units: 1, activation: .sigmoid)], seed: 1)
    let data = try Dataset(
      inputs: [NumericArray(shape: [6, 2], .float32([Float](repeating: 0.5, count: 12)))],
      targets: targets([0, 0, 0, 1, 1, 1]))
    var settings = FitSettings()
    settings.validationSplit = 1.0 / 3
    #expect(try ConstantPredictor.losses(of: model, on: data, settings) == nil)
    try model.compile(loss: "binary_crossentropy", lossWeights: [2])
    let losses = try #require(try ConstantPredictor.losses(of: model, on: data, settings))
    #expect(isClose(losses.training, 2 * 0.562335))
    // The rows held back are all of the rarer class: who says nothing of classes is nearer, ln 2.
    #expect(isClose(try #require(losses.validation), 2 * 0.693147))
    let alike = try Dataset(inputs: data.inputs, targets: targets([0, 0, 0, 1, 0, 0]))
    let others = try #require(try ConstantPredictor.losses(of: model, on: alike, settings))
    #expect(isClose(try #require(others.validation), 2 * 0.287682))
  }
}
