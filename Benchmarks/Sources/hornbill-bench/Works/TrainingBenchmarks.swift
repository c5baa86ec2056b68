import Dispatch
import KerasFormat
import KerasRuntime
import KerasTrain

/// Training: epochs of the reviews models, steps of larger ones, and the sweep of learning rates.
enum TrainingBenchmarks {
  /// - Parameter reviews: the folder of the UCI reviews.
  static func all(reviews: String?) -> [Benchmark] {
    var all: [Benchmark] = []
    for length in [50, 100] {
      for architecture in ReviewsArchitecture.allCases {
        all.append(epoch(architecture, length: length, reviews: reviews))
      }
    }
    all.append(epoch(.gru, length: 50, reviews: reviews, padding: .pre))
    all.append(epoch(.lstm, length: 50, reviews: reviews, padding: .pre))
    for architecture in [ReviewsArchitecture.gru, .lstm] {
      for units in [32, 64, 128, 256, 512, 1024] { all.append(step(architecture, units: units)) }
    }
    return all + [sweep(reviews: reviews)]
  }

  private static func epoch(
    _ architecture: ReviewsArchitecture, length: Int, reviews: String?, padding: PaddingSide = .post
  ) -> Benchmark {
    let model = ReviewsModel(architecture: architecture)
    return Benchmark(
      "train/epoch/\(architecture.rawValue)/\(length)\(padding == .pre ? "-pre" : "")",
      unit: "epoch",
      // In front of the words most of it is not done.
      operations: padding == .pre ? nil : model.trainingOperations(rows: 2061, length: length)
    ) { effort in
      let data = try ReviewsData.reviews(
        folder: reviews, length: length, padding: padding)
      var sized = model
      sized.vocabulary = data.vocabulary
      return try times(of: sized, on: data.dataset, batchSize: 128, effort)
    }
  }

  /// One step at batch 64 and 128 steps, D = U.
  private static func step(_ architecture: ReviewsArchitecture, units: Int) -> Benchmark {
    let model = ReviewsModel(
      architecture: architecture, vocabulary: 5000, dimension: units, units: units)
    return Benchmark(
      "train/step/\(architecture.rawValue)/\(units)", unit: "step",
      operations: model.trainingOperations(rows: 64, length: 128)
    ) { effort in
      let data = try ReviewsData(rows: 64, length: 128, vocabulary: 5000)
      return try times(of: model, on: data.dataset, batchSize: 64, effort)
    }
  }

  /// Five rates of gru and lstm, 50 epochs each: two runs at a time, as long as it takes to tell,
  /// times what remains.
  private static func sweep(reviews: String?) -> Benchmark {
    Benchmark("train/sweep/five-rates", unit: "sweep") { effort in
      let data = try ReviewsData.reviews(folder: reviews, length: 50)
      return try (0..<max(1, effort.repetitions / 3)).map { _ in
        var total = 0.0
        for architecture in [ReviewsArchitecture.gru, .lstm] {
          let model = ReviewsModel(architecture: architecture, vocabulary: data.vocabulary)
          let epochs = 3
          let failures = Counts(effort.threads)
          let seconds = Stopwatch.seconds {
            DispatchQueue.concurrentPerform(iterations: effort.threads) { lane in
              var trained = try? model.compiled()
              let settings = FitSettings.measuring(epochs: epochs, batchSize: 128, threads: 1)
              let history = try? trained?.fit(data.dataset, settings: settings)
              failures[lane] = history == nil ? 1 : 0
            }
          }
          guard failures.sum == 0 else {
            throw KerasError(.invalidData, "the sweep's \(architecture.rawValue) did not train")
          }
          total += seconds / Double(epochs * effort.threads) * 250
        }
        return total
      }
    }
  }

  /// The times of epochs, the first left out: it asks for all memory.
  static func times(
    of model: ReviewsModel, on data: Dataset, batchSize: Int, _ effort: Effort
  ) throws -> [Double] {
    var compiled = try model.compiled()
    let clock = EpochClock()
    try compiled.fit(
      data,
      settings: .measuring(
        epochs: effort.repetitions + 1, batchSize: batchSize, threads: effort.threads),
      callbacks: [clock])
    return Array(clock.times.dropFirst())
  }
}
