import Foundation
import KerasFormat
import TestSupport
import Testing

@Suite struct DiagnoseToolTests {
  private func tool() throws -> Tool {
    let tool = try Tool()
    try tool.write("reviews.tsv", PlantedReviews.tsv(rows: 40, things: 40))
    return tool
  }

  private let flags = [
    "diagnose", "--data", "reviews.tsv", "--epochs", "2", "--batch-size", "8", "--seed", "1",
    "--report", "why",
  ]
  private let padded = ["--architecture", "gru", "--padding", "post", "--max-length", "30"]

  @Test func `it writes the report and says what it measured and tried`() throws {
    let tool = try tool()
    let run = try tool.start(flags + padded + ["--remedies", "all"]).result()
    #expect(run.status == 0, "\(run.error)")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: tool.path("why")).sorted() == [
        "diagnosis.html", "diagnosis.json", "diagnosis.svg",
      ])
    #expect(run.output.hasPrefix("gru on 30 rows, 2 epochs of rmsprop at rate 0.001, Keras 3\n"))
    for text in [
      "\nmeasured\n", "\ntried, 2 epochs each", "as it is", "report: why/diagnosis.html",
    ] {
      #expect(run.output.contains(text), "\(text)")
    }
    let html = try tool.text("why/diagnosis.html")
    #expect(!html.contains("http") && html.contains("hornbill diagnose --data reviews.tsv"))
    let object = try #require(try JSON(parsing: tool.text("why/diagnosis.json")).object)
    // Judged by the quarter that is held back.
    let history = object["training"]?.object?["history"]?.object
    #expect(history?["val_loss"]?.array?.count == 2)
    #expect(object["trials"]?.array?.isEmpty == false)
  }

  @Test func `the JSON on standard output is the file's, for any number of threads`() throws {
    let tool = try tool()
    func json(_ threads: String) throws -> String {
      let run = try tool.start(
        flags + padded + ["--remedies", "all", "--json", "--threads", threads]
      ).result()
      #expect(run.output == (try tool.text("why/diagnosis.json")))
      var object = try #require(try JSON(parsing: run.output).object)
      object["training"] = nil
      object["trials"] = .array(
        (object["trials"]?.array ?? []).map { trial in
          var own = trial.object ?? [:]
          own["history"] = own["history"]?.object?["val_loss"]
          return .object(own)
        })
      // As text: what is no number is not equal to itself.
      return JSON.object(object).pythonText()
    }
    #expect(try json("1") == json("2"))
  }

  @Test func `without a seed it is the same diagnosis each time`() throws {
    let tool = try tool()
    let own = flags.filter { $0 != "--seed" && $0 != "1" } + padded + ["--remedies", "none"]
    let runs = try [own, own, own + ["--seed", "1"]].map { try tool.start($0).result().output }
    #expect(runs[0].contains("2 epochs") && runs[0] == runs[1] && runs[0] == runs[2])
  }

  @Test func `help says the defaults of the verb that it is asked for`() throws {
    let tool = try tool()
    for verb in ["sweep", "diagnose"] {
      let help = try tool.run("help", verb).output.split(whereSeparator: \.isWhitespace)
        .joined(separator: " ")
      #expect(help.contains("Default: 1, for sweep 50, for diagnose 10"), "\(verb)")
      #expect(help.contains("default: a new one, for sweep and diagnose 1"), "\(verb)")
    }
  }

  @Test func `labels of texts are values under a loss of values`() throws {
    let tool = try tool()
    let rows = (0..<40).map { "the thing number \($0)\t\(Double($0 % 4) + 1.5)\n" }.joined()
    try tool.write("stars.tsv", rows)
    let run = try tool.start([
      "diagnose", "--data", "stars.tsv", "--architecture", "ffnn", "--loss", "mse", "--epochs", "1",
      "--report", "why",
    ]).result()
    #expect(run.status == 0, "\(run.error)")
    // Of 30 rows the mean is about 3, the variance of 1.5, 2.5, 3.5 and 4.5 is 1.25; class numbers
    // have the same, but lie around 1.5 and are classes.
    #expect(run.output.contains("the targets are no classes"), "\(run.output)")
    let trained = try tool.start([
      "train", "--data", "stars.tsv", "--architecture", "ffnn", "--loss", "mse", "--metrics", "mae",
      "--epochs", "1", "--seed", "1", "--test-split", "0", "--output", "m.keras", "--quiet",
    ]).result()
    #expect(trained.status == 0, "\(trained.error)")
    let judged = try tool.start(["evaluate", "m.keras", "--data", "stars.tsv"]).result()
    #expect(judged.status == 0, "\(judged.error)")
    let error = judged.output.split(separator: "\n").first {
      $0.hasPrefix("mae") || $0.contains("absolute")
    }
    let value = error?.split(separator: " ").last.flatMap { Double($0) }
    // A sigmoid says about 0.5: that far from 3 on average, and from class numbers only 1.
    #expect(try #require(value) > 2, "\(judged.output)")
  }

  @Test func `it takes weights from a file, and a run that stopped`() throws {
    let tool = try tool()
    let trained = try tool.start([
      "train", "--data", "reviews.tsv", "--architecture", "lstm", "--epochs", "2", "--output",
      "m.json", "--output", "m.weights.h5", "--checkpoint", "run.keras", "--seed", "1",
    ]).result()
    #expect(trained.status == 0, "\(trained.error)")
    let resumed = try tool.start(flags + ["--resume", "run.keras"]).result()
    #expect(resumed.output.contains("the saved run's 2 epochs took loss from"), "\(resumed.error)")
    try FileManager.default.removeItem(atPath: tool.path("why"))
    let loaded = try tool.start(
      flags + ["m.json", "--weights", "m.weights.h5"]
    ).result()
    #expect(loaded.output.hasPrefix("lstm on 30 rows"), "\(loaded.error)")
  }

  @Test(arguments: [
    (["--architecture", "gru,lstm"], "'hornbill sweep' compares several"),
    (["--architecture", "gru", "--epochs", "0"], "a diagnosis trains for 1 or more"),
    (["--architecture", "gru", "--resume", "run.keras"], "Give one of a model file"),
    (["--architecture", "gru", "--remedies", "some"], "some"),
  ])
  func `bad usage is said in one line`(_ arguments: [String], _ words: String) throws {
    let tool = try tool()
    let run = try tool.start(flags + arguments).result()
    #expect(run.status == 2)
    #expect(run.error.contains(words), "\(run.error)")
    #expect(run.error.split(separator: "\n").count == 1)
  }
}
