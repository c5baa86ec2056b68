import KerasFormat

/// Which of a sequence's two axes after the batch is time: Keras's `data_format`.
///
/// Layers compute on `(B, T, C)`; with `channels_first`, `(B, C, T)` is turned on the way in and
/// out.
struct SequenceLayout: Sendable, Equatable {
  var isChannelsFirst = false

  init(isChannelsFirst: Bool = false) { self.isChannelsFirst = isChannelsFirst }

  init(from config: inout ConfigReader) throws(KerasError) {
    isChannelsFirst = try config.channelsFirst()
  }

  var json: JSON { isChannelsFirst ? "channels_first" : "channels_last" }

  /// Steps and channels of an input's shape.
  func axes(
    of input: Shape, for className: String
  ) throws(KerasError) -> (steps: Int?, channels: Int?) {
    guard input.rank == 2 else {
      let axes = isChannelsFirst ? "(batch, features, steps)" : "(batch, steps, features)"
      throw KerasError(.shapeMismatch, "input \(input) but \(className) needs \(axes)")
    }
    let (first, second) = (input.extents[0], input.extents[1])
    return isChannelsFirst ? (second, first) : (first, second)
  }

  func shape(steps: Int?, channels: Int?) -> Shape {
    isChannelsFirst ? [channels, steps] : [steps, channels]
  }

  /// The numbers of `tensor` as `(B, T, C)`.
  func incoming<S: Scalar>(_ tensor: Tensor<S>, _ workspace: inout Workspace) -> Tensor<S> {
    let x = tensor.reals(in: &workspace)
    guard isChannelsFirst else { return Tensor(x, shape: tensor.shape) }
    let (batch, channels, steps) = (tensor.shape[0], tensor.shape[1], tensor.shape[2])
    let y = workspace.scratch(S.self, count: tensor.count)
    Self.turn(x, into: y, batch: batch, rows: channels, columns: steps, adding: false)
    return Tensor(y, shape: [batch, steps, channels])
  }

  /// `(B, T, C)` as the model has it.
  func outgoing<S: Scalar>(_ tensor: Tensor<S>, _ workspace: inout Workspace) -> Tensor<S> {
    guard isChannelsFirst else { return tensor }
    let (batch, steps, channels) = (tensor.shape[0], tensor.shape[1], tensor.shape[2])
    let y = workspace.scratch(S.self, count: tensor.count)
    Self.turn(
      tensor.reals(in: &workspace), into: y, batch: batch, rows: steps, columns: channels,
      adding: false)
    return Tensor(y, shape: [batch, channels, steps])
  }

  /// Adds the gradient of `incoming`'s result to that of its argument, of extents `shape` (B, T,
  /// C).
  func add<S: Scalar>(
    _ gradient: UnsafeMutablePointer<S>, shape: Extents, to target: UnsafeMutablePointer<S>
  ) {
    guard isChannelsFirst else {
      Elementwise.add(gradient, to: target, count: shape.reduce(1, *))
      return
    }
    Self.turn(
      gradient, into: target, batch: shape[0], rows: shape[1], columns: shape[2], adding: true)
  }

  private static func turn<S: Scalar>(
    _ source: UnsafePointer<S>, into target: UnsafeMutablePointer<S>, batch: Int, rows: Int,
    columns: Int, adding: Bool
  ) {
    for b in 0..<batch {
      let (from, to) = (source + b * rows * columns, target + b * rows * columns)
      for row in 0..<rows {
        for column in 0..<columns {
          let value = from[row * columns + column]
          if adding { to[column * rows + row] += value } else { to[column * rows + row] = value }
        }
      }
    }
  }
}

extension ConfigReader {
  /// Reads `data_format`.
  mutating func channelsFirst() throws(KerasError) -> Bool {
    let format = try string("data_format", default: "channels_last")
    guard format == "channels_last" || format == "channels_first" else {
      throw error("data_format", "'\(format)' but channels_last or channels_first belongs here")
    }
    return format == "channels_first"
  }
}
