import KerasFormat
import KerasRuntime
import TestSupport
import Testing

@Suite struct StatefulTests {
  static let cases = Result { () throws(KerasError) -> [FixtureCase] in
    try FixtureCase.all(["layers", "keras1"]).filter { $0.files.contains("y_call2.npy") }
  }

  @Test(arguments: try cases.get().map(\.description))
  func `a second call goes on where the first ended, as in Keras`(_ name: String) throws {
    let fixture = try #require(try Self.cases.get().first { $0.description == name })
    for container in fixture.containers {
      let network = try Network(try fixture.record(container))
      #expect(network.isStateful)
      let x = try fixture.inputArrays()
      var states = RecurrentStates()
      let rows = x[0].shape[0]
      let first = try network.predict(x, batchSize: rows, continuing: &states)
      let second = try network.predict(x, batchSize: rows, continuing: &states)
      #expect(Fixtures.difference(first, try fixture.outputArrays()) <= fixture.tolerance)
      let expected = [try fixture.array("y_call2.npy")]
      #expect(Fixtures.difference(second, expected) <= fixture.tolerance, "\(container)")
    }
  }

  @Test func `there are stateful layers of every generation`() throws {
    #expect(Set(try Self.cases.get().map(\.generation)) == ["1", "2", "2.15", "3"])
  }

  @Test func `without states a call starts from zero, and part of a batch is refused`() throws {
    let fixture = try #require(try Self.cases.get().first { $0.generation == "3" })
    let network = try Network(try fixture.record(fixture.containers[0]))
    let x = try fixture.inputArrays()
    let once = try network.predict(x, batchSize: x[0].shape[0])
    #expect(once == (try network.predict(x, batchSize: x[0].shape[0])))
    #expect(network.fixedBatchSize == x[0].shape[0])
    var states = RecurrentStates()
    let error = #expect(throws: KerasError.self) {
      try network.predict(x, batchSize: x[0].shape[0] - 1, continuing: &states)
    }
    #expect(error?.description.contains("cannot be calls of") == true)
  }
}
