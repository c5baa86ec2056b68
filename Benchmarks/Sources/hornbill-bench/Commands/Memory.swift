import ArgumentParser
import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain

/// `hornbill-bench memory`: the peak memory of processes that train, load, or do nothing.
struct Memory: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Peak memory of training the reviews models and of loading models.")

  @Option(help: "Writes the figures to this file.", completion: .file())
  var json: String?

  func run() throws {
    var figures: [JSON] = []
    func show(_ name: String, _ arguments: [String], weights: Int = 0) throws {
      let child = try Child(Child.me, ["once"] + arguments)
      guard child.status == 0 else {
        throw KerasError(.invalidArgument, "\(name) ended with status \(child.status)")
      }
      let peak = Double(child.peakKilobytes) / 1024
      let own = Double(weights) / 1_048_576
      print(
        Figures.padded(name, 36) + "\(Figures.significant(peak)) MiB"
          + (weights > 0 ? ", of which weights \(Figures.significant(own)) MiB" : ""))
      figures.append([
        "name": .string(name), "mebibytes": .number(peak), "weights": .number(own),
      ])
    }
    try show("memory/nothing", ["nothing", "1"])
    for kind in ["gru", "lstm", "ffnn"] {
      try show("memory/train/\(kind)", ["\(kind)-step", "2", "--rows", "2061"])
    }
    for vocabulary in [5000, 1_000_000] {
      for ending in ["keras", "h5"] {
        let path = NSTemporaryDirectory() + "hornbill-bench-\(getpid())-\(vocabulary).\(ending)"
        let file = TemporaryFile(path)
        // Written by a process of its own: a child's peak begins with what its parent holds.
        let made = try Child(
          Child.me, ["once", "save", "1", "--path", path, "--vocabulary", "\(vocabulary)"])
        guard made.status == 0 else {
          throw KerasError(.invalidArgument, "\(path) could not be written")
        }
        // The table, kernel and recurrent kernel, their biases, and the head.
        let count = 32 * vocabulary + 2 * 32 * 96 + 2 * 96 + 33
        try show(
          "memory/load/\(vocabulary).\(ending)", ["load", "1", "--path", file.path],
          weights: count * 4)
      }
    }
    if let json {
      let text = JSON.array(figures).pythonText(indent: 1) + "\n"
      try AtomicFile.write(Array(text.utf8), to: json)
    }
  }
}
