import Foundation
import KerasFormat

/// What a process does, counted by valgrind: the same on every run and on a busy machine, so that a
/// test may depend on it.
struct Callgrind {
  var instructions = 0
  /// Calls of `malloc` and its kin.
  var allocations = 0

  static var isPresent: Bool {
    let status = try? Child("valgrind", ["--version"]).status
    return status == 0
  }

  private static let allocators: Set<String> = [
    "malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign",
  ]

  /// A copy of this program without debug information, which valgrind reads and does not understand
  /// where it is newer than valgrind.
  static func strippedProgram() throws(KerasError) -> TemporaryFile {
    let file = TemporaryFile(NSTemporaryDirectory() + "hornbill-bench-\(getpid())-stripped")
    let child = try Child("strip", ["--strip-debug", "-o", file.path, Child.me])
    guard child.status == 0 else {
      throw KerasError(.invalidArgument, "strip ended with status \(child.status)")
    }
    return file
  }

  /// Counts one run of a program with these arguments.
  init(_ program: TemporaryFile, _ arguments: [String]) throws(KerasError) {
    let file = TemporaryFile(NSTemporaryDirectory() + "hornbill-callgrind-\(getpid()).out")
    let child = try Child(
      "valgrind",
      ["--tool=callgrind", "--callgrind-out-file=\(file.path)", program.path] + arguments)
    guard child.status == 0 else {
      throw KerasError(.invalidArgument, "valgrind ended with status \(child.status)")
    }
    try read(String(decoding: FileBytes.read(file.path), as: UTF8.self))
  }

  /// Reads the profile: a name stands where its number occurs first, and a count of calls behind
  /// the function that is called.
  private mutating func read(_ text: String) throws(KerasError) {
    var names: [Substring: Substring] = [:]
    var called: Substring?
    for line in text.split(separator: "\n") {
      if line.hasPrefix("fn=(") || line.hasPrefix("cfn=(") {
        let rest = line[line.index(after: line.firstIndex(of: "(") ?? line.startIndex)...]
        guard let close = rest.firstIndex(of: ")") else { continue }
        let number = rest[..<close]
        let name = rest[rest.index(after: close)...].drop { $0 == " " }
        if !name.isEmpty { names[number] = name }
        if line.hasPrefix("c") { called = number }
      } else if line.hasPrefix("calls="), let number = called {
        let count = line.dropFirst(6).prefix { $0.isNumber }
        if let name = names[number], Self.allocators.contains(String(name.prefix { $0 != "'" })) {
          allocations += Int(count) ?? 0
        }
      } else if line.hasPrefix("totals:") || line.hasPrefix("summary:") {
        instructions = max(instructions, Int(line.split(separator: " ").last ?? "") ?? 0)
      }
    }
    guard instructions > 0 else {
      throw KerasError(.damagedFile, "valgrind's profile has no total")
    }
  }
}
