/// The keys of the layers that look words up.
extension [Dialect.Key] {
  static func lookup(_ oovToken: JSON) -> [Dialect.Key] {
    [
      .init("invert", false), .init("max_tokens", .null), .init("num_oov_indices", 1),
      .init("oov_token", oovToken), .init("mask_token", .null), .init("output_mode", "int"),
      .init("sparse", false), .init("pad_to_max_tokens", false),
    ]
  }

  static let lookupWords: [Dialect.Key] = [
    .init("idf_weights", .null), .init("vocabulary", .null), .init("vocabulary_size", .null),
  ]
}
