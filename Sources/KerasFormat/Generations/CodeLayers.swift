/// Layers that hold code or reach for files: never decoded, refused by name wherever they stand.
package enum CodeLayers {
  /// What each does that is refused.
  package static let reasons: [String: String] = [
    "Lambda": "holds code of its own, which is never run",
    "TFSMLayer": "loads a SavedModel from a path, which is never opened",
    "TorchModuleWrapper": "holds a pickle, which is never run",
    "JaxLayer": "holds code of its own, which is never run",
    "FlaxLayer": "holds code of its own, which is never run",
  ]
}
