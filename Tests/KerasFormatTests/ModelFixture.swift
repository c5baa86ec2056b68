import KerasFormat
import Testing

/// The models under `fixtures/format/models`, and what is known of them.
enum ModelFixture {
  static let models: [(generation: String, name: String)] = [
    ("2", "reviews"), ("2", "graph"), ("2", "gates"),
    ("2.15", "reviews"), ("2.15", "graph"), ("2.15", "gates"), ("2.15", "float16"),
    ("2.15", "float64"),
    ("3", "reviews"), ("3", "graph"), ("3", "gates"), ("3", "float16"), ("3", "float64"),
    ("3", "bfloat16"), ("3", "mixed_bfloat16"),
  ]

  static func path(_ generation: String, _ file: String) -> String {
    FormatFixture.path("models/\(generation)/\(file)")
  }

  static func has(_ generation: String, _ file: String) -> Bool {
    (try? FileBytes.read(path(generation, file))) != nil
  }

  /// Whole models that are there under a name.
  static func files(_ generation: String, _ name: String) -> [String] {
    [".keras", ".h5"].map { name + $0 }.filter { has(generation, $0) }
  }

  /// The record with its weights under Keras 3's names, which the runtime gives them elsewhere.
  static func named(_ record: ModelRecord) -> ModelRecord {
    var record = record
    for index in record.layers.indices {
      let layer = record.layers[index]
      let names: [String] =
        switch layer.className {
        case "Embedding": ["embeddings"]
        case "Dense": ["kernel", "bias"]
        case "SimpleRNN", "GRU", "LSTM": cell
        case "Bidirectional":
          cell.map { "forward_layer/\($0)" } + cell.map { "backward_layer/\($0)" }
        default: []
        }
      for (position, name) in zip(layer.weights.indices, names) {
        record.layers[index].weights[position].name = name
      }
    }
    return record
  }

  private static let cell = ["cell/kernel", "cell/recurrent_kernel", "cell/bias"]

  /// All weights in model order, as the fixture script dumps them.
  static func bytes(of record: ModelRecord) -> [UInt8] {
    record.layers.flatMap(\.weights).flatMap(\.array.littleEndianBytes)
  }
}
