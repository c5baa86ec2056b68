import ArgumentParser

@main
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hornbill-bench",
    abstract: "How fast Hornbill is, piece by piece, and against what the machine can do.",
    subcommands: [
      Run.self, Prepare.self, Worker.self, Plot.self, Memory.self, Counted.self, Once.self,
    ], defaultSubcommand: Run.self)
}
