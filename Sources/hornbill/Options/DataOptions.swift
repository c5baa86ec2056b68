import ArgumentParser
import HornbillReviews
import KerasFormat
import KerasRuntime
import KerasTrain

extension PaddingSide: ExpressibleByArgument {}
extension DelimitedText.Quoting: ExpressibleByArgument {}

/// Where labelled data comes from: texts in files, or raw arrays, or the bundled reviews.
struct DataOptions: ParsableArguments {
  @Option(
    help: """
      Labelled texts: a .tsv/.txt file (text<TAB>label), a .csv with a header, a .jsonl file, or a \
      folder of such files. May repeat. Without data the bundled reviews are used.
      """, completion: .file())
  var data: [String] = []

  @Option(help: "Texts for the final evaluation, instead of --test-split.", completion: .file())
  var testData: [String] = []

  @OptionGroup var columns: ColumnOptions

  @Option(help: "Raw inputs, .npy; once per input of the model.", completion: .file())
  var x: [String] = []

  @Option(
    help: "Raw targets, .npy; once per output of the model that has a loss.", completion: .file())
  var y: [String] = []

  @Option(
    help: """
      What each row counts for in the loss, .npy: one number a row, or one a step. May repeat, once \
      per --y.
      """, completion: .file())
  var sampleWeight: [String] = []

  @Option(help: "Raw inputs to validate on, .npy.", completion: .file())
  var validationX: [String] = []

  @Option(help: "Raw targets to validate on, .npy; as --y.", completion: .file())
  var validationY: [String] = []

  @Option(
    help: "What each of those rows counts for, .npy; as --sample-weight.", completion: .file())
  var validationSampleWeight: [String] = []

  func validate() throws {
    if !x.isEmpty && !data.isEmpty { throw ValidationError("Give either --data or --x, not both.") }
    if x.isEmpty != y.isEmpty { throw ValidationError("--x and --y go together.") }
    if validationX.isEmpty != validationY.isEmpty {
      throw ValidationError("--validation-x and --validation-y go together.")
    }
    if x.isEmpty, !validationX.isEmpty {
      throw ValidationError("--validation-x goes with --x; for texts there is --validation-split.")
    }
    if x.isEmpty, !sampleWeight.isEmpty {
      throw ValidationError("--sample-weight goes with --x and --y.")
    }
    if validationX.isEmpty, !validationSampleWeight.isEmpty {
      throw ValidationError("--validation-sample-weight goes with --validation-x.")
    }
    if !x.isEmpty, !testData.isEmpty { throw ValidationError("--test-data goes with --data.") }
  }

  var isRaw: Bool { !x.isEmpty }

  /// The labelled texts, and a remark on each oddity in them.
  ///
  /// - Parameter kind: what the labels are for a model that has learned some; `nil` finds out.
  func texts(labels kind: LabelledText.LabelKind? = nil) throws(KerasError) -> LabelledText {
    let texts =
      data.isEmpty
      ? try LabelledText(tsv: BundledReviews.bytes, name: "bundled reviews")
      : try LabelledText(paths: data, options: columns.reading, labels: kind)
    for warning in texts.warnings { Console.warning(warning) }
    return texts
  }

  /// The arrays behind `--x` and `--y`.
  func arrays() throws(KerasError) -> Dataset { try Self.dataset(x, y, sampleWeight) }

  /// The arrays behind `--validation-x` and `--validation-y`.
  func validationArrays() throws(KerasError) -> Dataset? {
    validationY.isEmpty
      ? nil : try Self.dataset(validationX, validationY, validationSampleWeight)
  }

  private static func dataset(
    _ x: [String], _ y: [String], _ weights: [String]
  ) throws(KerasError) -> Dataset {
    var (inputs, targets): ([NumericArray], [NumericArray]) = ([], [])
    for path in x { inputs.append(try array(at: path)) }
    for path in y { targets.append(try array(at: path)) }
    var dataset: Dataset
    do throws(KerasError) {
      dataset = try Dataset(inputs: inputs, targets: targets)
      dataset.source = .files(inputs: x, targets: y)
    } catch {
      let place = error.place.path.first
      let input = x.indices.first { place == "input \($0)" }
      let target = y.indices.first { place == "targets \($0)" }
      throw error.inFile(input.map { x[$0] } ?? y[target ?? 0])
    }
    guard !weights.isEmpty else { return dataset }
    var arrays: [NumericArray] = []
    for path in weights { arrays.append(try array(at: path)) }
    do throws(KerasError) {
      try dataset.setSampleWeights(arrays)
    } catch {
      throw error.inFile(weights[0])
    }
    return dataset
  }

