import KerasFormat

/// The activation functions of all Keras generations, by their canonical names: value and
/// derivative of each in one table.
///
/// Names are Keras 3's. Where a generation computes something else under the same name, that
/// function has a name of its own: ``legacyHardSigmoid`` is what `hard_sigmoid` means up to Keras
/// 2.15. Sources: `keras/src/activations/activations.py` of Keras 3.15, `keras/activations.py` of
/// 2.2.4.
public enum Activation: Sendable, Equatable {
  /// x
  case linear
  /// max(x, 0)
  case relu
  /// min(max(x, 0), 6)
  case relu6
  /// x for x ≥ 0, else 0.2x
  case leakyReLU
  /// x for x > 0, else eˣ − 1
  case elu
  /// x for x > 0, else eˣ − 1: with Keras's α of 1 the same as ``elu``
  case celu
  /// 1.0507·x for x > 0, else 1.0507·1.6733·(eˣ − 1) (Klambauer et al. 2017)
  case selu
  /// x·Φ(x), the exact form
  case gelu
  /// x·σ(x); `swish` is the same function
  case silu
  /// σ(x) = 1 / (1 + e⁻ˣ)
  case sigmoid
  /// Keras 3: relu6(x + 3) / 6
  case hardSigmoid
  /// Keras 1 to 2.15's `hard_sigmoid`: clip(0.2x + 0.5, 0, 1)
  case legacyHardSigmoid
  /// x·relu6(x + 3) / 6; `hard_swish` is the same function
  case hardSiLU
  /// The hyperbolic tangent
  case tanh
  /// min(max(x, -1), 1)
  case hardTanh
  /// x − tanh x
  case tanhShrink
  /// x ∓ 0.5 outside ±0.5, else 0
  case softShrink
  /// x outside ±0.5, else 0
  case hardShrink
  /// ln(1 + eˣ)
  case softplus
  /// x / (1 + |x|)
  case softsign
  /// eˣ
  case exponential
  /// ln σ(x)
  case logSigmoid
  /// x·tanh(ln(1 + eˣ)) (Misra 2019)
  case mish
  /// (x + √(x² + 4)) / 2
  case squareplus
  /// (x + 1)² / 4 within ±1, 0 below and x above
  case sparsePlus
  /// (x + 1) / 2 within ±1, 0 below and 1 above
  case sparseSigmoid
  /// Over the last axis.
  case softmax
  /// Over the last axis.
  case logSoftmax
  /// max(x - τ, 0) with a τ for each row, as Keras 3 computes it. Over the last axis.
  case sparsemax
  /// a·σ(b), a and b the halves of the last axis, which it so halves (Dauphin et al. 2017).
  case glu
  /// A layer in a function's place.
  case layer(ActivatingLayer)

  /// The functions that have a name.
  public static let named: KeyValuePairs<String, Activation> = [
    "linear": .linear, "relu": .relu, "relu6": .relu6, "leaky_relu": .leakyReLU, "elu": .elu,
    "celu": .celu, "selu": .selu, "gelu": .gelu, "silu": .silu, "sigmoid": .sigmoid,
    "hard_sigmoid": .hardSigmoid, "legacy_hard_sigmoid": .legacyHardSigmoid,
    "hard_silu": .hardSiLU, "tanh": .tanh, "hard_tanh": .hardTanh, "tanh_shrink": .tanhShrink,
    "soft_shrink": .softShrink, "hard_shrink": .hardShrink, "softplus": .softplus,
    "softsign": .softsign, "exponential": .exponential, "log_sigmoid": .logSigmoid,
    "mish": .mish, "squareplus": .squareplus, "sparse_plus": .sparsePlus,
    "sparse_sigmoid": .sparseSigmoid, "softmax": .softmax, "log_softmax": .logSoftmax,
    "sparsemax": .sparsemax, "glu": .glu,
  ]

  /// Other names of the same functions.
  package static let aliases = ["swish": "silu", "hard_swish": "hard_silu"]

  /// - Throws: ``KerasError`` with a suggestion when nothing has this name.
  public init(named name: String) throws(KerasError) {
    let canonical = Self.aliases[name] ?? name
    guard let activation = Self.named.first(where: { $0.key == canonical })?.value else {
      let known = Self.named.map(\.key) + Self.aliases.keys
      throw KerasError(
        .unknownName, "unknown activation '\(name)'",
        hint: Suggestion.hint(for: name, among: known)
          ?? "known are \(known.sorted().joined(separator: ", "))")
    }
    self = activation
  }

  /// How a config says it: by its name, or as the layer it is.
  package var json: JSON {
    if case .layer(let layer) = self { return layer.json }
    return Self.named.first { $0.value == self }.map { .string($0.key) } ?? .null
  }

  /// How many numbers come out of a row of `width`; `nil` where the function cannot take such a
  /// row.
  package func outputWidth(of width: Int) -> Int? {
    guard self == .glu else { return width }
    return width.isMultiple(of: 2) ? width / 2 : nil
  }

