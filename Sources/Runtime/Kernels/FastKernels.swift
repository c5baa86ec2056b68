import CKerasKernels

/// Ways from generic code to the loops of an instruction set, which know `Float` alone.
extension Scalar {
  /// The instruction set whose loops do this type's work; `nil` for all but `Float`.
  static var instructions: InstructionSet? { Self.self == Float.self ? .current : nil }

  /// What the loops for gates know these activations as; `nil` where there are none.
  static func gate(of activation: Activation, _ recurrent: Activation) -> HornbillGate? {
    guard instructions != nil, activation == .tanh else { return nil }
    switch recurrent {
    case .sigmoid: return HornbillGateSigmoid
    case .legacyHardSigmoid: return HornbillGateLegacyHardSigmoid
    case .hardSigmoid: return HornbillGateHardSigmoid
    default: return nil
    }
  }

  /// The loops for gates with these activations; `nil` where there are none.
  static func kernels(
    of activation: Activation, _ recurrent: Activation
  ) -> (UnsafePointer<HornbillKernels>, HornbillGate)? {
    guard let gate = gate(of: activation, recurrent), let kernels = instructions?.kernels else {
      return nil
    }
    return (kernels, gate)
  }
}

// SAFETY: asked for only where `instructions` says that the numbers are `Float`s.
extension UnsafePointer {
  /// The same memory where `Pointee` is known to be `Float`.
  var floats: UnsafePointer<Float> {
    UnsafeRawPointer(self).assumingMemoryBound(to: Float.self)
  }
}

// SAFETY: as above.
extension UnsafeMutablePointer {
  /// The same memory where `Pointee` is known to be `Float`.
  var floats: UnsafeMutablePointer<Float> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: Float.self)
  }
}
