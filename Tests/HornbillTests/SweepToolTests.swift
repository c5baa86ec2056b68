import Foundation
import KerasFormat
import TestSupport
import Testing

@Suite struct SweepToolTests {
  private func tool() throws -> Tool {
    let tool = try Tool()
    try tool.write("reviews.tsv", PlantedReviews.tsv(rows: 24, things: 5))
    return tool
  }

  private let flags = [
    "sweep", "--data", "reviews.tsv", "--architecture", "ffnn", "--epochs", "3", "--batch-size",
    "8", "--report", "report",
  ]

  private func facts(_ tool: Tool) throws -> [JSONObject] {
    let json = try JSON(parsing: tool.text("report/runs.json"))
    let runs = json.object?["runs"]?.array ?? []
    return runs.compactMap { run in
      var object = run.object
      object?["seconds"] = nil
      var history = object?["history"]?.object
      history?["seconds"] = nil
      object?["history"] = history.map(JSON.object)
      return object
    }
  }

  @Test func `it writes the report and says the verdict`() throws {
    let tool = try tool()
    let run = try tool.start(flags + ["--seeds", "2", "--learning-rate", "0.001,0.1"]).result()
    #expect(run.status == 0, "\(run.error)")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: tool.path("report")).sorted() == [
        "curves.png", "curves.svg", "report.html", "runs", "runs.csv", "runs.json",
      ])
    #expect(run.output.contains("report: report/report.html"))
    #expect(run.output.contains("Lowest validation loss of all: "))
    let facts = try facts(tool)
    #expect(facts.count == 4)
    #expect(
      facts.map { $0["settings"]?.object?["learning-rate"]?.string } == [
        "0.001", "0.1", "0.001", "0.1",
      ])
    // Validated on the quarter that is held back; nothing but words on a page that stands alone.
    #expect(facts[0]["history"]?.object?["val_loss"]?.array?.count == 3)
    let html = try tool.text("report/report.html")
    #expect(!html.contains("http") && html.contains("hornbill sweep --data reviews.tsv"))
  }

  @Test func `a second call goes on and changes nothing`() throws {
    let tool = try tool()
    let all = flags + ["--seeds", "2", "--learning-rate", "0.001,0.1"]
    #expect(try tool.start(all).result().status == 0)
    let first = try facts(tool)
    let one = try #require(
      try FileManager.default.contentsOfDirectory(atPath: tool.path("report/runs")).sorted().first)
    let kept = try tool.data("report/runs/\(one)")
    try FileManager.default.removeItem(atPath: tool.path("report/runs/\(one)"))
    #expect(try tool.start(all).result().status == 0)
    #expect(try facts(tool) == first)
    // That run was made anew, with other times at most; the rest was kept to the byte.
    #expect(try tool.data("report/runs/\(one)").count > kept.count / 2)
    let whole = try tool.text("report/runs.json")
    #expect(try tool.start(all).result().status == 0)
    #expect(try tool.text("report/runs.json") == whole)
  }

  @Test func `an interrupted sweep keeps what ended and goes on`() throws {
    let tool = try tool()
    let all = flags.map { $0 == "3" ? "4000" : $0 } + ["--seeds", "1", "--threads", "1"]
    let started = try tool.start(all)
    try started.waitForError("1/5")
    started.send(SIGINT)
    let run = try started.result()
    #expect(run.status == 130, "\(run.error)")
    #expect(run.error.contains("the same command goes on"))
    let count = try facts(tool).count
    #expect(count >= 1 && count < 5)
    #expect(try tool.text("report/report.html").contains("runs are missing."))
  }

  @Test func `any flag of training can be varied`() throws {
    let tool = try tool()
    let run = try tool.start(
      flags + [
        "--seeds", "1", "--learning-rate", "0.01", "--vary", "padding=pre,post", "--vary",
        "shuffle=true,false", "--optimizer", "sgd,adam", "--max-length", "9",
      ]
    ).result()
    #expect(run.status == 0, "\(run.error)")
    let csv = try tool.text("report/runs.csv").split(separator: "\n")
    #expect(csv[0].hasPrefix("architecture,optimizer,padding,shuffle,learning-rate,seed,"))
    #expect(csv.count == 9)
    #expect(csv[1].hasPrefix("ffnn,sgd,pre,true,0.01,1,"))
    #expect(csv[8].hasPrefix("ffnn,adam,post,false,0.01,1,"))
    let losses = csv.dropFirst().map {
      $0.split(separator: ",", omittingEmptySubsequences: false)[8]
    }
    // The order of rows matters, the side of the padding not to a maximum over words and padding.
    #expect(losses[0] != losses[1] && losses[0] == losses[2])
  }

  @Test func `event files are written where they are asked for`() throws {
    let tool = try tool()
    let run = try tool.start(
      flags + ["--seeds", "1", "--learning-rate", "0.01", "--tensorboard", "events"]
    ).result()
    #expect(run.status == 0, "\(run.error)")
    let folder = "events/architecture=ffnn,learning-rate=0.01,seed=1"
    #expect(tool.exists("\(folder)/train") && tool.exists("\(folder)/validation"))
  }

  @Test(arguments: [
    (["--vary", "padding"], "--vary padding but flag=a,b belongs here, such as padding=pre,post"),
    (["--vary", "padding=pre,"], "--vary padding=pre, but flag=a,b belongs here"),
    (["--vary", "padding=pre,pre"], "--vary padding=pre,pre but each value belongs there once"),
    (["--vary", "padding=pre,pst"], "The value 'pst' is invalid for '--padding"),
    (["--vary", "paddng=pre,post"], "Unknown option '--paddng"),
    (
      ["--vary", "learning-rate=1,2"],
      "--vary learning-rate=1,2 but --learning-rate itself takes several values"
    ),
    (["--vary", "data=a,b"], "--vary data=a,b but --data may repeat"),
    (["--vary", "shuffle=yes"], "--vary shuffle=yes but it is true or false"),
    (["--seeds", "0"], "--seeds 0 but it must be 1 or more"),
    (["--learning-rate", "0.1,"], "The value '0.1,' is invalid for '--learning-rate"),
    (["--learning-rate", "0.1,-1"], "--learning-rate: -1.0 but a rate is zero or positive"),
    (["--optimizer", "sgd,adm"], "--optimizer: unknown optimizer 'adm'"),
    (["--learning-rate", "0.01,1e-2"], "--learning-rate has 0.01 twice"),
    (["--optimizer", "adam,sgd,adam"], "--optimizer has adam twice"),
    (
      ["--optimizer-config", #"{"learning_rate": 0.5}"#],
      "--optimizer-config has the learning rate 0.5, in whose place each run has its own"
    ),
    (["--seeds", "1000000000"], "--seeds 1000000000 but it must be 1 or more, and 1000 at most"),
    (["--epochs", "0"], "--epochs 0 but a run needs one or more"),
    (["--vary", "help=1,2"], "--vary help=1,2 but it is no flag of training"),
  ])
  func `what cannot be is said before any run`(_ more: [String], _ message: String) throws {
    let tool = try tool()
    let run = try tool.start(flags + more).result()
    #expect(run.status == 2)
    #expect(
      run.errorLines.count == 1 && run.error.hasPrefix("hornbill: \(message)"), "\(run.error)")
    #expect(!tool.exists("report"))
  }

  @Test func `a report that cannot be written is found out at once`() throws {
    let tool = try tool()
    try tool.write("report", "a file")
    let run = try tool.start(flags).result()
    #expect(run.status == 74)
    #expect(run.errorLines.count == 1, "\(run.error)")
  }

  @Test func `train takes one of each and names sweep`() throws {
    let tool = try tool()
    let message = try tool.failure(
      2, "train", "--data", "reviews.tsv", "--architecture", "gru,lstm", "--output", "m.keras")
    #expect(
      message
        == "--architecture gru,lstm but one belongs here; 'hornbill sweep' compares several; "
        + "see 'hornbill help train'")
  }

  @Test func `train notices a plateau and names the command that explains it`() throws {
    let tool = try tool()
    let still = [
      "train", "--data", "reviews.tsv", "--architecture", "gru", "--learning-rate", "0.000001",
      "--epochs", "6", "--batch-size", "8", "--seed", "1", "--csv-log", "a log.csv", "--output",
      "m.keras",
    ]
    let run = try tool.start(still + ["--verbose", "2"]).result()
    let notices = run.errorLines.filter { $0.contains("always guessing the same") }
    #expect(
      notices == [
        // Of the 18 rows to learn from 10 are of one class.
        "hornbill: for 5 epochs the loss has stood at 0.693, where always guessing the same gives "
          + "0.687; 'hornbill diagnose --data reviews.tsv --architecture gru --learning-rate "
          + "0.000001 --epochs 6 --batch-size 8 --seed 1' finds out why"
      ])
    for quiet in [["--quiet"], ["--verbose", "0"]] {
      let run = try tool.start(still + quiet).result()
      #expect(run.status == 0 && run.error == "")
    }
  }

  @Test func `a training that learns is not remarked upon`() throws {
    let tool = try tool()
    let run = try tool.run(
      "train", "--data", "reviews.tsv", "--architecture", "ffnn", "--learning-rate", "0.05",
      "--epochs", "8", "--seed", "1", "--output", "m.keras")
    #expect(run.status == 0)
    #expect(!run.error.contains("guessing"))
  }
}
