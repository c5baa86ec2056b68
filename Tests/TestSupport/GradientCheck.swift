import KerasFormat
import KerasRuntime

/// Compares hand-written gradients with numerical ones, in double precision.
///
/// The quantity differentiated is a fixed weighted sum of the network's outputs, so that every
/// output counts differently. Central differences with a step of 1e-6 are good to about 1e-9.
package struct GradientCheck {
  package let network: Network
  private let coefficients: [[Double]]
  private let input: NumericArray
  private let isTraining: Bool

  /// - Parameter isTraining: whether layers drop what they do while training, each time the same.
  package init(
    _ network: Network, input: NumericArray, seed: UInt64 = 11, isTraining: Bool = false
  ) throws {
    self.network = network
    self.isTraining = isTraining
    self.input = input
    var generator = Philox(seed: seed &+ 1)
    coefficients = try network.predict([input]).map { output in
      output.floats().map { _ in Double(generator.uniform()) + 0.25 }
    }
  }

  /// The largest difference over all weights, relative to the largest gradient of the same weight,
  /// and where it is.
  package func worst() throws -> (error: Double, place: String) {
    let parameters = perturbed()
    let gradients = Parameters<Double>(parameters.layout)
    var pass = Pass(
      generation: network.generation, isTraining: isTraining, keepsTrace: true)
    var trace = NetworkTrace<Double>()
    let tensor = Tensor<Double>(rows: 0..<input.shape[0], of: input, in: &pass.workspace)
    let outputs = try network.forward(
      [tensor], parameters: parameters, trace: &trace, pass: &pass)
    var outputGradients: [OutputGradient<Double>] = []
    for (signal, weights) in zip(outputs, coefficients) {
      let pointer = pass.workspace.scratch(Double.self, count: signal.tensor.count)
      for i in 0..<signal.tensor.count { pointer[i] = weights[i] }
      outputGradients.append(OutputGradient(pointer))
    }
    network.backward(
      outputGradients, trace: trace, parameters: parameters, gradients: gradients, pass: &pass)

    var worst = (error: 0.0, place: "nowhere")
    // What a layer keeps track of has no gradient.
    for (index, spec) in parameters.layout.specs.enumerated() where !spec.isTracked {
      let analytic = gradients.values(index)
      let scale = max(1e-3, analytic.map(abs).max() ?? 0)
      for i in 0..<spec.count {
        let numeric = try slope(of: parameters, at: parameters.pointer(index) + i)
        let error = abs(numeric - analytic[i]) / scale
        if !(error <= worst.error) {
          worst = (error, "\(spec.name)[\(i)]: \(analytic[i]) but differences give \(numeric)")
        }
      }
    }
    return worst
  }

  /// The weights with a different small number added to each, so that no bias is zero and no two
  /// gates are alike.
  private func perturbed() -> Parameters<Double> {
    let parameters = Parameters<Double>(copying: network.parameters)
    var generator = Philox(seed: 5)
    for index in parameters.layout.specs.indices {
      // Variances stay positive.
      let shift = parameters.layout.specs[index].isTracked ? 0 : 0.5
      parameters.set(
        index, to: parameters.values(index).map { $0 + Double(generator.uniform()) - shift })
    }
    return parameters
  }

  private func slope(
    of parameters: Parameters<Double>, at place: UnsafeMutablePointer<Double>
  ) throws -> Double {
    let value = place.pointee
    defer { place.pointee = value }
    place.pointee = value + 1e-6
    let above = try weightedSum(parameters)
    place.pointee = value - 1e-6
    return (above - (try weightedSum(parameters))) / 2e-6
  }

  private func weightedSum(_ parameters: Parameters<Double>) throws -> Double {
    var pass = Pass(generation: network.generation, isTraining: isTraining)
    var trace = NetworkTrace<Double>()
    let tensor = Tensor<Double>(rows: 0..<input.shape[0], of: input, in: &pass.workspace)
    let outputs = try network.forward([tensor], parameters: parameters, trace: &trace, pass: &pass)
    var sum = 0.0
    for (signal, weights) in zip(outputs, coefficients) {
      let values = signal.tensor.reals(in: &pass.workspace)
      for i in 0..<signal.tensor.count { sum += values[i] * weights[i] }
    }
    return sum
  }
}
