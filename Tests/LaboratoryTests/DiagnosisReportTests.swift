import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain
import Testing

/// What a person is shown of a diagnosis.
@Suite struct DiagnosisReportTests {
  private static let diagnosis = Result { () throws -> Diagnosis in
    var planted = PlantedCase(seed: 1)
    (planted.steps, planted.padding, planted.generation) = (40, .post, .keras2)
    planted.optimizer = RMSprop(learningRate: 0.001)
    planted.epochs = 4
    return try planted.diagnosis(trying: .all)
  }

  @Test func `the page stands alone and says the cause, its figures and what was tried`() throws {
    let diagnosis = try Self.diagnosis.get()
    let html = DiagnosisReport(diagnosis, command: "hornbill diagnose <x>").page().html()
    for absent in ["http:", "https:", "<script", "@import", "url(", "<link"] {
      #expect(!html.contains(absent), "\(absent)")
    }
    let cause = try #require(diagnosis.causes.first)
    #expect(html.contains("1. \(cause.kind.title)"))
    #expect(html.contains("hornbill diagnose &lt;x&gt;"))
    for title in ["Gradient at each step", "Gate z of gru", "Memory on padding", "Range test"] {
      #expect(html.contains(title), "\(title)")
    }
    for trial in diagnosis.trials { #expect(html.contains(trial.remedy.title)) }
  }

  @Test func `the terminal's lines fit into 80 columns`() throws {
    let text = try Self.diagnosis.get().text
    let long = text.split(separator: "\n").filter { $0.count > 80 }
    #expect(long.isEmpty, "\(long)")
    #expect(text.contains("padding at the end, without a mask (strength 1.00)"))
    #expect(text.contains("as it is"))
  }

  @Test func `the JSON holds every cause, trial and measure`() throws {
    let diagnosis = try Self.diagnosis.get()
    let json = try JSON(parsing: Array(diagnosis.json.pythonText(indent: 1).utf8))
    let object = try #require(json.object)
    let causes = try #require(object["causes"]?.array)
    #expect(causes.count == diagnosis.causes.count)
    #expect(causes.first?.object?["cause"] == "end_padding")
    #expect(object["trials"]?.array?.count == diagnosis.trials.count)
    let measures = try #require(object["measures"]?.object)
    for key in [
      "inputs", "labels", "gradients_before", "recurrent_before", "range_test",
    ] { #expect(measures[key] != nil, "\(key)") }
    let input = try #require(measures["inputs"]?.array?.first?.object)
    for key in ["name", "padding", "vocabulary", "answers_before", "answers_after"] {
      #expect(input[key] != nil, "\(key)")
    }
    let steps = measures["gradients_before"]?.object?["by_timestep"]?.array
    #expect(steps?.count == 40)
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func `the verdict agrees with the table of what was tried`(_ seed: UInt64) throws {
    var planted = PlantedCase(seed: seed)
    (planted.rows, planted.positiveShare, planted.honesty) = (200, 0.1, 0.8)
    (planted.optimizer, planted.epochs) = (RMSprop(learningRate: 0.002), 4)
    let diagnosis = try planted.diagnosis(trying: .all)
    let course = try #require(diagnosis.evidence.course)
    let chance = diagnosis.evidence.chance
    // 40 rows judge: half of the guess's loss over the root of 40.
    #expect(abs(chance - 0.5 * course.constant / 40.0.squareRoot()) < 1e-12)
    let sooner = diagnosis.trials.contains {
      ($0.course.leftPlateau ?? 99) < (course.leftPlateau ?? 99)
    }
    let lower = diagnosis.trials.contains { $0.course.final < course.final }
    let clearly = diagnosis.trials.contains { $0.course.final < course.final - chance }
    if let best = diagnosis.best {
      #expect(sooner || clearly)
      #expect(diagnosis.verdict.contains("What helped most: \(best.remedy.title)"))
    } else {
      #expect(!sooner && !clearly)
      #expect(diagnosis.verdict.contains("chance") == lower, "\(diagnosis.text)")
    }
  }
}
