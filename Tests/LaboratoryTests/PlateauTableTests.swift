import Foundation
import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// How long the reviews models stand still, beside the same runs of the real Keras 2.2.4: same
/// rows, same seeds, same starts. Expected values: `fixtures/scripts/make_plateau_table.py`.
///
/// The data is not shipped and 45 runs of 40 epochs take minutes, so this runs where the data is
/// and `HORNBILL_CURVES=all` is set. With `HORNBILL_WRITE_DOCS=1` it writes
/// `docs/plateau-table.md`.
@Suite struct PlateauTableTests {
  private static let root: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()
  private static let files = ["yelp", "amazon_cells", "imdb"].map {
    "\(root)/../shared/data/uci-sentiment/\($0)_labelled.txt"
  }
  private static let isEnabled =
    FileManager.default.fileExists(atPath: files[0])
    && ProcessInfo.processInfo.environment["HORNBILL_CURVES"] == "all"

  /// A run of the real Keras.
  struct KerasRun {
    let setup: String
    let model: String
    let rate: String
    let seed: UInt64
    let history: History

    init(_ line: Substring) throws {
      let object = try #require(JSON(parsing: String(line)).object)
      setup = try #require(object["setup"]?.string)
      model = try #require(object["model"]?.string)
      rate = "\(try #require(object["rate"]?.number))"
      seed = UInt64(try #require(object["seed"]?.integer))
      var history = try #require(object["history"]?.object)
      let epochs = history["loss"]?.array?.count ?? 0
      history["epoch"] = .array((0..<epochs).map(JSON.integer))
      history["seconds"] = .array((0..<epochs).map { _ in 0 })
      self.history = try History(json: .object(history))
    }

    /// The same as a run of a sweep.
    func run(_ guesses: ConstantPredictor.Losses?) -> SweepRun {
      SweepRun(
        run: Sweep.Run(
          settings: [.init("architecture", model), .init(Sweep.learningRate, rate)], seed: seed),
        history: history, guesses: guesses, seconds: 0)
    }
  }

  private static func sweep(_ models: [String], _ rates: [String]) -> Sweep {
    Sweep(
      axes: [.init("architecture", models), .init(Sweep.learningRate, rates)], seeds: [1, 2, 3])
  }

  /// A run as Keras made it: its recurrent kernel, whose signs Hornbill does not draw, is Keras's.
  private static func job(
    _ run: Sweep.Run, _ set: TextDataset, _ starts: ZipArchive, isFifth: Bool = false,
    isMoved: Bool = false
  ) throws(KerasError) -> Sweep.Job {
    guard let architecture = run["architecture"].flatMap(ReviewsArchitecture.init(rawValue:)),
      let rate = run[Sweep.learningRate].flatMap(Double.init)
    else { throw KerasError(.invalidArgument, run.name) }
    let layers = architecture.layers(
      vocabularySize: set.pipeline.vocabularySize, inputLength: set.pipeline.maxLength,
      generation: .keras2)
    var model = try Model(
      layers, name: architecture.rawValue, seed: run.seed, generation: .keras2)
    if architecture != .ffnn {
      var record = model.record
      guard let layer = record.layers.firstIndex(where: { $0.weights.count == 3 }) else {
        throw KerasError(.weightMismatch, "no recurrent layer")
      }
      record.layers[layer].weights[1].array = try NumericArray(
        npy: starts.bytes(of: "\(architecture.rawValue)_\(run.seed).npy"))
      if isMoved { move(&record) }
      model = try Model(record)
    }
    try model.compile(
      optimizer: RMSprop(learningRate: rate), loss: BinaryCrossentropy(), metrics: ["acc"],
      generation: .keras2)
    var settings = FitSettings()
    (settings.epochs, settings.batchSize, settings.seed) = (40, 128, run.seed)
    if isFifth { settings.validationSplit = 0.2 } else { settings.validationData = set.test }
    return Sweep.Job(model: model, data: set.training, settings: settings)
  }

