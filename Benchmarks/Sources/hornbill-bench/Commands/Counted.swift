import ArgumentParser
import Foundation
import KerasFormat

/// `hornbill-bench counted`: instructions and allocations of a step, held against what they were.
struct Counted: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Count instructions and allocations, and fail where there are more than recorded.",
    discussion: """
      Each work runs twice and six times under valgrind; a quarter of the difference is what one \
      time takes, without the start of the process. valgrind knows no AVX-512, so that AVX2 is \
      counted.
      """)

  @Argument(help: "The recorded counts.", completion: .file())
  var record: String

  @Option(help: "Only works whose name contains this.")
  var filter = ""

  @Flag(help: "Write what is counted now to the record.")
  var update = false

  /// What compilers and system libraries may differ by.
  private static let tolerance = 1.05

  func run() throws {
    guard Callgrind.isPresent else {
      print("skipped: valgrind is not installed")
      return
    }
    setenv("HORNBILL_ISA", "avx2", 1)
    setenv("SWIFT_DETERMINISTIC_HASHING", "1", 1)
    let isNew = update && filter.isEmpty
    let recorded = isNew ? [:] : try JSON(parsing: FileBytes.read(record)).object ?? [:]
    let program = try Callgrind.strippedProgram()
    var counted = recorded
    var exceeded = 0
    let works = ["gru-step", "lstm-step", "ffnn-step", "single", "step", "single-text", "tokenizer"]
    for work in works where filter.isEmpty || work.contains(filter) {
      let (few, many) = (
        try Callgrind(program, ["once", work, "2"]), try Callgrind(program, ["once", work, "6"])
      )
      let instructions = (many.instructions - few.instructions) / 4
      let allocations = (many.allocations - few.allocations) / 4
      counted[work] = [
        "instructions": .integer(instructions), "allocations": .integer(allocations),
      ]
      print("\(Figures.padded(work, 12)) \(instructions) instructions, \(allocations) allocations")
      guard !update else { continue }
      exceeded += Self.excess(work, "instructions", instructions, in: recorded)
      exceeded += Self.excess(work, "allocations", allocations, in: recorded)
    }
    if update {
      let text = JSON.object(counted).pythonText(indent: 1) + "\n"
      try AtomicFile.write(Array(text.utf8), to: record)
    }
    if exceeded > 0 { throw ExitCode(1) }
  }

  /// 1 where `count` is above the record, which is then said.
  private static func excess(
    _ work: String, _ what: String, _ count: Int, in recorded: JSONObject
  ) -> Int {
    guard let limit = recorded[work]?.object?[what]?.integer else {
      print("\(work): no recorded \(what); --update records them")
      return 1
    }
    guard Double(count) > Double(limit) * tolerance else { return 0 }
    print("\(work): \(count) \(what) but the record has \(limit)")
    return 1
  }
}
