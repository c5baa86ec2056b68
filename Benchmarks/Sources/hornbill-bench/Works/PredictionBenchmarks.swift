import Dispatch
import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain

/// Opening a model, reading text, and scoring.
enum PredictionBenchmarks {
  static func all(reviews: String?) -> [Benchmark] {
    [
      load(".keras"), load(".h5"), tokenizer(reviews), single(reviews, architecture: .gru),
      single(reviews, architecture: .lstm), step(units: 32), step(units: 64), singleText(reviews),
      batches(reviews), file(reviews),
    ]
  }

  /// The reviews model with its vocabulary, read from a file.
  private static func load(_ ending: String) -> Benchmark {
    Benchmark("predict/load/gru\(ending)", unit: "model") {
      let path = NSTemporaryDirectory() + "hornbill-bench-\(getpid())\(ending)"
      let model = try ReviewsModel(architecture: .gru).compiled()
      try model.save(path)
      let file = TemporaryFile(path)
      return {
        _ = try Network(contentsOf: file.path, training: false)
      }
    }
  }

  private static func tokenizer(_ reviews: String?) -> Benchmark {
    Benchmark("predict/tokenizer", items: 2061, unit: "review") {
      let data = try texts(reviews)
      return { _ = data.pipeline.encode(data.texts) }
    }
  }

  /// One review of 12 words at a time: token ids to score.
  private static func single(
    _ reviews: String?, architecture: ReviewsArchitecture
  ) -> Benchmark {
    Benchmark("predict/single/\(architecture.rawValue)", items: 256, unit: "review") {
      let scorer = Scorer(try ReviewsModel(architecture: architecture).compiled().network)
      let data = try ReviewsData(rows: 256, length: 12, vocabulary: 4603)
      let rows = Work.rows(of: data.dataset.inputs[0])
      return { for row in rows { _ = try scorer.predictor.score(row) } }
    }
  }

  /// One step of a GRU at a time, as many features as units, going on from the state of the one
  /// before.
  private static func step(units: Int) -> Benchmark {
    Benchmark("predict/step/gru-\(units)", items: 256, unit: "step") {
      let network = try Network([InputLayer(shape: [nil, units]), GRU(units: units)], seed: 1)
      let (floats, stepper) = (Floats(units), StepScorer(try StepPredictor(network)))
      let x = (0..<units).map { floats.start[$0] }
      return { for _ in 0..<256 { _ = try stepper.predictor.step(x) } }
    }
  }

  /// One review at a time: text to score.
  private static func singleText(_ reviews: String?) -> Benchmark {
    Benchmark("predict/single-text/gru", items: 256, unit: "review") {
      let (network, texts) = try reading(reviews)
      let (scorer, some) = (Scorer(network), Array(texts.prefix(256)))
      return { for text in some { _ = try scorer.predictor.score(text) } }
    }
  }

  /// Many rows of token ids, 128 at once.
  private static func batches(_ reviews: String?) -> Benchmark {
    Benchmark("predict/batch-128/gru", items: 2061, unit: "review") {
      let scorer = Scorer(try ReviewsModel(architecture: .gru).compiled().network)
      let data = try ReviewsData.reviews(folder: reviews, length: 50)
      return { _ = try scorer.predictor.predict(data.dataset.inputs, batchSize: 128) }
    }
  }

  /// Texts to scores, as `predict --data` does it, without the reading and writing of files.
  private static func file(_ reviews: String?) -> Benchmark {
    let count = 2061
    return Benchmark("predict/texts/gru", items: Double(count), unit: "review") { effort in
      let (network, texts) = try reading(reviews)
      let scorers = Scorers((0..<effort.threads).map { _ in Scorer(network) })
      let share = (texts.count + effort.threads - 1) / effort.threads
      return (0..<effort.repetitions).map { _ in
        Stopwatch.seconds {
          DispatchQueue.concurrentPerform(iterations: effort.threads) { lane in
            let part = texts[min(lane * share, texts.count)..<min((lane + 1) * share, texts.count)]
            _ = try? scorers.all[lane].predictor.predict(Array(part), batchSize: 256)
          }
        }
      }
    }
  }

  private static func reading(_ reviews: String?) throws -> (Network, [String]) {
    let data = try texts(reviews)
    var model = ReviewsModel(architecture: .gru)
    model.vocabulary = data.pipeline.vocabularySize
    var network = try model.compiled().network
    network.textPipeline = data.pipeline
    return (network, data.texts)
  }

  private static func texts(
    _ reviews: String?
  ) throws -> (pipeline: TextPipeline, texts: [String]) {
    let data = try ReviewsData.reviews(folder: reviews, length: 50)
    if let pipeline = data.pipeline { return (pipeline, data.texts) }
    // Made-up texts, a word for each id.
    let ids = data.dataset.inputs[0].doubles()
    let texts = (0..<2061).map { row in
      ids[row * 50..<row * 50 + 12].map { "word\(Int($0))" }.joined(separator: " ")
    }
    var tokenizer = Tokenizer()
    tokenizer.fitOnTexts(texts)
    return (TextPipeline(tokenizer: tokenizer, maxLength: 50, padding: .post), texts)
  }
}

/// A predictor that closures share.
final class Scorer {
  var predictor: Predictor

  init(_ network: Network, crew: Crew = .alone) { predictor = Predictor(network, crew: crew) }
}

/// A predictor for each of several threads.
private struct Scorers: @unchecked Sendable {
  // SAFETY: each thread uses its own.
  let all: [Scorer]

  init(_ all: [Scorer]) { self.all = all }
}

/// The same for one that takes steps.
private final class StepScorer {
  var predictor: StepPredictor

  init(_ predictor: consuming StepPredictor) { self.predictor = predictor }
}

/// A file that goes when nobody needs it any more.
final class TemporaryFile {
  let path: String

  init(_ path: String) { self.path = path }

  deinit { unlink(path) }
}
