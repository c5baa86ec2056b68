extension Vocabularies {
  private static let file = "vocabulary.txt"
  /// TextVectorization keeps a StringLookup, and both write the same words.
  private static let innerLayer = "_lookup_layer"

  // MARK: - Reading

  /// Gives the layers of a record the words that lie in its archive.
  ///
  /// - Throws: ``KerasError`` naming the layer, when a file is too large, no UTF-8 or no list of
  ///   whole numbers where these belong.
  static func read(_ archive: ZipArchive, into record: inout ModelRecord) throws(KerasError) {
    for (index, group) in WeightsH5.groupNames(record) {
      let layer = record.layers[index]
      do {
        try read(archive, layer.className, &record.layers[index].config, at: ["layers", group])
      } catch {
        throw error.inside(layer.name)
      }
    }
  }

  private static func read(
    _ archive: ZipArchive, _ className: String, _ config: inout JSONObject, at path: [String]
  ) throws(KerasError) {
    if ModelRecord.nestedClasses.contains(className) {
      try readNested(archive, className, &config, at: path)
    }
    // Words in the config count, as in Keras.
    guard classes.contains(className), config["vocabulary"]?.array == nil else { return }
    let folder = "assets/" + path.joined(separator: "/") + "/"
    let outer = archive[folder + file]
    let inner = className == "TextVectorization" ? archive[folder + innerLayer + "/" + file] : nil
    guard let member = outer ?? inner else { return }
    do throws(KerasError) {
      let bytes = try bytes(of: member, in: archive)
      if outer != nil, let inner, try self.bytes(of: inner, in: archive) != bytes {
        throw KerasError(.damagedFile, "differs from the copy in \(innerLayer)")
      }
      config["vocabulary"] = .array(try words(bytes, className, size: config["vocabulary_size"]))
    } catch {
      throw error.inside(member.name)
    }
    // What is padded to max_tokens has zeros behind the last word's weight.
    if let words = config["vocabulary"]?.array, let weights = config["idf_weights"]?.array,
      config["pad_to_max_tokens"] == true, weights.count > words.count,
      weights[words.count...].allSatisfy({ $0.number == 0 })
    {
      config["idf_weights"] = .array(Array(weights[..<words.count]))
    }
  }

  private static func readNested(
    _ archive: ZipArchive, _ className: String, _ config: inout JSONObject, at path: [String]
  ) throws(KerasError) {
    guard var entries = config["layers"]?.array else { return }
    let inner = try ModelRecord(nested: className, config: config, generation: .keras3)
    for (index, group) in WeightsH5.groupNames(inner) {
      guard var entry = entries[index].object, var config = entry["config"]?.object else {
        continue
      }
      do {
        try read(
          archive, inner.layers[index].className, &config, at: path + ["layers", group])
      } catch {
        throw error.inside(inner.layers[index].name)
      }
      entry["config"] = .object(config)
      entries[index] = .object(entry)
    }
    config["layers"] = .array(entries)
  }

  private static func bytes(
    of member: ZipArchive.Member, in archive: ZipArchive
  ) throws(KerasError) -> [UInt8] {
    guard member.size <= maximumBytes else {
      throw KerasError(
        .unsupportedConfiguration, "\(member.size) bytes of words, more than \(maximumBytes)")
    }
    return try archive.bytes(of: member)
  }

  /// The lines of a vocabulary. Keras joins words by line feeds; a Windows writes `\r\n` for them.
  /// Empty lines behind the last word, beyond the number that the config names, are none.
  private static func words(
    _ bytes: [UInt8], _ className: String, size: JSON?
  ) throws(KerasError) -> [JSON] {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw KerasError(.damagedFile, "the words are no UTF-8")
    }
    let lineFeed = UInt8(ascii: "\n")
    let feeds = bytes.count(where: { $0 == lineFeed })
    guard feeds < maximumWords else {
      throw KerasError(.unsupportedConfiguration, "more than \(maximumWords) words")
    }
    var lines = text.utf8.split(separator: lineFeed, omittingEmptySubsequences: false)
    if feeds > 0, lines.dropLast().allSatisfy({ $0.last == UInt8(ascii: "\r") }) {
      lines = lines.map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
    }
    while let size = size?.integer, lines.count > size, lines.last?.isEmpty == true {
      lines.removeLast()
    }
    var words: [JSON] = []
    words.reserveCapacity(lines.count)
    for (index, line) in lines.enumerated() {
      let word = String(Substring(line))
      if className != "IntegerLookup" {
        words.append(.string(word))
      } else if let number = Int(word) {
        words.append(.integer(number))
      } else {
        throw KerasError(
          .damagedFile, "\"\(word.prefix(40))\" but a whole number belongs here",
          at: .init(line: index + 1))
      }
    }
    return words
  }

  // MARK: - Writing

  /// The record with the learned vocabularies taken out, and the files that hold them.
  ///
  /// A vocabulary stays in the config where it has no special tokens, which tells that it was
  /// handed to its layer, and where Keras could not read it back from lines.
  static func detached(
    _ record: ModelRecord
  ) throws(KerasError) -> (record: ModelRecord, files: [(name: String, bytes: [UInt8])]) {
    var result = record
    var files: [(name: String, bytes: [UInt8])] = []
    for (index, group) in WeightsH5.groupNames(record) {
      let layer = record.layers[index]
      guard classes.contains(layer.className),
        let vocabulary = try StoredVocabulary(layer.className, layer.config),
        vocabulary.specialCount == vocabulary.tokenStart, vocabulary.specialCount > 0,
        let text = lines(vocabulary.entries),
        // Keras 3 compares the padded weights with the words, and finds too many.
        !hasWeights(layer.className, layer.config) || layer.config["pad_to_max_tokens"] != true
      else { continue }
      result.layers[index].config["vocabulary"] = .null
      result.layers[index].config["idf_weights"] = .null
      let folder = "assets/layers/\(group)/"
      if layer.className == "TextVectorization" {
        files.append((folder + innerLayer + "/" + file, Array(text.utf8)))
      }
      files.append((folder + file, Array(text.utf8)))
    }
    return (result, files)
  }

  /// The words a line each; `nil` where Python's `splitlines` would not give them back.
  private static func lines(_ words: [JSON]) -> String? {
    let breaks: Set<UInt32> = [
      0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029,
    ]
    var lines: [String] = []
    for word in words {
      guard let line = word.string ?? word.integer.map(String.init),
        !line.unicodeScalars.contains(where: { breaks.contains($0.value) })
      else { return nil }
      lines.append(line)
    }
    return lines.last == "" ? nil : lines.joined(separator: "\n")
  }

  /// The objects inside a layer that Keras gives a group of their own.
  static func innerObjects(of className: String) -> [(path: [String], name: String)] {
    className == "TextVectorization" ? [([innerLayer], "string_lookup")] : []
  }
}
