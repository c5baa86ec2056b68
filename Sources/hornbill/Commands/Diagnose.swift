import ArgumentParser
import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain
import Synchronization

extension Diagnosis.Trying: ExpressibleByArgument {}

/// `hornbill diagnose`: why a loss stands still, and what ends it.
struct Diagnose: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diagnose",
    abstract: "Find out why a loss stands still, and try what ends it.",
    discussion: """
      hornbill diagnose --architecture gru --data reviews.tsv --padding post --max-length 50
      hornbill diagnose gru.json --weights gru.weights.h5 --data reviews.tsv --report report
      hornbill diagnose --resume run.keras --data reviews.tsv

      The training is run for --epochs (default: 10) and looked at from inside; then it is run again with \
      each remedy, from the same weights and --seed (default: 1). Nothing is saved but the report. Runs are \
      judged by --validation-split, or else by the rows held back; of arrays the last fifth is.
      """)

  @OptionGroup var setup: TrainingSetup

  @Option(
    help: """
      A run that stopped: a .keras file that --checkpoint, --backup or an interrupted train wrote.
      """, completion: .file())
  var resume: String?

  @Option(
    help: """
      Whether remedies are tried: auto, where a cause is named that lies in the training; all, whatever \
      is found; none.
      """)
  var remedies = Diagnosis.Trying.auto

  @Option(
    help: "The folder for diagnosis.html, diagnosis.svg and diagnosis.json.", completion: .directory
  )
  var report = "."

  @Flag(help: "Print diagnosis.json instead of the summary.")
  var json = false

  func validate() throws {
    if [setup.model, setup.architecture?.text, resume].compactMap({ $0 }).count != 1 {
      throw ValidationError("Give one of a model file, --architecture and --resume.")
    }
    try setup.requireOneOfEach()
    if setup.training.epochs == 0 {
      throw ValidationError("--epochs 0 but a diagnosis trains for 1 or more.")
    }
    if setup.training.initialEpoch != 0 {
      throw ValidationError("--initial-epoch goes with train; here each run starts at 0.")
    }
  }

  func run() throws {
    try DiagnosisReport.prepareFolder(report)
    let subject = try subject()
    let interruption = Interruption()
    defer { withExtendedLifetime(interruption) {} }
    let progress = DiagnosisProgress()
    let diagnosis = try Diagnosis(
      of: subject, trying: remedies, watch: { progress.show($0) },
      isInterrupted: { Interruption.came })
    progress.end()
    try DiagnosisReport(
      diagnosis, title: "Diagnosis of \(subject.model.network.name)",
      command: ShellText.command(Array(CommandLine.arguments.dropFirst()))
    ).write(to: report)
    if json {
      Console.result(diagnosis.json.pythonText(indent: 1))
    } else {
      Console.result("\(diagnosis.text)\n\nreport: \(report)/diagnosis.html")
    }
    if Interruption.came { throw ExitCode(Interruption.exitStatus) }
  }

  private func subject() throws(KerasError) -> Diagnosis.Subject {
    let checkpoint: Checkpoint?
    if let resume { checkpoint = try Checkpoint(contentsOf: resume) } else { checkpoint = nil }
    // The weights that are drawn, too, are those of a seed.
    var setup = setup
    if checkpoint == nil { setup.training.seed = setup.training.seed ?? 1 }
    let start: Model?
    if let checkpoint { start = checkpoint.model } else { start = try setup.loaded() }
    let material = try setup.material(for: start)
    let generation = checkpoint?.model.compilation?.generation ?? setup.generation(of: start)
    var settings = try setup.training.settings(
      validation: material.validation, goingOnFrom: checkpoint)
    // A run that stopped is compiled as it was.
    let model: Model
    if let checkpoint {
      model = checkpoint.model
    } else {
      model = try setup.compiled(start, material, generation: generation)
    }
    settings.initialEpoch = 0
    settings.epochs = setup.training.epochs ?? 10
    if settings.seed == nil { settings.seed = 1 }
    if settings.validationSplit == 0, settings.validationData == nil {
      settings.validationData = material.test
    }
    return Diagnosis.Subject(
      model: model, data: material.training, settings: settings, texts: material.texts,
      past: checkpoint?.history)
  }
}

/// Says on a terminal what is being done.
private final class DiagnosisProgress: Sendable {
  private let tried = Mutex(0)

  func show(_ stage: Diagnosis.Stage) {
    guard Console.isTerminal else { return }
    let text: String
    switch stage {
    case .measuring: text = "looking at the rows and the model"
    case .training(let epochs): text = "training as it is, \(counted(epochs, "epoch"))"
    case .rangeTest: text = "testing the range of learning rates"
    case .trying(let title, let count):
      let number = tried.withLock { tried in
        tried += 1
        return tried
      }
      text = "trying \(number) of \(count): \(title)"
    }
    Console.progress("\r\u{1B}[K\(text)")
  }

  func end() { if Console.isTerminal { Console.progress("\r\u{1B}[K") } }
}
