import ArgumentParser
import KerasFormat

@main
struct Hornbill: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hornbill",
    abstract: "Keras models without Python: load, train, export, score.",
    version: Version.number,
    subcommands: [
      Demo.self, Train.self, Evaluate.self, Predict.self, Summary.self, Convert.self,
      Inspect.self, Doctor.self,
    ])

  /// Runs a verb and ends with the exit status that the command line promises: 0 done, 1 a failed
  /// check, 2 bad usage, 65 bad data, 70 a bug, 74 input or output failed.
  static func main() async {
    do {
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
    } catch {
      let isHelp = exitCode(for: error).isSuccess
      let text = fullMessage(for: error)
      if isHelp { Console.result(text) } else { Console.note(text) }
      end(withStatus: isHelp ? 0 : 2)
    }
  }
}

enum Version {
  static let number = "0.1.0"
}
