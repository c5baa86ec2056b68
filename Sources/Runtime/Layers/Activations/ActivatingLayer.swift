import KerasFormat

/// A layer without weights that stands as another's activation:
/// `Dense(4, activation=LeakyReLU(0.1))`.
///
/// Keras 2.15 and 3 write it as the layer that it is, with a name and a type of its own, and show it
/// nowhere else: it has no line in a summary and no group in a file.
public enum ActivatingLayer: Sendable, Equatable {
  case relu(ReLU)
  case leakyReLU(LeakyReLU)
  case elu(ELU)
  case thresholdedReLU(ThresholdedReLU)
  case softmax(Softmax)

  // MARK: Configuration

  /// - Parameter owner: what messages call it.
  /// - Returns: `nil` for a class that cannot stand here.
  init?(_ className: String, _ config: JSONObject, of owner: String) throws(KerasError) {
    switch className {
    case ReLU.className, LeakyReLU.className, ELU.className, ThresholdedReLU.className,
      Softmax.className:
      break
    case PReLU.className:
      throw KerasError(
        .unsupportedConfiguration, "a PReLU as an activation, whose weights are its own",
        at: .init(path: [owner]),
        hint: "behind a Dense or a convolution it can be a layer of its own")
    default: return nil
    }
    switch try LayerRegistry.layer(className: className, name: owner, config: config) {
    case let layer as ReLU: self = .relu(layer)
    case let layer as LeakyReLU: self = .leakyReLU(layer)
    case let layer as ELU: self = .elu(layer)
    case let layer as ThresholdedReLU: self = .thresholdedReLU(layer)
    case let layer as Softmax: self = .softmax(layer)
    default: return nil
    }
  }

  /// The layer itself.
  var layer: any Layer {
    switch self {
    case .relu(let layer): layer
    case .leakyReLU(let layer): layer
    case .elu(let layer): layer
    case .thresholdedReLU(let layer): layer
    case .softmax(let layer): layer
    }
  }

  var json: JSON {
    let layer = layer
    let className = type(of: layer).className
    var config: JSONObject = [
      "name": .string(LayerNames.snakeCase(className)), "trainable": true, "dtype": "float32",
    ]
    for (key, value) in layer.config.members { config[key] = value }
    return ["class_name": .string(className), "config": .object(config)]
  }

  // MARK: Function

  var derivativeNeedsInput: Bool {
    if case .softmax = self { return false }
    return true
  }

  /// `y = f(z)` on rows of `width` numbers; a softmax is over each of them.
  func apply<S: Scalar>(
    _ z: UnsafePointer<S>, into y: UnsafeMutablePointer<S>, vectors: Int, width: Int
  ) {
    let count = vectors * width
    switch self {
    case .relu(let layer): Self.map(z, y, count, layer)
    case .leakyReLU(let layer): Self.map(z, y, count, layer)
    case .elu(let layer): Self.map(z, y, count, layer)
    case .thresholdedReLU(let layer): Self.map(z, y, count, layer)
    case .softmax: Activation.softmax.apply(z, into: y, vectors: vectors, width: width)
    }
  }

  /// `dz = f'(z) · dy`; `dz` may be `dy`.
  func gradient<S: Scalar>(
    _ dy: UnsafePointer<S>, z: UnsafePointer<S>, y: UnsafePointer<S>,
    into dz: UnsafeMutablePointer<S>, vectors: Int, width: Int
  ) {
    let count = vectors * width
    switch self {
    case .relu(let layer): Self.pull(dy, z, dz, count, layer)
    case .leakyReLU(let layer): Self.pull(dy, z, dz, count, layer)
    case .elu(let layer): Self.pull(dy, z, dz, count, layer)
    case .thresholdedReLU(let layer): Self.pull(dy, z, dz, count, layer)
    case .softmax:
      Activation.softmax.gradient(dy, z: z, y: y, into: dz, vectors: vectors, width: width)
    }
  }

  private static func map<S: Scalar, L: ElementwiseLayer>(
    _ z: UnsafePointer<S>, _ y: UnsafeMutablePointer<S>, _ count: Int, _ layer: L
  ) {
    for i in 0..<count { y[i] = layer.value(z[i]) }
  }

  private static func pull<S: Scalar, L: ElementwiseLayer>(
    _ dy: UnsafePointer<S>, _ z: UnsafePointer<S>, _ dz: UnsafeMutablePointer<S>, _ count: Int,
    _ layer: L
  ) {
    for i in 0..<count { dz[i] = dy[i] * layer.slope(z[i]) }
  }
}

// MARK: - Over axes

extension Activation {
  /// A softmax that is not over the last of `rank` axes, the batch not counted.
  private func acrossAxes(rank: Int) -> Softmax? {
    guard case .layer(.softmax(let softmax)) = self, softmax.axis != [-1],
      softmax.axis != [rank]
    else { return nil }
    return softmax
  }

  /// Refuses a softmax over axes that numbers with `rank` axes, the batch not counted, do not have.
  func check(rank: Int) throws(KerasError) {
    guard let softmax = acrossAxes(rank: rank) else { return }
    _ = try AxisMap.positions(softmax.axis, rank: rank, of: Softmax.className)
  }

  /// `y = f(z)` on an array whose shape has the batch in front.
  func apply<S: Scalar>(
    _ z: UnsafePointer<S>, into y: UnsafeMutablePointer<S>, shape: Extents
  ) {
    let width = shape.last ?? 1
    if let groups = groups(shape) {
      Softmax.normalize(z, into: y, batch: shape[0], groups: groups)
    } else {
      apply(z, into: y, vectors: shape.dropLast().reduce(1, *), width: width)
    }
  }

  /// `dz = f'(z) · dy` on an array whose shape has the batch in front.
  func gradient<S: Scalar>(
    _ dy: UnsafePointer<S>, z: UnsafePointer<S>, y: UnsafePointer<S>,
    into dz: UnsafeMutablePointer<S>, shape: Extents
  ) {
    let width = shape.last ?? 1
    if let groups = groups(shape) {
      dz.update(repeating: 0, count: shape.product)
      Softmax.pull(dy, y: y, addingTo: dz, batch: shape[0], groups: groups)
    } else {
      gradient(dy, z: z, y: y, into: dz, vectors: shape.dropLast().reduce(1, *), width: width)
    }
  }

  private func groups(_ shape: Extents) -> [Int]? {
    acrossAxes(rank: shape.count - 1)?.groups(Array(shape.dropFirst()))
  }
}
