import KerasFormat

/// Keeps the rows (or columns) of a matrix apart: `factor` times the mean, over all pairs, of
/// `|cos(angle)|`.
public struct OrthogonalRegularizer: Regularizer {
  public static let className = "OrthogonalRegularizer"
  /// What the mean is multiplied by.
  public let factor: Double
  /// Whether columns are compared instead of rows.
  public let comparesColumns: Bool

  /// With Keras's defaults: 0.01, rows.
  public init(factor: Double = 0.01, comparesColumns: Bool = false) {
    self.factor = factor
    self.comparesColumns = comparesColumns
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    factor = try config.number("factor", default: 0.01)
    let mode = try config.string("mode", default: "rows")
    guard ["rows", "columns"].contains(mode) else {
      throw config.error("mode", "'\(mode)' but it is rows or columns")
    }
    comparesColumns = mode == "columns"
  }

  public func objection(to shape: [Int]) -> String? {
    shape.count == 2
      ? nil : "shape \(shape.tuple) but an orthogonal regularizer needs a matrix, two axes"
  }

  public func penalty<S: Scalar>(of values: UnsafePointer<S>, shape: [Int]) -> Double {
    let lines = Lines(values, shape, comparesColumns)
    var sum = 0.0
    for i in 0..<lines.count {
      for j in 0..<i { sum += abs(lines.product(i, j)) }
    }
    return factor * sum / lines.pairs
  }

  public func addGradient<S: Scalar>(
    of values: UnsafePointer<S>, shape: [Int], scale: S, to gradient: UnsafeMutablePointer<S>
  ) {
    let lines = Lines(values, shape, comparesColumns)
    let share = factor * Double(scale) / lines.pairs
    for i in 0..<lines.count {
      var pull = [Double](repeating: 0, count: lines.width)
      for j in 0..<lines.count where j != i {
        let product = lines.product(i, j)
        let sign = product > 0 ? share : product < 0 ? -share : 0
        for k in 0..<lines.width { pull[k] += sign * lines.units[j][k] }
      }
      // Through the division by the length.
      var along = 0.0
      for k in 0..<lines.width { along += pull[k] * lines.units[i][k] }
      for k in 0..<lines.width {
        let index = comparesColumns ? k * shape[1] + i : i * shape[1] + k
        gradient[index] += S((pull[k] - lines.units[i][k] * along) / lines.lengths[i])
      }
    }
  }

  /// The rows or columns of a matrix, each of length 1.
  private struct Lines {
    var units: [[Double]] = []
    var lengths: [Double] = []
    let width: Int

    init<S: Scalar>(_ values: UnsafePointer<S>, _ shape: [Int], _ comparesColumns: Bool) {
      width = comparesColumns ? shape[0] : shape[1]
      for i in 0..<(comparesColumns ? shape[1] : shape[0]) {
        var line: [Double] = []
        for k in 0..<width {
          line.append(Double(values[comparesColumns ? k * shape[1] + i : i * shape[1] + k]))
        }
        // TensorFlow's l2_normalize takes a square sum of at least 1e-12.
        let length = max(line.reduce(0) { $0 + $1 * $1 }, 1e-12).squareRoot()
        lengths.append(length)
        units.append(line.map { $0 / length })
      }
    }

    var count: Int { units.count }
    var pairs: Double { Double(count) * Double(count - 1) / 2 }

    func product(_ i: Int, _ j: Int) -> Double {
      var sum = 0.0
      for k in 0..<width { sum += units[i][k] * units[j][k] }
      return sum
    }
  }
}
