import ArgumentParser

@main
struct Hornbill: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Keras models in native Swift.")
}