  /// Whether the derivative follows from the output alone, so that the input need not be kept.
  package var derivativeNeedsInput: Bool {
    switch self {
    case .linear, .relu, .relu6, .leakyReLU, .elu, .celu, .selu, .sigmoid, .hardSigmoid,
      .legacyHardSigmoid, .tanh, .hardTanh, .softsign, .exponential, .softplus, .softmax,
      .logSoftmax, .logSigmoid, .sparseSigmoid, .hardShrink, .softShrink:
      false
    case .sparsemax, .glu, .gelu, .silu, .hardSiLU, .tanhShrink, .mish, .squareplus, .sparsePlus:
      true
    case .layer(let layer): layer.derivativeNeedsInput
    }
  }
}

extension Activation {
  /// `y = f(z)` on `vectors` rows of `width` numbers; `y` may be `z` where the width stays.
  @specialized(where S == Float)
  public func apply<S: Scalar>(
    _ z: UnsafePointer<S>, into y: UnsafeMutablePointer<S>, vectors: Int, width: Int
  ) {
    if S.roundsOperations {
      S.applyRounding(self, z, into: y, vectors: vectors, width: width)
    } else {
      compute(z, into: y, vectors: vectors, width: width)
    }
  }

  /// The functions as their formulas are written.
  @specialized(where S == Float)
  @inline(__always)
  func compute<S: Scalar>(
    _ z: UnsafePointer<S>, into y: UnsafeMutablePointer<S>, vectors: Int, width: Int
  ) {
    let count = vectors * width
    switch self {
    case .linear: map(z, y, count) { $0 }
    case .relu: map(z, y, count) { $0 <= 0 ? 0 : $0 }
    case .relu6: map(z, y, count) { clip($0, 0, 6) }
    case .leakyReLU: map(z, y, count) { $0 >= 0 ? $0 : 0.2 * $0 }
    case .elu, .celu: map(z, y, count) { $0 > 0 ? $0 : S.expm1($0) }
    case .selu: map(z, y, count) { Selu<S>.scale * ($0 > 0 ? $0 : Selu<S>.alpha * S.expm1($0)) }
    case .gelu: map(z, y, count) { $0 * normalCDF($0) }
    case .silu: map(z, y, count) { $0 * S.logistic($0) }
    case .sigmoid: S.sigmoid(z, into: y, count: count)
    case .hardSigmoid: map(z, y, count) { clip($0 + 3, 0, 6) / 6 }
    case .legacyHardSigmoid: map(z, y, count) { clip(0.2 * $0 + 0.5, 0, 1) }
    case .hardSiLU: map(z, y, count) { $0 * clip($0 + 3, 0, 6) / 6 }
    case .tanh: S.tanh(z, into: y, count: count)
    case .hardTanh: map(z, y, count) { clip($0, -1, 1) }
    case .tanhShrink: map(z, y, count) { $0 - S.tanh($0) }
    case .softShrink: map(z, y, count) { $0 > 0.5 ? $0 - 0.5 : $0 < -0.5 ? $0 + 0.5 : $0 * 0 }
    case .hardShrink: map(z, y, count) { abs($0) <= 0.5 ? 0 : $0 }
    case .softplus: map(z, y, count) { S.softplus($0) }
    case .softsign: map(z, y, count) { $0 / (1 + abs($0)) }
    case .exponential: S.exp(z, into: y, count: count)
    case .logSigmoid: map(z, y, count) { -S.softplus(-$0) }
    case .mish: map(z, y, count) { $0 * S.tanh(S.softplus($0)) }
    case .squareplus: map(z, y, count) { ($0 + ($0 * $0 + 4).squareRoot()) / 2 }
    case .sparsePlus:
      map(z, y, count) { $0 <= -1 ? 0 : $0 < 1 ? ($0 + 1) * ($0 + 1) / 4 : $0 }
    case .sparseSigmoid: map(z, y, count) { $0 <= -1 ? 0 : $0 < 1 ? ($0 + 1) / 2 : 1 }
    case .softmax, .logSoftmax, .sparsemax, .glu:
      let outputWidth = outputWidth(of: width) ?? 0
      for row in 0..<vectors { applyToRow(z + row * width, y + row * outputWidth, width) }
    case .layer(let layer): layer.apply(z, into: y, vectors: vectors, width: width)
    }
  }

