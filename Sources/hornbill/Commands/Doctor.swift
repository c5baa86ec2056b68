import ArgumentParser
import KerasFormat
import KerasRuntime

/// `hornbill doctor`: what the program runs on.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Print versions, the HDF5 library, CPU features and threads.")

  func run() {
    Console.result("hornbill  \(Version.number)")
    Console.result("hdf5      \(HDF5File.libraryVersion)")
    Console.result("system    \(System.name)")
    Console.result(
      "cpu       \(System.architecture); \(InstructionSet.current) in use, "
        + "of \(InstructionSet.available.map(\.name).joined(separator: ", "))")
    Console.result("threads   \(ProcessorCount.online)")
    Console.result("layers    \(LayerRegistry.builtIn.map { $0.className }.joined(separator: " "))")
  }
}

private enum System {
  static var name: String {
    #if os(Linux)
      "Linux"
    #elseif os(macOS)
      "macOS"
    #else
      "unknown"
    #endif
  }

  static var architecture: String {
    #if arch(x86_64)
      "x86-64"
    #elseif arch(arm64)
      "arm64"
    #else
      "unknown"
    #endif
  }
}
