import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain
import Testing

/// Models of more than one text, and of more than one recurrent layer: each is looked at.
@Suite struct SeveralInputsTests {
  /// A model of a title of 6 words, a body of 20 and three numbers. The label is told by the body.
  private static func subject(
    bodyPadding: PaddingSide = .pre, epochs: Int = 3
  ) throws -> Diagnosis.Subject {
    let rows = 160
    func node(_ name: String, _ inputs: [String]) -> JSON {
      inputs.isEmpty
        ? [] : [.array(inputs.map { input -> JSON in [.string(input), 0, 0, [:]] })]
    }
    func layer(_ className: String, _ name: String, _ config: JSONObject, _ inputs: [String])
      -> JSON
    {
      var config = config
      config["name"] = .string(name)
      config["trainable"] = true
      config["dtype"] = "float32"
      return [
        "class_name": .string(className), "name": .string(name), "config": .object(config),
        "inbound_nodes": node(name, inputs),
      ]
    }
    func input(_ name: String, _ width: Int) -> JSON {
      layer(
        "InputLayer", name,
        ["batch_input_shape": [nil, .integer(width)], "sparse": false, "ragged": false], [])
    }
    let layers: [JSON] = [
      input("title", 6), input("body", 20), input("numbers", 3),
      layer("Embedding", "title_words", ["input_dim": 40, "output_dim": 5], ["title"]),
      layer("Embedding", "body_words", ["input_dim": 61, "output_dim": 8], ["body"]),
      layer("GRU", "title_gru", ["units": 4], ["title_words"]),
      layer("GRU", "body_gru", ["units": 6, "return_sequences": true], ["body_words"]),
      layer("LSTM", "body_lstm", ["units": 5], ["body_gru"]),
      layer(
        "Concatenate", "all", ["axis": -1], ["title_gru", "body_lstm", "numbers"]),
      layer("Dense", "answer", ["units": 1, "activation": "sigmoid"], ["all"]),
    ]
    let definition: JSON = [
      "class_name": "Functional", "keras_version": "2.15.0", "backend": "tensorflow",
      "config": [
        "name": "two_texts", "trainable": true, "layers": .array(layers),
        "input_layers": [["title", 0, 0], ["body", 0, 0], ["numbers", 0, 0]],
        "output_layers": [["answer", 0, 0]],
      ],
    ]
    let record = try ModelFile.decode(Array(definition.pythonText().utf8), name: "two_texts.json")
    var model = Model(try Network(record, weights: .fresh(seed: 3)))
    try model.compile(optimizer: Adam(learningRate: 0.01), loss: "binary_crossentropy")
    var generator = SeededGenerator(seed: 77)
    var (titles, bodies, numbers): ([Int32], [Int32], [Float]) = ([], [], [])
    var labels: [Float] = []
    for row in 0..<rows {
      let label = generator.uniform() < 0.5
      labels.append(label ? 1 : 0)
      let count = 2 + Int(generator.uniform() * 3)
      titles += [Int32](repeating: 0, count: 6 - count)
      titles += (0..<count).map { _ in Int32(1 + Int(generator.uniform() * 39)) }
      // One body in eight is empty.
      let words: [Int32] =
        row % 8 == 0
        ? []
        : (0..<6).map { place in
          place == row % 6
            ? (label ? 1 : 2) + 2 * Int32(generator.uniform() * 4)
            : Int32(17 + Int(generator.uniform() * 43))
        }
      let zeros = [Int32](repeating: 0, count: 20 - words.count)
      bodies += bodyPadding == .pre ? zeros + words : words + zeros
      numbers += (0..<3).map { _ in Float(generator.uniform()) }
    }
    var settings = FitSettings()
    (settings.batchSize, settings.epochs, settings.seed) = (16, epochs, 3)
    return Diagnosis.Subject(
      model: model,
      data: try Dataset(
        inputs: [
          NumericArray(shape: [rows, 6], .int32(titles)),
          NumericArray(shape: [rows, 20], .int32(bodies)),
          NumericArray(shape: [rows, 3], .float32(numbers)),
        ], targets: NumericArray(shape: [rows], .float32(labels))), settings: settings)
  }

