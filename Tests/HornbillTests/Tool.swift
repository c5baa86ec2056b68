import Foundation
import KerasFormat
import TestSupport
import Testing

/// Runs the built `hornbill` as people do, in a folder of its own that goes when the test ends.
final class Tool: Sendable {
  /// What a run left behind.
  struct Run: Sendable, Equatable {
    var status: Int32
    var output: String
    var error: String

    /// The lines on standard error.
    var errorLines: [Substring] { error.split(separator: "\n") }
  }

  /// Where it runs; paths that are not absolute are meant from here.
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("hornbill-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  // MARK: - Files

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

  func write(_ name: String, _ data: Data) throws {
    try data.write(to: folder.appendingPathComponent(name))
  }

  func data(_ name: String) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(name))
  }

  func text(_ name: String) throws -> String { String(decoding: try data(name), as: UTF8.self) }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  /// All names in the folder, hidden ones too.
  func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  // MARK: - Running

  /// Starts `hornbill`, with its three streams in files so that no pipe can fill up.
  ///
  /// - Parameters:
  ///   - output: where standard output goes instead.
  ///   - environment: what to set besides.
  func start(
    _ arguments: [String], input: String = "", output: String? = nil,
    environment: [String: String] = [:]
  ) throws -> Started {
    try Started(arguments, input: input, output: output, environment: environment, in: folder)
  }

  func run(_ arguments: String..., input: String = "") throws -> Run {
    try start(arguments, input: input).result()
  }

  /// A run that is to fail: checks that it ends with `status` and one line on standard error,
  /// leaves standard output empty and the folder as it was.
  ///
  /// - Returns: the line, without the program's name.
  func failure(
    _ status: Int32, _ arguments: String..., input: String = "",
    at location: SourceLocation = #_sourceLocation
  ) throws -> String {
    let before = try names()
    let run = try start(arguments, input: input).result()
    #expect(run.status == status, "\(run.error)", sourceLocation: location)
    #expect(run.output == "", sourceLocation: location)
    #expect(run.errorLines.count == 1, "\(run.error)", sourceLocation: location)
    #expect(run.error.hasPrefix("hornbill: "), "\(run.error)", sourceLocation: location)
    #expect(run.error.hasSuffix("\n"), sourceLocation: location)
    #expect(try names() == before, sourceLocation: location)
    return String(run.error.dropFirst("hornbill: ".count).dropLast())
  }
}

/// A `hornbill` that runs.
final class Started {
  private let process = Process()
  private let streams: URL
  private var watchdog: DispatchWorkItem?

  init(
    _ arguments: [String], input: String, output: String?, environment: [String: String],
    in folder: URL
  ) throws {
    streams = FileManager.default.temporaryDirectory
      .appendingPathComponent("hornbill-streams-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: streams, withIntermediateDirectories: true)
    for (name, text) in [("in", input), ("out", ""), ("err", "")] {
      try Data(text.utf8).write(to: streams.appendingPathComponent(name))
    }
    process.executableURL = Self.executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardInput = try FileHandle(
      forReadingFrom: streams.appendingPathComponent("in"))
    process.standardOutput = try FileHandle(
      forWritingTo: output.map { URL(fileURLWithPath: $0) } ?? streams.appendingPathComponent("out")
    )
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardError = try FileHandle(
      forWritingTo: streams.appendingPathComponent("err"))
    try process.run()
    // No run takes a minute; one that hangs must fail its test, not stop all others.
    let number = process.processIdentifier
    let watchdog = DispatchWorkItem { kill(number, SIGKILL) }
    self.watchdog = watchdog
    DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: watchdog)
  }

  deinit {
    watchdog?.cancel()
    if process.isRunning { send(SIGKILL) }
    try? FileManager.default.removeItem(at: streams)
  }

  /// Waits until it ends.
  func result() throws -> Tool.Run {
    process.waitUntilExit()
    watchdog?.cancel()
    // A signal that ended it is a negative number here: no test takes it for an exit status.
    let ended = process.terminationStatus
    return Tool.Run(
      status: process.terminationReason == .exit ? ended : -ended,
      output: try text("out"), error: try text("err"))
  }

  /// Waits until `text` stands on standard error, or it has ended.
  func waitForError(_ text: String) throws {
    while process.isRunning, try !self.text("err").contains(text) { usleep(2000) }
  }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  private func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: streams.appendingPathComponent(name)), as: UTF8.self)
  }

  /// `hornbill` lies where the tests were built: beside their bundle on macOS, beside their
  /// executable elsewhere.
  private static let executable: URL = {
    #if canImport(Darwin)
      let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
      return bundle.bundleURL.deletingLastPathComponent().appendingPathComponent("hornbill")
    #else
      return URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("hornbill")
    #endif
  }()
}