  /// `dz = f'(z) · dy`; `dz` may be `dy` where the width stays. `z` is only
  /// read where ``derivativeNeedsInput``. `width` is that of a row of `z`.
  @specialized(where S == Float)
  public func gradient<S: Scalar>(
    _ dy: UnsafePointer<S>, z: UnsafePointer<S>, y: UnsafePointer<S>,
    into dz: UnsafeMutablePointer<S>, vectors: Int, width: Int
  ) {
    let count = vectors * width
    switch self {
    case .linear: pull(dy, z, y, dz, count) { _, _ in 1 }
    case .relu: pull(dy, z, y, dz, count) { _, y in y > 0 ? 1 : 0 }
    case .relu6: pull(dy, z, y, dz, count) { _, y in y > 0 && y < 6 ? 1 : 0 }
    case .leakyReLU: pull(dy, z, y, dz, count) { _, y in y >= 0 ? 1 : 0.2 }
    case .elu, .celu: pull(dy, z, y, dz, count) { _, y in y > 0 ? 1 : y + 1 }
    case .selu:
      pull(dy, z, y, dz, count) { _, y in
        y > 0 ? Selu<S>.scale : y + Selu<S>.scale * Selu<S>.alpha
      }
    case .gelu:
      pull(dy, z, y, dz, count) { z, _ in
        normalCDF(z) + z * S.exp(-z * z / 2) * 0.398942280401432678
      }
    case .silu:
      pull(dy, z, y, dz, count) { z, _ in
        let s = S.logistic(z)
        return s * (1 + z * (1 - s))
      }
    case .sigmoid: pull(dy, z, y, dz, count) { _, y in y * (1 - y) }
    case .hardSigmoid:
      pull(dy, z, y, dz, count) { _, y in y > 0 && y < 1 ? S(1) / 6 : 0 }
    case .legacyHardSigmoid: pull(dy, z, y, dz, count) { _, y in y > 0 && y < 1 ? 0.2 : 0 }
    case .hardSiLU:
      pull(dy, z, y, dz, count) { z, _ in z <= -3 ? 0 : z >= 3 ? 1 : (2 * z + 3) / 6 }
    case .tanh: pull(dy, z, y, dz, count) { _, y in 1 - y * y }
    case .hardTanh: pull(dy, z, y, dz, count) { _, y in y > -1 && y < 1 ? 1 : 0 }
    case .tanhShrink:
      pull(dy, z, y, dz, count) { z, _ in
        let t = S.tanh(z)
        return t * t
      }
    case .softShrink, .hardShrink: pull(dy, z, y, dz, count) { _, y in y == 0 ? 0 : 1 }
    case .softplus: pull(dy, z, y, dz, count) { _, y in -S.expm1(-y) }
    case .softsign:
      pull(dy, z, y, dz, count) { _, y in (1 - abs(y)) * (1 - abs(y)) }
    case .exponential: pull(dy, z, y, dz, count) { _, y in y }
    case .logSigmoid: pull(dy, z, y, dz, count) { _, y in -S.expm1(y) }
    case .mish:
      pull(dy, z, y, dz, count) { z, _ in
        let t = S.tanh(S.softplus(z))
        return t + z * (1 - t * t) * S.logistic(z)
      }
    case .squareplus:
      pull(dy, z, y, dz, count) { z, _ in (1 + z / (z * z + 4).squareRoot()) / 2 }
    case .sparsePlus:
      pull(dy, z, y, dz, count) { z, _ in z <= -1 ? 0 : z < 1 ? (z + 1) / 2 : 1 }
    case .sparseSigmoid: pull(dy, z, y, dz, count) { _, y in y > 0 && y < 1 ? 0.5 : 0 }
    case .softmax, .logSoftmax, .sparsemax, .glu:
      let outputWidth = outputWidth(of: width) ?? 0
      for row in 0..<vectors {
        let (z, dz) = (z + row * width, dz + row * width)
        let (y, dy) = (y + row * outputWidth, dy + row * outputWidth)
        pullRow(dy, z, y, dz, width)
      }
    case .layer(let layer):
      layer.gradient(dy, z: z, y: y, into: dz, vectors: vectors, width: width)
    }
  }
}

// MARK: - Pieces of the table

private enum Selu<S: Scalar> {
  @inline(__always) static var scale: S { 1.0507009873554805 }
  @inline(__always) static var alpha: S { 1.6732632423543772 }
}

@inline(__always)
private func map<S: Scalar>(
  _ z: UnsafePointer<S>, _ y: UnsafeMutablePointer<S>, _ count: Int, _ function: (S) -> S
) {
  for i in 0..<count { y[i] = function(z[i]) }
}

@inline(__always)
private func pull<S: Scalar>(
  _ dy: UnsafePointer<S>, _ z: UnsafePointer<S>, _ y: UnsafePointer<S>,
  _ dz: UnsafeMutablePointer<S>, _ count: Int, _ derivative: (_ z: S, _ y: S) -> S
) {
  for i in 0..<count { dz[i] = dy[i] * derivative(z[i], y[i]) }
}

/// NaN stays NaN.
@inline(__always)
private func clip<S: Scalar>(_ x: S, _ low: S, _ high: S) -> S {
  x < low ? low : x > high ? high : x
}

/// Φ(x), the distribution function of the standard normal.
@inline(__always)
private func normalCDF<S: Scalar>(_ x: S) -> S { (1 + S.erf(x * 0.70710678118654752440)) / 2 }
