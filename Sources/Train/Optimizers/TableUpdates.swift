import KerasFormat
import KerasRuntime

/// The library below Keras 3. Both compute the same but in one point: TensorFlow keeps the gradient
/// of an embedding as one vector for each id that was looked up, and Keras 3's optimizers square
/// these vectors before those of one id are summed.
public enum Backend: String, Sendable, CaseIterable {
  /// By Keras's name.
  case tensorflow, jax, torch
}

/// Embedding tables whose gradients come occurrence by occurrence, where that makes a difference:
///
/// - Keras 3 on TensorFlow squares each occurrence of an id before it sums them, so that a running
///   mean of squares is that of `g₁² + g₂²` instead of `(g₁ + g₂)²`, Adamax compares `|g₁| + |g₂|`, and
///   clipping is of each occurrence. On JAX and torch, and in every Keras before, gradients of an
///   id are summed first, as the optimizers' papers have it: that is what is computed unless
///   ``Backend/tensorflow`` is asked for. A penalty on the table makes its gradient a dense one,
///   which is squared once.
/// - 2.15 clips them one by one, then sums; Keras 2.2 on TensorFlow 1.15 too, but norms are of the
///   sums.
/// - The legacy optimizers of 2.15 leave rows that no id has read as they are, all or in part.
struct TableUpdates {
  private enum Manner {
    case summed, squaredOneByOne, rowByRow
  }

  private struct Table {
    let index: Int
    let rows: Int
    let width: Int
    /// Whether a penalty on the table gives every row a gradient.
    let isRegularized: Bool
    /// Whether its gradient came occurrence by occurrence in this batch.
    var isCounted = false
    /// Which rows were read in this batch.
    var touched: [Bool] = []
  }

  private let manner: Manner
  private var tables: [Table]
  /// The sums over occurrences of squares and of absolute values, element by element.
  private let squares: Parameters<Float>?
  private let magnitudes: Parameters<Float>?

  /// - Parameter indices: the trainable tables.
  init(
    _ indices: [Int], layout: ParameterLayout, rules: OptimizerRules, backend: Backend?,
    clipping: GradientClipping
  ) {
    var manner: Manner?
    switch rules {
    case .keras3 where backend == .tensorflow: manner = .squaredOneByOne
    case .legacy: manner = .rowByRow
    case .keras2_15 where !clipping.isEmpty: manner = .summed
    case .keras2 where clipping.cutsValues: manner = .summed
    default: break
    }
    self.manner = manner ?? .summed
    tables =
      manner == nil
      ? []
      : indices.compactMap { index in
        let spec = layout.specs[index]
        // A penalty's gradient is dense, and so is its sum with that of the words.
        guard manner == .rowByRow || spec.settings.regularizer.isNull else { return nil }
        return Table(
          index: index, rows: spec.shape[0], width: spec.count / max(1, spec.shape[0]),
          isRegularized: !spec.settings.regularizer.isNull,
          touched: manner == .rowByRow ? Array(repeating: false, count: spec.shape[0]) : [])
      }
    let hasSums = manner == .squaredOneByOne && !tables.isEmpty
    squares = hasSums ? Parameters(layout) : nil
    magnitudes = hasSums ? Parameters(layout) : nil
  }

  /// Whether embeddings need not hand over anything.
  var isEmpty: Bool { tables.isEmpty }

  /// Adds one call's vectors to the gradient of its table.
  static func sum(_ occurrences: TableGradient) {
    let table = occurrences.table.assumingMemoryBound(to: Float.self)
    let width = occurrences.width
    for i in 0..<occurrences.count {
      let row = table + Int(occurrences.ids[i]) * width
      let vector = occurrences.vectors + i * width
      for d in 0..<width { row[d] += vector[d] }
    }
  }

