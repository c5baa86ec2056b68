import Testing

/// What was typed wrong: one line, status 2, before anything is read or written.
@Suite struct BadUsageTests {
  private let tool: Tool

  init() throws { tool = try Tool.withTextModel() }

  @Test func `names that nobody has are refused with the flag and a suggestion`() throws {
    #expect(
      try trained("--optimizer", "rmsprob")
        == "--optimizer: unknown optimizer 'rmsprob'; did you mean 'rmsprop'?")
    #expect(
      try trained("--optimizer", "yogi")
        == "--optimizer: unknown optimizer 'yogi'; known are sgd, rmsprop, adam, adamw, adagrad, "
        + "adadelta, adamax, nadam, ftrl, lion, lamb, adafactor")
    #expect(
      try tool.failure(
        2, "train", "text.keras", "--output", "o.keras", "--optimizer", "lion", "--keras", "2")
        == "--optimizer: Keras 2 has no optimizer Lion")
    #expect(
      try trained("--loss", "binary_crossentropie")
        == "--loss: unknown loss 'binary_crossentropie'; did you mean 'binary_crossentropy'?")
    let metric = try trained("--metrics", "acc,acuracy")
    #expect(metric.hasPrefix("--metrics: unknown metric 'acuracy'; did you mean "), "\(metric)")
  }

  @Test func `an optimizer's settings are refused with the key or the byte`() throws {
    #expect(
      try trained("--optimizer-config", "{\"rho\":")
        == "--optimizer-config, byte 7: the text ends where a value should stand")
    #expect(
      try trained("--optimizer-config", "[0.9]")
        == "--optimizer-config: found a list; expected an object such as {\"momentum\": 0.9}")
    #expect(
      try trained("--optimizer-config", "{\"roh\": 0.9}")
        == "--optimizer-config/RMSprop: unknown config key roh; did you mean 'rho'?")
    #expect(
      try trained("--optimizer-config", "{\"rho\": \"0.9\"}")
        == "--optimizer-config/RMSprop/rho: \"0.9\" but a number belongs here")
  }

  @Test func `numbers that cannot be are refused with the number`() throws {
    let help = "; see 'hornbill help train'"
    for rate in ["-0.1", "nan", "inf"] {
      #expect(
        try trained("--learning-rate", rate)
          == "--learning-rate: \(rate) but a rate is zero or positive")
    }
    #expect(try trained("--batch-size", "0") == "--batch-size 0 but it must be 1 or more\(help)")
    #expect(try trained("--batch-size", "-8") == "--batch-size -8 but it must be 1 or more\(help)")
    #expect(try trained("--epochs", "-1") == "--epochs -1 but it cannot be negative\(help)")
    #expect(
      try trained("--initial-epoch", "-1") == "--initial-epoch -1 but it cannot be negative\(help)")
    #expect(
      try trained("--validation-split", "1")
        == "--validation-split 1.0 but it must be 0 or more and below 1\(help)")
    #expect(
      try trained("--test-split", "-0.5")
        == "--test-split -0.5 but it must be 0 or more and below 1\(help)")
    #expect(try trained("--max-length", "0") == "--max-length 0 but it must be 1 or more\(help)")
    #expect(try trained("--threads", "0") == "--threads 0 but it must be 1 or more\(help)")
    #expect(try trained("--verbose", "4") == "--verbose 4 but it must be auto, 0, 1, 2 or 3\(help)")
    #expect(
      try trained("--epochs", "many")
        == "The value 'many' is invalid for '--epochs <epochs>'\(help)")
    #expect(
      try tool.failure(2, "predict", "text.keras", "good", "--batch-size", "-1")
        == "--batch-size -1 but it must be 1 or more; see 'hornbill help predict'")
  }

  @Test func `a model file or an architecture, one of them`() throws {
    let message = "Give one of a model file, --architecture and --resume; see 'hornbill help train'"
    #expect(try tool.failure(2, "train", "--output", "o.keras") == message)
    #expect(try trained("--architecture", "gru") == message)
    #expect(
      try tool.failure(2, "train", "--architecture", "rnn", "--output", "o.keras")
        == "The value 'rnn' is invalid for '--architecture <architecture>'. "
        + "Please provide one of 'ffnn', 'gru' or 'lstm'; see 'hornbill help train'")
  }

  @Test func `flags that do not go together are refused`() throws {
    for (arguments, message) in [
      (["--x", "x.npy"], "--x and --y go together"),
      (["--x", "x.npy", "--y", "y.npy", "--data", "d.tsv"], "Give either --data or --x, not both"),
      (["--x", "x.npy", "--y", "y.npy", "--test-data", "d.tsv"], "--test-data goes with --data"),
      (
        ["--validation-x", "x.npy", "--validation-y", "y.npy"],
        "--validation-x goes with --x; for texts there is --validation-split"
      ),
      (
        ["--mask-zero", "true"],
        "--mask-zero goes with --architecture; a model file says itself whether it masks"
      ),
      (["--legacy-weights"], "--legacy-weights goes with an --output that ends in .h5"),
    ] {
      let run = try tool.start(["train", "text.keras", "--output", "o.keras"] + arguments).result()
      #expect(run.status == 2)
      #expect(run.error == "hornbill: \(message); see 'hornbill help train'\n")
    }
    let help = "; see 'hornbill help predict'"
    #expect(
      try tool.failure(2, "predict", "text.keras")
        == "Give texts, --data or --input: one of them\(help)")
    #expect(
      try tool.failure(2, "predict", "text.keras", "--input", "x.npy")
        == "--input and --output go together\(help)")
  }

  @Test func `names of files tell formats, and others are refused`() throws {
    #expect(
      try tool.failure(2, "train", "text.keras")
        == "Say where to save the model: --output FILE; see 'hornbill help train'")
    #expect(
      try tool.failure(2, "train", "text.keras", "--output", "o.pt")
        == "'o.pt' must end in .keras, .h5, .hdf5, .weights.h5 or .json; see 'hornbill help train'")
    #expect(
      try trained("--plot", "curves.pdf")
        == "--plot 'curves.pdf' must end in .svg or .png; see 'hornbill help train'")
    #expect(
      try tool.failure(2, "convert", "text.keras", "o.onnx").hasPrefix(
        "'o.onnx' must end in .keras"))
  }

  @Test func `what is no verb and no flag is refused`() throws {
    #expect(try tool.failure(2, "trian") == "Unexpected argument 'trian'; see 'hornbill help'")
    #expect(
      try trained("--epoch", "3").contains("--epoch"))
  }

  private func trained(_ flag: String, _ value: String) throws -> String {
    try tool.failure(2, "train", "text.keras", "--output", "o.keras", flag, value)
  }
}