  @Test func `each text is measured by itself`() throws {
    let diagnosis = try Diagnosis(of: Self.subject(), trying: .none)
    let inputs = diagnosis.evidence.inputs
    #expect(inputs.map(\.name) == ["title", "body"])
    #expect(inputs[0].padding.emptyShare == 0 && inputs[1].padding.emptyShare == 0.125)
    #expect(inputs[0].vocabulary.size == 40 && inputs[1].vocabulary.size == 61)
    #expect(inputs[0].padding.steps == 6 && inputs[1].padding.steps == 20)
    for input in inputs {
      let dependence = try #require(input.dependence)
      #expect(dependence.spread > 0 && dependence.permuted > 0 && dependence.removed > 0)
      #expect(dependence.byWord.count > 1 && dependence.gradient ?? 0 > 0)
    }
    // Each changed alone: what one does to the score is not what the other does.
    #expect(inputs[0].dependence?.permuted != inputs[1].dependence?.permuted)
    #expect(diagnosis.evidence.labelEvidence?.best?.feature.contains(" of ") ?? false)
    #expect(diagnosis.evidence.labelEvidence?.sigmas ?? 0 > 3)
    let text = diagnosis.text
    #expect(text.contains("padding of title") && text.contains("padding of body"))
    #expect(text.contains("not looked at in numbers"))
  }

  @Test func `gates are measured in each recurrent layer, in pictures and JSON too`() throws {
    let diagnosis = try Diagnosis(of: Self.subject(), trying: .none)
    let evidence = diagnosis.evidence
    #expect(evidence.recurrent.map(\.layer) == ["title_gru", "body_gru", "body_lstm"])
    #expect(
      evidence.recurrent.map { $0.gates.map(\.name) } == [
        ["z", "r"], ["z", "r"], ["i", "f", "o"],
      ])
    for facts in evidence.recurrent {
      for gate in facts.gates {
        #expect(abs(gate.histogram.reduce(0, +) - 1) < 1e-9, "\(facts.layer) \(gate.name)")
      }
    }
    let html = DiagnosisReport(diagnosis).page().html()
    for title in [
      "Gate z of title_gru", "Gate r of body_gru", "Gate f of body_lstm",
      "Memory of body_lstm on padding", "Spread of body_gru over rows",
      "Gradient at each step of body", "Gradient at each word of title",
    ] { #expect(html.contains(title), "\(title)") }
    let json = diagnosis.json.object?["measures"]?.object?["recurrent_before"]?.array
    #expect(
      json?.compactMap { $0.object?["layer"]?.string } == ["title_gru", "body_gru", "body_lstm"])
  }

  @Test func `padding at the end of one text is named with the text`() throws {
    let diagnosis = try Diagnosis(of: Self.subject(bodyPadding: .post), trying: .all)
    // Whether it is the trouble or not, what speaks for it is said of the body.
    let padding = diagnosis.evidence.inputs.map { $0.padding.meanEnd }
    #expect(padding == [0, 14])
    let body = try #require(diagnosis.evidence.inputs[1].dependence)
    // Fourteen steps of padding behind the words make them count for much less.
    #expect(body.permuted < 0.5 * (try #require(body.permutedInFront)), "\(body)")
    #expect(body.keptSpread < 0.5)
    #expect(diagnosis.facts.contains { $0.text.contains("exchanging them would move it") })
    let kinds = diagnosis.trials.map(\.remedy.kind)
    #expect(kinds.contains(.maskZero) && kinds.contains(.frontPadding), "\(diagnosis.notes)")
    #expect(!kinds.contains(.shorterLength))
  }

  @Test func `both directions of a bidirectional layer are looked at`() throws {
    var planted = PlantedCase(seed: 4)
    (planted.epochs, planted.rows) = (1, 60)
    planted.body = { _ in
      [try Bidirectional(GRU(units: 4)), Dense(units: 1, activation: .sigmoid)]
    }
    let facts = try planted.diagnosis().evidence.recurrent
    #expect(facts.map(\.layer) == ["bidirectional forward", "bidirectional backward"])
    #expect(facts[0].gates[0].histogram != facts[1].gates[0].histogram)
    // Rows are padded in front: one direction ends with the words, the other begins with them.
    #expect(facts[0].spreadByStep[0] == 0 && facts[0].spreadByStep[9] > 0)
    #expect(facts[1].spreadByStep[0] > 0 && facts[1].spreadByStep[9] > 0)
  }
}
