import KerasFormat
import KerasRuntime
import KerasTrain

/// One work as `peers/run.py` describes it to every framework: a model, its weights, and rows.
///
///     {"kind": "train", "model": "gru", "vocabulary": 4603, "dimension": 32, "units": 32,
///      "x": "x50.npy", "y": "y.npy", "weights": "gru-32.npy", "batch": 128}
struct Work {
  enum Kind: String {
    /// One epoch.
    case train
    /// All rows, one a call.
    case single
    /// All rows, `batch` at once.
    case predict
  }

  let kind: Kind
  let model: ReviewsModel
  let x: NumericArray
  let y: NumericArray?
  let weights: NumericArray?
  let batch: Int

  init(_ json: JSON) throws(KerasError) {
    let object = json.object ?? [:]
    func missing(_ key: String) -> KerasError {
      KerasError(.invalidJSON, "found \(object[key]?.kind ?? "nothing")", at: .init(path: [key]))
    }
    func number(_ key: String) throws(KerasError) -> Int {
      guard let number = object[key]?.integer else { throw missing(key) }
      return number
    }
    func array(_ key: String) throws(KerasError) -> NumericArray? {
      guard let path = object[key]?.string else { return nil }
      do { return try NumericArray(npy: FileBytes.read(path)) } catch { throw error.inFile(path) }
    }
    guard let kind = object["kind"]?.string.flatMap(Kind.init) else { throw missing("kind") }
    guard let architecture = object["model"]?.string.flatMap(ReviewsArchitecture.init) else {
      throw missing("model")
    }
    guard let x = try array("x") else { throw missing("x") }
    self.kind = kind
    self.x = x
    y = try array("y")
    weights = try array("weights")
    batch = try number("batch")
    model = ReviewsModel(
      architecture: architecture, vocabulary: try number("vocabulary"),
      dimension: try number("dimension"), units: try number("units"))
  }

  /// Each row of token ids by itself, `(T,)`.
  static func rows(of x: NumericArray) -> [[Int32]] {
    let width = x.shape[1]
    let ids = x.doubles().map { Int32($0) }
    return (0..<x.shape[0]).map { Array(ids[$0 * width..<($0 + 1) * width]) }
  }
}
