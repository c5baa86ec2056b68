/// A dense row-major array in a ``Workspace``: a view that owns nothing and is valid as long as
/// the workspace is not reset. The first axis is the batch.
public struct Tensor<S: Scalar> {
  /// The numbers; token ids keep their integer type until an embedding has looked them up.
  public enum Content {
    /// Numbers that layers compute with.
    case reals(UnsafeMutablePointer<S>)
    /// Token ids.
    case ids(UnsafeMutablePointer<Int32>)
    /// Vectors that still lie in the table of an embedding.
    case words(WordVectors<S>)
  }

  /// Where its numbers lie.
  public let content: Content
  /// All extents, the batch first.
  public let shape: Extents

  /// Numbers as they lie, row-major.
  public init(_ pointer: UnsafeMutablePointer<S>, shape: Extents) {
    content = .reals(pointer)
    self.shape = shape
  }

  /// Token ids as they lie, row-major.
  public init(ids: UnsafeMutablePointer<Int32>, shape: Extents) {
    content = .ids(ids)
    self.shape = shape
  }

  /// The same numbers, of another tensor, in another shape.
  public init(_ content: Content, shape: Extents) {
    self.content = content
    self.shape = shape
  }

  /// Rows of the batch.
  public var batch: Int { shape[0] }
  /// The extent of the last axis.
  public var width: Int { shape[shape.count - 1] }
  /// How many numbers it holds.
  public var count: Int { shape.product }
  /// Everything but the last axis: the number of vectors that a layer on the last axis sees.
  public var vectors: Int { shape.dropLast().reduce(1, *) }

  /// The words whose vectors its last axis holds; `nil` where it is not known of any.
  var words: WordVectors<S>? {
    guard case .words(let words) = content, words.width == width else { return nil }
    return words
  }

  /// The numbers as reals. Ids are converted into the workspace, words looked up there.
  public func reals(in workspace: inout Workspace) -> UnsafeMutablePointer<S> {
    switch content {
    case .reals(let pointer): return pointer
    case .ids(let ids):
      let pointer = workspace.scratch(S.self, count: count)
      for i in 0..<count { pointer[i] = S(ids[i]) }
      return pointer
    case .words(let words):
      let pointer = workspace.scratch(S.self, count: count)
      MatrixRows(words.table, stride: words.width, numbers: words.ids).copy(
        count / max(1, words.width), width: words.width, to: pointer, stride: words.width)
      return pointer
    }
  }
}

/// The vectors of some words as rows of the table that an embedding looks them up in. A layer that
/// computes the same for the same word does so once for each word of a batch; for all others
/// ``Tensor/reals(in:)`` looks them up.
public struct WordVectors<S: Scalar> {
  /// One for each vector, 0 ..< V.
  public let ids: UnsafePointer<Int32>
  /// `[V × width]`
  public let table: UnsafePointer<S>
  /// Numbers in a vector.
  public let width: Int
  /// V
  public let rows: Int
}

/// Which time steps of each row count, `true` for a step that does: `[batch × steps]`, or one flag
/// for every vector of a tensor with more axes.
public struct Mask {
  /// `true` for what counts, row-major.
  public let flags: UnsafeMutablePointer<Bool>
  /// The batch first.
  public let shape: Extents

  /// Flags as they lie, row-major.
  public init(_ flags: UnsafeMutablePointer<Bool>, shape: Extents) {
    self.flags = flags
    self.shape = shape
  }

  /// What is not zero counts.
  init<S: Scalar>(_ tensor: Tensor<S>, in workspace: inout Workspace) {
    flags = workspace.scratch(Bool.self, count: tensor.count)
    shape = tensor.shape
    switch tensor.content {
    case .ids(let ids): for i in 0..<tensor.count { flags[i] = ids[i] != 0 }
    case .reals, .words:
      let x = tensor.reals(in: &workspace)
      for i in 0..<tensor.count { flags[i] = x[i] != 0 }
    }
  }

  /// How many flags it holds.
  public var count: Int { shape.product }
  /// Rows of the batch.
  public var batch: Int { shape[0] }
  /// Flags of one row.
  public var steps: Int { shape.dropFirst().reduce(1, *) }
}

/// What flows along one edge of the network: a tensor, the mask that Keras sends beside it, and,
/// behind a sigmoid or softmax, the logits it was made of, from which losses are computed exactly.
public struct Signal<S: Scalar> {
  /// The numbers.
  public var tensor: Tensor<S>
  /// Which of its steps count; `nil` for all.
  public var mask: Mask?
  /// The input of the sigmoid or softmax that made `tensor`, of the same shape.
  public var logits: UnsafeMutablePointer<S>?

  /// By default without a mask, and not behind a sigmoid or softmax.
  public init(_ tensor: Tensor<S>, mask: Mask? = nil, logits: UnsafeMutablePointer<S>? = nil) {
    self.tensor = tensor
    self.mask = mask
    self.logits = logits
  }

  /// Looks its words up, if it holds any.
  mutating func lookUpWords(_ workspace: inout Workspace) {
    guard case .words = tensor.content else { return }
    tensor = Tensor(tensor.reals(in: &workspace), shape: tensor.shape)
  }
}
