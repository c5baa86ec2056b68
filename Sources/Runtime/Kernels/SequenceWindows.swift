import KerasFormat

/// Keras's `padding` of convolutions and pooling over time.
public enum SequencePadding: String, Sendable {
  case valid, same, causal
}

/// Which input steps each output step of a convolution or pooling looks at.
///
/// Output `o` sees inputs `o·stride + k·dilation - left` for k = 0..<size; those outside 0..<steps
/// are padding. `same` gives ⌈T/stride⌉ outputs and puts the larger half of the padding behind;
/// `causal` puts all of it in front. Source: TensorFlow's `GetWindowedOutputSize`.
struct SequenceWindows {
  let size: Int
  let stride: Int
  let dilation: Int
  let padding: SequencePadding

  /// Steps that a window spans.
  var span: Int { (size - 1) * dilation + 1 }

  /// Output steps; less than one where `valid` finds no room.
  func outputSteps(for steps: Int) -> Int {
    switch padding {
    case .same: (steps + stride - 1) / stride
    case .valid: steps < span ? 0 : (steps - span) / stride + 1
    case .causal: (steps - 1) / stride + 1
    }
  }

  func left(for steps: Int) -> Int {
    switch padding {
    case .valid: 0
    case .causal: span - 1
    case .same: max((outputSteps(for: steps) - 1) * stride + span - steps, 0) / 2
    }
  }

  /// The shape after it, where there is one.
  func outputSteps(
    for steps: Int?, of className: String
  ) throws(KerasError) -> Int? {
    guard let steps else { return nil }
    let outputs = outputSteps(for: steps)
    guard outputs > 0 else {
      throw KerasError(
        .shapeMismatch, "\(steps) steps but \(className)'s window spans \(span) of them")
    }
    return outputs
  }

  /// For each output step and each place of the window the input step, -1 for padding:
  /// `[outputs × size]`.
  func sources(for steps: Int) -> [Int] {
    let left = left(for: steps)
    return (0..<outputSteps(for: steps)).flatMap { output in
      (0..<size).map { place in
        let source = output * stride + place * dilation - left
        return source >= 0 && source < steps ? source : -1
      }
    }
  }
}
