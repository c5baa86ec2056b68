import ArgumentParser
import KerasFormat
import KerasLaboratory

/// What `sweep` compares, and where it reports.
struct SweepOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "Runs of each setting, with the seeds --seed, --seed + 1 and so on; --seed is 1 here.")
  var seeds = 3

  @Option(
    help: ArgumentHelp(
      "Another flag of training to compare by: padding=pre,post or mask-zero=true,false. May repeat.",
      valueName: "flag=a,b"))
  var vary: [String] = []

  @Option(
    help: """
      The folder for report.html, curves.svg, curves.png, runs.csv and runs.json; it is made where it is \
      not there. Finished runs are kept in it, so that the same command goes on where it was stopped.
      """, completion: .directory)
  var report: String

  @Option(
    help: "Write event files for TensorBoard into this folder, a folder a run.",
    completion: .directory)
  var tensorboard: String?

  func validate() throws {
    if !(1...1000).contains(seeds) {
      throw ValidationError("--seeds \(seeds) but it must be 1 or more, and 1000 at most.")
    }
    for text in vary {
      let axis = try Self.axis(text)
      if let reason = Self.fixed[axis.name] {
        throw ValidationError("--vary \(text) but \(reason).")
      }
    }
    let names = try axes.map(\.name)
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw ValidationError("--vary \(twice) is given twice.")
    }
  }

  /// The axes behind `--vary`.
  var axes: [Sweep.Axis] {
    get throws { try vary.map(Self.axis) }
  }

  private static func axis(_ text: String) throws -> Sweep.Axis {
    let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let values = sides.last?.split(separator: ",", omittingEmptySubsequences: false) ?? []
    guard sides.count == 2, !sides[0].isEmpty, values.allSatisfy({ !$0.isEmpty }) else {
      throw ValidationError("--vary \(text) but flag=a,b belongs here, such as padding=pre,post.")
    }
    let name = sides[0].drop { $0 == "-" }
    guard Set(values).count == values.count else {
      throw ValidationError("--vary \(text) but each value belongs there once.")
    }
    return Sweep.Axis(String(name), values.map(String.init))
  }

  /// Flags that cannot be varied, and why.
  private static let fixed: [String: String] = {
    var reasons = [
      "seed": "--seeds says how many seeds there are", "seeds": "it is no flag of training",
      "vary": "it is no flag of training", "report": "it is no flag of training",
      "tensorboard": "it is no flag of training", "verbose": "it changes no result",
      "help": "it is no flag of training", "version": "it is no flag of training",
      "quiet": "it changes no result", "threads": "it changes no result",
    ]
    for name in ["architecture", "optimizer", "learning-rate"] {
      reasons[name] = "--\(name) itself takes several values"
    }
    for name in [
      "data", "test-data", "x", "y", "sample-weight", "validation-x", "validation-y",
      "validation-sample-weight",
    ] { reasons[name] = "--\(name) may repeat, so that it cannot be replaced" }
    return reasons
  }()

  /// A setting as it is typed.
  static func arguments(_ setting: Sweep.Run.Setting) throws -> [String] {
    guard setting.axis == "shuffle" else { return ["--\(setting.axis)=\(setting.value)"] }
    switch setting.value {
    case "true": return ["--shuffle"]
    case "false": return ["--no-shuffle"]
    default: throw ValidationError("--vary shuffle=\(setting.value) but it is true or false.")
    }
  }
}
