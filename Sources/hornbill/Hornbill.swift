import ArgumentParser
import KerasFormat
import KerasRuntime

@main
struct Hornbill: AsyncParsableCommand {
  // Every verb has its name written out: ArgumentParser would make it of the type's at every start.
  static let configuration = CommandConfiguration(
    commandName: "hornbill",
    abstract: "Keras models without Python: load, train, export, score.",
    version: Version.number,
    subcommands: [
      Demo.self, Train.self, Evaluate.self, Predict.self, Summary.self, Convert.self,
      Inspect.self, Diff.self, SweepVerb.self, Diagnose.self, Doctor.self,
    ])

  /// Runs a verb and ends with the exit status that the command line promises: 0 done, 1 a failed
  /// check, 2 bad usage, 65 bad data, 70 a bug, 74 input or output failed.
  static func main() async {
    do {
      try InstructionSet.checkEnvironment()
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let error as KerasError {
      Console.error(error.description)
      end(withStatus: error.exitStatus)
    } catch let status as ExitCode {
      end(withStatus: status.rawValue)
    } catch  where exitCode(for: error).isSuccess {
      Console.result(fullMessage(for: error))
    } catch  where exitCode(for: error) == .validationFailure {
      Console.error(usageMessage(for: error))
      end(withStatus: 2)
    } catch {
      Console.error("a bug in hornbill: \(error)")
      end(withStatus: 70)
    }
  }

  /// What is wrong with the arguments in one line, and where to read on.
  private static func usageMessage(for error: any Error) -> String {
    var text = message(for: error).split(whereSeparator: \.isNewline).joined(separator: " ")
    while text.last == "." { text.removeLast() }
    let verbs = configuration.subcommands.compactMap { $0.configuration.commandName }
    let verb = CommandLine.arguments.dropFirst().first.flatMap { verbs.contains($0) ? $0 : nil }
    return "\(text); see 'hornbill help\(verb.map { " \($0)" } ?? "")'"
  }
}

enum Version {
  static let number = "0.1.0"
}
