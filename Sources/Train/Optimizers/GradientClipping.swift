import KerasFormat
import KerasRuntime

/// Bounds on gradients, in each generation's meaning.
///
/// Keras 1 and 2.2: `clipnorm` is of all gradients together, `clipvalue` follows. 2.15 and 3: the
/// first of `clipnorm` (each weight's), `global_clipnorm`, `clipvalue` that is set. The legacy
/// optimizers of
/// 2.15: all of them, `clipvalue` first. A bound of zero is none.
///
/// Where embeddings hand over their gradients id by id, each occurrence counts by itself: in norms
/// with its own square (but not in Keras 1 and 2.2), and values are cut before they are summed.
/// That is how TensorFlow clips, from 1.15 on.
struct GradientClipping {
  private enum Bound {
    case value(Float)
    case norm(Float)
    case globalNorm(Float)
    /// Keras 1's and 2's way to scale: only above the bound.
    case oldGlobalNorm(Float)
  }

  private let bounds: [Bound]
  /// Whether Keras 3 adds up an id's occurrences when it scales by the global norm.
  private let sumsWhenScaling: Bool

  init(_ options: OptimizerOptions, _ rules: OptimizerRules) {
    func bound(_ value: Double?) -> Float? { value.flatMap { $0 > 0 ? Float($0) : nil } }
    let value = bound(options.clipvalue).map(Bound.value)
    let norm = bound(options.clipnorm).map(Bound.norm)
    let global = bound(options.globalClipnorm)
    let all: [Bound?] =
      switch rules {
      case .keras1, .keras2: [global.map(Bound.oldGlobalNorm), value]
      case .legacy: [value, norm, global.map(Bound.globalNorm)]
      case .keras2_15, .keras3: [norm ?? global.map(Bound.globalNorm) ?? value]
      }
    bounds = all.compactMap { $0 }
    sumsWhenScaling = rules == .keras3
  }

  var isEmpty: Bool { bounds.isEmpty }

  /// Whether values are cut one by one.
  var cutsValues: Bool {
    bounds.contains { if case .value = $0 { true } else { false } }
  }

  /// Clips in place.
  ///
  /// - Returns: the occurrences that are still to be counted one by one; the others have been
  ///   summed into `gradients`.
  @discardableResult
  func apply(
    to gradients: Parameters<Float>, _ trainable: [Int], occurrences: [TableGradient]
  ) -> [TableGradient] {
    var occurrences = occurrences
    for bound in bounds {
      switch bound {
      case .value(let limit):
        for index in trainable {
          cut(gradients.pointer(index), gradients.layout.specs[index].count, limit)
        }
        for table in occurrences { cut(table.vectors, table.count * table.width, limit) }
      case .norm(let limit):
        for index in trainable {
          let own = occurrences.filter {
            $0.table == UnsafeMutableRawPointer(gradients.pointer(index))
          }
          let norm = squares(of: [index], gradients, own).squareRoot()
          let divisor = max(norm, limit)
          scale([index], gradients, own) { $0 * limit / divisor }
        }
      case .globalNorm(let limit):
        let norm = squares(of: trainable, gradients, occurrences).squareRoot()
        // An infinite norm makes everything NaN, as in Keras.
        let factor = limit * min(1 / norm, 1 / limit) + (norm - norm)
        scale(trainable, gradients, occurrences) { $0 * factor }
        if sumsWhenScaling {
          for table in occurrences { TableUpdates.sum(table) }
          occurrences = []
        }
      case .oldGlobalNorm(let limit):
        let norm = normOfSums(trainable, gradients, occurrences)
        if norm >= limit {
          let factor = limit / norm
          scale(trainable, gradients, occurrences) { $0 * factor }
        }
      }
    }
    return occurrences
  }

  /// The norm of gradients with their occurrences summed, which they are not afterwards.
  private func normOfSums(
    _ trainable: [Int], _ gradients: Parameters<Float>, _ occurrences: [TableGradient]
  ) -> Float {
    guard !occurrences.isEmpty else { return squares(of: trainable, gradients, []).squareRoot() }
    let sums = Parameters<Float>(copying: gradients)
    for table in occurrences { TableUpdates.sum(table.moved(from: gradients, to: sums)) }
    return squares(of: trainable, sums, []).squareRoot()
  }

  private func cut(_ values: UnsafeMutablePointer<Float>, _ count: Int, _ limit: Float) {
    for i in 0..<count { values[i] = min(max(values[i], -limit), limit) }
  }

  private func squares(
    of indices: [Int], _ gradients: Parameters<Float>, _ occurrences: [TableGradient]
  ) -> Float {
    var total: Float = 0
    for index in indices {
      total += sum(gradients.pointer(index), gradients.layout.specs[index].count)
    }
    for table in occurrences { total += sum(table.vectors, table.count * table.width) }
    return total
  }

  /// The sum of squares, in eight parts so that it can be computed eight at a time.
  private func sum(_ values: UnsafeMutablePointer<Float>, _ count: Int) -> Float {
    var parts = SIMD8<Float>()
    var i = 0
    while i + 8 <= count {
      let block = UnsafeRawPointer(values + i).loadUnaligned(as: SIMD8<Float>.self)
      parts += block * block
      i += 8
    }
    var total = parts.sum()
    while i < count {
      total += values[i] * values[i]
      i += 1
    }
    return total
  }

  @inline(__always)
  private func scale(
    _ indices: [Int], _ gradients: Parameters<Float>, _ occurrences: [TableGradient],
    _ scaled: (Float) -> Float
  ) {
    for index in indices {
      let gradient = gradients.pointer(index)
      for i in 0..<gradients.layout.specs[index].count { gradient[i] = scaled(gradient[i]) }
    }
    for table in occurrences {
      for i in 0..<table.count * table.width { table.vectors[i] = scaled(table.vectors[i]) }
    }
  }
}
