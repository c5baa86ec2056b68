import KerasFormat

/// What all recurrent layers can be told about time, beside their cell.
public struct RecurrentOptions: Sendable, Equatable {
  /// All outputs `(B, T, U)` instead of the last one `(B, U)`.
  public var returnSequences: Bool
  /// From the last step to the first; sequences come out in that order.
  public var goBackwards: Bool
  /// Whether a masked step puts out zeros instead of the previous output.
  public var zeroOutputForMask: Bool
  /// Share of the inputs, and of the previous output, that training drops.
  public var dropout: Double
  public var recurrentDropout: Double
  /// Whether the states after the last step come out too.
  public var returnState = false
  /// Whether a batch goes on from the states in which the one before ended.
  public var stateful = false
  /// 2.15's: time before the batch, in what comes in and in sequences that come out.
  public var timeMajor = false
  /// Whether the layer is a cell in an ``RNN``.
  var isCell = false
  /// How Keras computes; what comes out of it depends on that only in what ``RecurrentDropout`` drops.
  var unroll = false
  var implementation: Int?
  /// The seed of the masks; `nil` takes one from the run's.
  var seed: Int?

  public init(
    returnSequences: Bool = false, goBackwards: Bool = false, zeroOutputForMask: Bool = false,
    dropout: Double = 0, recurrentDropout: Double = 0
  ) {
    self.returnSequences = returnSequences
    self.goBackwards = goBackwards
    self.zeroOutputForMask = zeroOutputForMask
    self.dropout = dropout
    self.recurrentDropout = recurrentDropout
  }

  init(from config: inout ConfigReader) throws(KerasError) {
    returnSequences = try config.bool("return_sequences", default: false)
    goBackwards = try config.bool("go_backwards", default: false)
    zeroOutputForMask = try config.bool("zero_output_for_mask", default: false)
    dropout = try config.number("dropout", default: 0)
    recurrentDropout = try config.number("recurrent_dropout", default: 0)
    unroll = try config.bool("unroll", default: false)
    implementation = try config.optionalInteger("implementation")
    seed = try config.optionalInteger("seed")
    returnState = try config.bool("return_state", default: false)
    stateful = try config.bool("stateful", default: false)
    timeMajor = try config.bool("time_major", default: false)
    config.ignore("input_dim", "input_length")
  }

  func write(to config: inout JSONObject) {
    config["dropout"] = .number(dropout)
    config["recurrent_dropout"] = .number(recurrentDropout)
    config["seed"] = seed.map(JSON.integer) ?? .null
    config["return_sequences"] = .bool(returnSequences)
    config["return_state"] = .bool(returnState)
    config["go_backwards"] = .bool(goBackwards)
    config["stateful"] = .bool(stateful)
    config["unroll"] = .bool(unroll)
    config["zero_output_for_mask"] = .bool(zeroOutputForMask)
    if timeMajor { config["time_major"] = true }
    if let implementation { config["implementation"] = .integer(implementation) }
    config["activity_regularizer"] = .null
  }
}

/// What SimpleRNN, LSTM and GRU are configured with alike.
struct RecurrentSettings: Sendable, Equatable {
  var units: Int
  var activation = Activation.tanh
  /// Of the gates; `nil` where there are none.
  var recurrentActivation: Activation?
  var useBias = true
  /// Behind a reference: a batch copies settings, and looks at these never.
  private var sharedWeights = Shared(RecurrentWeights())
  var weights: RecurrentWeights {
    get { sharedWeights.value }
    set { sharedWeights = Shared(newValue) }
  }
  var options = RecurrentOptions()

  init(
    units: Int, activation: Activation, recurrentActivation: Activation? = nil, useBias: Bool,
    options: RecurrentOptions
  ) {
    self.units = units
    self.activation = activation
    self.recurrentActivation = recurrentActivation
    self.useBias = useBias
    self.options = options
  }

  init(from config: inout ConfigReader, hasGates: Bool) throws(KerasError) {
    units = try config.positiveInteger("units")
    activation = try config.activation("activation", default: .tanh)
    if hasGates {
      recurrentActivation = try config.activation("recurrent_activation", default: .sigmoid)
    }
    // A cell's numbers have two axes.
    for (key, activation) in [
      ("activation", activation), ("recurrent_activation", recurrentActivation ?? .linear),
    ] {
      do { try activation.check(rank: 1) } catch { throw config.error(key, error.message) }
    }
    useBias = try config.bool("use_bias", default: true)
    weights = try RecurrentWeights(from: &config)
    options = try RecurrentOptions(from: &config)
  }

  /// The config that ``init(from:hasGates:)`` reads, with what the layer has of its own.
  func config(_ own: JSONObject = [:]) -> JSONObject {
    var config: JSONObject = [
      "units": .integer(units), "activation": activation.json,
    ]
    if let recurrentActivation {
      config["recurrent_activation"] = recurrentActivation.json
    }
    config["use_bias"] = .bool(useBias)
    weights.write(to: &config)
    options.write(to: &config)
    for (key, value) in own.members { config[key] = value }
    return config
  }
}

/// A value that copies share.
private final class Shared<Value: Sendable & Equatable>: Sendable, Equatable {
  let value: Value

  init(_ value: Value) { self.value = value }

  static func == (a: Shared, b: Shared) -> Bool { a.value == b.value }
}

/// The settings of a recurrent layer's three weights.
struct RecurrentWeights: Sendable, Equatable {
  var kernel = WeightSettings(.glorotUniform)
  var recurrent = WeightSettings(.orthogonal)
  var bias = WeightSettings(.zeros)

  init() {}

  init(from config: inout ConfigReader) throws(KerasError) {
    kernel = try WeightSettings(&config, "kernel", default: .glorotUniform)
    recurrent = try WeightSettings(&config, "recurrent", default: .orthogonal)
    bias = try WeightSettings(&config, "bias", default: .zeros)
  }

  func write(to config: inout JSONObject) {
    kernel.write("kernel", to: &config)
    recurrent.write("recurrent", to: &config)
    bias.write("bias", to: &config)
  }
}
