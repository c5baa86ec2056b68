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
      "padding", "vocabulary", "labels", "answers_before", "gradients_before", "recurrent_before",
      "range_test",
    ] { #expect(measures[key] != nil, "\(key)") }
    let steps = measures["gradients_before"]?.object?["by_timestep"]?.array
    #expect(steps?.count == 40)
  }
}
