import ArgumentParser
import Foundation
import KerasFormat

/// `hornbill-bench`: all benchmarks, or those that a filter names.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the benchmarks of this process.",
    discussion: """
      hornbill-bench --quick
      hornbill-bench --filter kernel/ --repetitions 50
      hornbill-bench --filter train/epoch --threads 1 --json epochs.json
      """)

  @Option(help: "Only benchmarks whose name contains this; may repeat.")
  var filter: [String] = []

  @Option(help: "Cores for what can use several; default: all.")
  var threads: Int?

  @Option(help: "Times that each work is measured.")
  var repetitions = 15

  @Flag(help: "Three repetitions and no large sizes: whether everything runs.")
  var quick = false

  @Option(help: "Writes all figures to this file.", completion: .file())
  var json: String?

  @Option(help: "The folder of the UCI reviews; without it, made-up rows of their size.")
  var reviews: String?

  @Flag(help: "Only print the names.")
  var list = false

  func validate() throws {
    if repetitions < 1 { throw ValidationError("--repetitions must be 1 or more.") }
    if let threads, threads < 1 { throw ValidationError("--threads must be 1 or more.") }
  }

  func run() throws {
    let all =
      KernelBenchmarks.all + LayerBenchmarks.all + TrainingBenchmarks.all(reviews: reviews)
      + PredictionBenchmarks.all(reviews: reviews)
    let chosen = all.filter { benchmark in
      (filter.isEmpty || filter.contains { benchmark.name.contains($0) })
        && !(quick && filter.isEmpty && Self.large.contains { benchmark.name.hasSuffix($0) })
    }
    if list {
      for benchmark in chosen { print(benchmark.name) }
      return
    }
    let threads = threads ?? Machine.cores
    let effort = Effort(
      repetitions: quick ? 3 : repetitions, shortest: quick ? 0.005 : 0.05, threads: threads)
    let peak = Machine.peak()
    let machine = Machine.json
    print(
      "\(Machine.processor), \(Machine.cores) cores, load \(Figures.significant(Machine.load)); "
        + "peak of one core \(Figures.significant(peak / 1e9)) GFLOP/s; "
        + "\(machine.object?["instructions"]?.string ?? "") in use, \(threads) threads")
    var outcomes: [JSON] = []
    for benchmark in chosen {
      let isTraining = benchmark.name.hasPrefix("train/")
      let outcome = try Outcome(benchmark, effort)
      // A training step may use all cores, so that is what its share refers to.
      let available = isTraining ? peak * Double(threads) : peak
      print(outcome.line(peak: available))
      fflush(nil)
      outcomes.append(outcome.json(peak: available))
    }
    if let json {
      let report: JSON = [
        "machine": machine, "threads": .integer(threads), "benchmarks": .array(outcomes),
      ]
      try AtomicFile.write(Array((report.pythonText(indent: 1) + "\n").utf8), to: json)
    }
  }

  /// Endings of names that a quick run leaves out.
  private static let large = ["/512", "/1024", "1024x3072", "1024x1024·1024x1024"]
}
