import KerasFormat
import KerasRuntime

/// The regularizers of a model's weights: what they add to its loss, and to the weights' gradients.
struct WeightPenalties: Sendable {
  private struct Entry: Sendable {
    let index: Int
    let shape: [Int]
    let regularizer: any Regularizer
  }

  private let entries: [Entry]

  /// - Throws: ``KerasError`` naming the layer and the weight whose regularizer is not known.
  init(of network: Network, generation: Generation) throws(KerasError) {
    var entries: [Entry] = []
    var seen: Set<Int> = []
    for node in network.nodes {
      for index in node.weights where seen.insert(index).inserted {
        let spec = network.parameters.layout.specs[index]
        do throws(KerasError) {
          guard let regularizer = try RegularizerRegistry.regularizer(spec.settings.regularizer)
          else { continue }
          if let objection = regularizer.objection(to: spec.shape) {
            throw KerasError(.unsupportedConfiguration, objection)
          }
          // Keras 3 leaves out what training does not change.
          let isFrozen = !node.isTrainable || !spec.isTrainable
          if isFrozen && generation == .keras3 { continue }
          entries.append(Entry(index: index, shape: spec.shape, regularizer: regularizer))
        } catch {
          throw error.inside("regularizer").inside(spec.name).inside(node.name)
        }
      }
    }
    self.entries = entries
  }

  func penalty<S: Scalar>(_ parameters: Parameters<S>) -> Double {
    entries.reduce(0) {
      $0 + $1.regularizer.penalty(of: parameters.pointer($1.index), shape: $1.shape)
    }
  }

  func addGradients<S: Scalar>(of parameters: Parameters<S>, to gradients: Parameters<S>) {
    for entry in entries {
      entry.regularizer.addGradient(
        of: parameters.pointer(entry.index), shape: entry.shape, scale: 1,
        to: gradients.pointer(entry.index))
    }
  }
}