  /// One `.npy` file.
  static func array(at path: String) throws(KerasError) -> NumericArray {
    do {
      return try NumericArray(npy: FileBytes.read(path))
    } catch {
      throw error.inFile(path)
    }
  }

  /// One `.npy` file for each input of a model, with a row at least.
  static func inputs(at paths: [String]) throws(KerasError) -> [NumericArray] {
    var inputs: [NumericArray] = []
    for path in paths {
      let array = try array(at: path)
      guard array.shape.first != 0 else {
        throw KerasError(
          .invalidData, "an array \(array.shape.tuple) without rows", at: .init(file: path))
      }
      inputs.append(array)
    }
    return inputs
  }
}

extension KerasError {
  /// The error with the file that was given for the input which it names.
  func inInput(of networks: [Network], at paths: [String]) -> KerasError {
    let name = place.path.first
    let index = networks.lazy.compactMap { network in
      network.inputs.firstIndex { network.nodes[$0].name == name }
    }.first
    return inFile(paths[min(index ?? 0, paths.count - 1)])
  }
}

extension TextPipeline {
  /// What the labels of further data must be.
  ///
  /// - Parameter numbers: of what kind they are where they are no names; `nil` for whole ones.
  func labelKind(or numbers: LabelledText.LabelKind?) -> LabelledText.LabelKind {
    labelNames.map { .names($0) } ?? numbers ?? .integers
  }
}

extension LabelledText {
  /// What the labels of further data must be; as ``TextPipeline/labelKind(or:)``.
  func labelKind(or numbers: LabelKind?) -> LabelKind {
    labelNames.map { .names($0) } ?? numbers ?? .integers
  }
}

/// How columns of text files are found.
struct ColumnOptions: ParsableArguments {
  @Option(help: "The column or key of the text in .csv and .jsonl.")
  var textColumn = "text"

  @Option(help: "The column or key of the label in .csv and .jsonl.")
  var labelColumn = "label"

  @Option(help: "minimal: quotes work as in pandas' reader. none: they are text.")
  var quoting = DelimitedText.Quoting.minimal

  var reading: TextReader.Options {
    TextReader.Options(quoting: quoting, textColumn: textColumn, labelColumn: labelColumn)
  }
}

/// How texts become rows of token ids.
struct TextOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "Keep the N - 1 most frequent words; default: all.")
  var numWords: Int?

  @Option(help: "A token for words that the vocabulary does not have; default: they are dropped.")
  var oovToken: String?

  @Option(parsing: .unconditional, help: "Tokens in a row; default: the longest training row.")
  var maxLength: Int?

  @Option(help: "Which end short rows are padded at.")
  var padding = PaddingSide.pre

  @Option(help: "Which end long rows are cut at.")
  var truncating = PaddingSide.pre

  @Option(
    parsing: .unconditional,
    help: "Share of the rows held back for a final evaluation; 0 holds none back.")
  var testSplit = 0.25

  @Option(help: "Seed of that split, as scikit-learn's random_state.")
  var splitSeed: UInt32 = 0

  func validate() throws {
    if let maxLength, maxLength < 1 {
      throw ValidationError("--max-length \(maxLength) but it must be 1 or more.")
    }
    if let numWords, numWords < 2 {
      throw ValidationError("--num-words \(numWords) but it must be 2 or more.")
    }
    if !(0..<1).contains(testSplit) {
      throw ValidationError("--test-split \(testSplit) but it must be 0 or more and below 1.")
    }
  }

  var settings: TextDataset.Settings {
    var settings = TextDataset.Settings()
    settings.numWords = numWords
    settings.oovToken = oovToken
    settings.maxLength = maxLength
    settings.padding = padding
    settings.truncating = truncating
    settings.testSplit = testSplit
    settings.splitSeed = splitSeed
    return settings
  }
}
