import KerasFormat
import KerasRuntime
import KerasTrain
import Testing

/// What is learned does not depend on how many threads share the work.
@Suite struct ThreadsTests {
  /// 150 rows of 20 words, as many padded in front as asked for.
  private static func data(padding: (Int) -> Int) throws -> Dataset {
    var generator = Philox(seed: 7)
    var ids: [Int32] = []
    for row in 0..<150 {
      for t in 0..<20 {
        ids.append(t < padding(row) ? 0 : Int32(1 + generator.uniform() * 499))
      }
    }
    return try Dataset(
      inputs: [NumericArray(shape: [150, 20], .int32(ids))],
      targets: NumericArray(
        shape: [150], .float32((0..<150).map { _ in generator.uniform() < 0.5 ? 0 : 1 })))
  }

  private static func bits(
    _ architecture: ReviewsArchitecture, maskZero: Bool, _ optimizer: any Optimizer,
    _ data: Dataset,
    threads: Int
  ) throws -> [UInt32] {
    var model = try Model(
      architecture.layers(
        vocabularySize: 500, inputLength: 20, maskZero: maskZero, generation: .keras3),
      seed: 3)
    try model.compile(optimizer: optimizer, loss: BinaryCrossentropy(), metrics: ["accuracy"])
    var settings = FitSettings()
    (settings.batchSize, settings.epochs, settings.validationSplit) = (64, 2, 0.2)
    (settings.seed, settings.crew) = (5, Crew(threads: threads, grain: 1))
    let history = try model.fit(data, settings: settings)
    let losses = ["loss", "val_loss"].flatMap { history[$0] }.map { Float($0).bitPattern }
    let parameters = model.network.parameters
    return losses
      + parameters.layout.specs.indices.flatMap { parameters.values($0).map(\.bitPattern) }
  }

  @Test(arguments: ReviewsArchitecture.allCases, [0, 1, 2])
  func `one, two and eight threads learn the same bits`(
    _ architecture: ReviewsArchitecture, _ padding: Int
  ) throws {
    // None; in front of most rows, unmasked; in front, masked where the model can.
    let data = try Self.data { padding == 0 ? 0 : $0 % 17 }
    let optimizers: [any Optimizer] = [
      RMSprop(), Adam(), RMSprop(momentum: 0.5, centered: true), Adam(amsgrad: true),
    ]
    for optimizer in optimizers {
      let runs = try [1, 2, 8].map {
        try Self.bits(
          architecture, maskZero: padding == 2 && architecture != .ffnn, optimizer, data,
          threads: $0)
      }
      // Compared outside, so that a failure does not print every weight.
      let different = runs.dropFirst().filter { $0 != runs[0] }.count
      #expect(different == 0)
      #expect(Set(runs[0]).count > 1000)
    }
  }
}