  /// Every other weight becomes the next float32, away from 0.
  private static func move(_ record: inout ModelRecord) {
    for layer in record.layers.indices {
      for weight in record.layers[layer].weights.indices {
        let array = record.layers[layer].weights[weight].array
        let values = array.floats().enumerated().map { index, value in
          index % 2 == 1 ? value : value < 0 ? value.nextDown : value.nextUp
        }
        record.layers[layer].weights[weight].array = NumericArray(
          shape: array.shape, .float32(values))
      }
    }
  }

  @Test(.enabled(if: isEnabled))
  func `epochs of leaving are Keras's wherever float32 decides them`()
    async throws
  {
    var text = TextDataset.Settings()
    (text.maxLength, text.padding, text.splitSeed) = (50, .post, 1000)
    let set = try TextDataset(LabelledText(paths: Self.files), settings: text)
    #expect(set.training.rows == 2061 && set.pipeline.vocabularySize == 4603)
    let starts = try ZipArchive(reading: FileBytes.read(Fixtures.path("plateau/starts.npz")))
    let lines = String(
      decoding: try FileBytes.read(Fixtures.path("plateau/runs.jsonl")), as: UTF8.self)
    let keras = try lines.split(separator: "\n").map(KerasRun.init)
    let rates = ["0.0001", "0.001", "0.01", "0.05", "0.1"]
    let ours = try await Self.sweep(["gru", "lstm", "ffnn"], rates)
      .run { run throws(KerasError) in try Self.job(run, set, starts) }
    let twins = try await Self.sweep(["gru", "lstm"], Array(rates.dropFirst()))
      .run { run throws(KerasError) in try Self.job(run, set, starts, isMoved: true) }
    let fifth = try await Self.sweep(["gru", "lstm"], ["0.001"])
      .run { run throws(KerasError) in try Self.job(run, set, starts, isFifth: true) }
    let table = PlateauTable(keras: keras, ours: ours, twins: twins, fifth: fifth)
    print(table.markdown)
    #expect(table.rows.count == 15 && table.fifths.count == 2)
    // A recurrent model at 0.1 is thrown about: whether its validation loss ever dips below the
    // margin is chance, and three seeds do not tell one chance from another.
    for row in table.rows + table.fifths
    where !row.name.hasSuffix("| 0.1") || row.name.hasPrefix("ffnn") {
      #expect(row.agrees, "\(row.name): Keras \(row.keras), Hornbill \(row.ours)")
    }
    // At Keras's own rate, and below, every one is decided.
    for row in table.rows where row.name.hasSuffix("| 0.001") || row.name.hasSuffix("| 0.0001") {
      #expect(row.isDecided, "\(row.name): \(row.ours), an ulp away \(row.twins)")
    }
    // As long as float32 decides them, the losses themselves are Keras's: at rate 0.001 for the
    // epochs of the plateau, and all along without a recurrent layer.
    for run in ours.runs where run.run[Sweep.learningRate] == "0.001" {
      let theirs = try #require(
        keras.first {
          $0.setup == "ordered" && $0.model == run.run["architecture"] && $0.rate == "0.001"
            && $0.seed == run.run.seed
        })
      let epochs = run.run["architecture"] == "ffnn" ? 20 : 5
      for name in ["loss", "val_loss"] {
        for (found, wanted) in zip(run.history[name], theirs.history[name]).prefix(epochs) {
          // Keras's are stored with six digits.
          #expect(abs(found - wanted) < 2e-4 * wanted, "\(run.run.name) \(name)")
        }
      }
    }
    if ProcessInfo.processInfo.environment["HORNBILL_WRITE_DOCS"] == "1" {
      try AtomicFile.write(
        Array(table.page.utf8), to: "\(Self.root)/docs/plateau-table.md")
    }
  }
}
