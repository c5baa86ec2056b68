import Foundation
import KerasFormat
import KerasRuntime

/// The files that the real Kerases wrote, under `fixtures/`.
package enum Fixtures {
  /// The path of a file there.
  package static func path(_ name: String, source: String = #filePath) -> String {
    let root = source.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    return root.joined(separator: "/") + "/fixtures/" + name
  }

  /// The folders in a folder there, by name; none when it is missing.
  package static func folders(_ name: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path(name))) ?? []
    return names.filter { FileManager.default.fileExists(atPath: path("\(name)/\($0)/.")) }.sorted()
  }

  package static func array(_ name: String) throws(KerasError) -> NumericArray {
    try NumericArray(npy: FileBytes.read(path(name)))
  }

  /// The largest difference between a model's prediction for `x.npy` and `y.npy` beside it; NaN where
  /// Keras has NaN counts as equal, anything else that is NaN as infinitely far.
  package static func difference(
    _ folder: String, _ file: String, expected: String = "y"
  ) throws -> Float {
    let network = try Network(contentsOf: path("\(folder)/\(file)"))
    let outputs = try network.predict([array("\(folder)/x.npy")])
    var worst: Float = 0
    for (index, output) in outputs.enumerated() {
      let expected = try array(
        index == 0 ? "\(folder)/\(expected).npy" : "\(folder)/\(expected)_\(index).npy")
      guard expected.shape == output.shape else { return .infinity }
      for (a, b) in zip(output.floats(), expected.floats()) where !(a.isNaN && b.isNaN) {
        worst = max(worst, (a - b).isNaN ? .infinity : abs(a - b))
      }
    }
    return worst
  }
}