  /// Completes the gradients of tables, and notes of them what their update needs.
  mutating func gather(_ occurrences: [TableGradient], _ gradients: Parameters<Float>) {
    for number in tables.indices {
      let table = tables[number]
      let pointer = UnsafeMutableRawPointer(gradients.pointer(table.index))
      let own = occurrences.filter { $0.table == pointer }
      tables[number].isCounted = !own.isEmpty
      guard !own.isEmpty else { continue }
      if manner == .squaredOneByOne { count(own, of: table) }
      if manner == .rowByRow { touch(own, number) }
      for occurrences in own { Self.sum(occurrences) }
    }
  }

  private func count(
    _ own: [TableGradient], of table: Table
  ) {
    guard let squares, let magnitudes else { return }
    let (square, magnitude) = (squares.pointer(table.index), magnitudes.pointer(table.index))
    square.update(repeating: 0, count: table.rows * table.width)
    magnitude.update(repeating: 0, count: table.rows * table.width)
    for occurrences in own {
      for i in 0..<occurrences.count {
        let start = Int(occurrences.ids[i]) * table.width
        let vector = occurrences.vectors + i * table.width
        for d in 0..<table.width {
          square[start + d] += vector[d] * vector[d]
          magnitude[start + d] += abs(vector[d])
        }
      }
    }
  }

  private mutating func touch(_ own: [TableGradient], _ number: Int) {
    let isRegularized = tables[number].isRegularized
    for row in 0..<tables[number].rows { tables[number].touched[row] = isRegularized }
    for occurrences in own {
      for i in 0..<occurrences.count { tables[number].touched[Int(occurrences.ids[i])] = true }
    }
  }

  /// Updates one weight, a table or another, whose gradient is zero afterwards.
  func update(_ step: UpdateStep, of index: Int, by optimizer: any Optimizer, _ crew: Crew) {
    let table = tables.first { $0.index == index && $0.isCounted }
    apply(step, of: index, table, by: optimizer, crew)
    if !optimizer.clearsGradients || table != nil && manner == .squaredOneByOne {
      step.gradient.update(repeating: 0, count: step.count)
    }
  }

  private func apply(
    _ step: UpdateStep, of index: Int, _ table: Table?, by optimizer: any Optimizer, _ crew: Crew
  ) {
    guard let table else {
      guard !optimizer.takesWholeWeights else { return optimizer.update(step) }
      return crew.share(step.count, step: 64, work: 4 * step.count) {
        optimizer.update(step.part($0))
      }
    }
    switch manner {
    case .summed: optimizer.update(step)
    case .squaredOneByOne:
      var step = step
      step.squares = squares.map { UnsafePointer($0.pointer(index)) }
      step.magnitudes = magnitudes.map { UnsafePointer($0.pointer(index)) }
      optimizer.update(step)
    case .rowByRow:
      updateRows(of: table, step, by: optimizer)
    }
  }

  private func updateRows(of table: Table, _ step: UpdateStep, by optimizer: any Optimizer) {
    let manner = optimizer.legacyUntouchedRows
    guard manner != .updated else { return optimizer.update(step) }
    var start = 0
    while start < table.rows {
      let isTouched = table.touched[start]
      var end = start + 1
      while end < table.rows, table.touched[end] == isTouched { end += 1 }
      if isTouched || manner == .still {
        var part = step.rows(start..<end, width: table.width)
        if !isTouched { part.learningRate = 0 }
        optimizer.update(part)
      }
      start = end
    }
  }
}

extension UpdateStep {
  /// The same update of some rows alone.
  fileprivate func rows(_ rows: Range<Int>, width: Int) -> UpdateStep {
    part(rows.lowerBound * width..<rows.upperBound * width)
  }

  /// The same update of some elements alone.
  fileprivate func part(_ elements: Range<Int>) -> UpdateStep {
    guard elements.count < count else { return self }
    var part = self
    let start = elements.lowerBound
    part.weight += start
    part.gradient += start
    part.squares = squares.map { $0 + start }
    part.magnitudes = magnitudes.map { $0 + start }
    part.slots = slots.map { $0 + start }
    part.count = elements.count
    return part
  }
}
