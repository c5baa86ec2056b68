import KerasFormat
import KerasRuntime

/// What came out of one container of one case.
package struct FixtureOutcome: Sendable {
  package let fixture: FixtureCase
  package let container: String
  /// The largest difference from what Keras predicted, or why the model was refused.
  package let result: Result<Float, KerasError>
  /// How many of the outputs in a 16-bit type are Keras's to the last bit, and how many steps of
  /// that type the farthest is away; `nil` where none is.
  package let steps: NarrowDifference?
  package let exception: FixtureException?
  /// The classes of its layers, those inside others too.
  package let classes: Set<String>

  /// What is wrong with it; `nil` where it is as it should be.
  package var objection: String? {
    let place = "\(fixture) \(container)"
    switch (result, exception?.refusal) {
    case (.success(let difference), nil) where exception?.absolute != nil:
      let tolerance = exception?.absolute ?? 0
      return difference <= tolerance
        ? nil : "\(place): off by \(difference), more than \(tolerance)"
    case (.success, nil) where steps != nil:
      let allowed = exception?.steps ?? 0
      guard let steps, steps.largest > allowed else { return nil }
      return "\(place): \(steps.equal) of \(steps.count) equal, off by up to \(steps.largest) "
        + "steps of the type, more than \(allowed)"
    case (.success(let difference), nil):
      let tolerance = exception?.relative ?? fixture.tolerance
      return difference <= tolerance
        ? nil : "\(place): off by \(difference), more than \(tolerance)"
    case (.success, let refusal?): return "\(place): should be refused, \(refusal)"
    case (.failure(let error), nil): return "\(place): \(error)"
    case (.failure(let error), let refusal?):
      return error.description.contains(refusal)
        ? nil : "\(place): \(error); it should say \(refusal)"
    }
  }
}

/// An entry of `fixtures/exceptions.json`: cases that are not equal to 1e-5, and why.
package struct FixtureException: Sendable {
  let cases: [String]
  let containers: [String]?
  /// What the refusal says.
  let refusal: String?
  /// Compared by the size of the number instead.
  let relative: Float?
  /// Compared by this tolerance instead, where the outputs are of a 16-bit type.
  let absolute: Float?
  /// Compared in a 16-bit type, and so many steps of it away at most.
  let steps: Int?
  package let reason: String

  package static let all = Result { () throws(KerasError) -> [FixtureException] in
    let entries = try JSON(parsing: FileBytes.read(Fixtures.path("exceptions.json")))
    return (entries.array ?? []).compactMap(\.object).map { entry in
      FixtureException(
        cases: entry["cases"]?.array?.compactMap(\.string) ?? [],
        containers: entry["containers"]?.array?.compactMap(\.string),
        refusal: entry["refused"]?.string, relative: entry["relative"]?.number.map { Float($0) },
        absolute: entry["absolute"]?.number.map { Float($0) }, steps: entry["steps"]?.integer,
        reason: entry["reason"]?.string ?? "")
    }
  }

  func covers(_ fixture: FixtureCase, _ container: String) -> Bool {
    cases.contains { fixture.description.hasPrefix($0) }
      && containers?.contains(container) ?? true
  }
}

extension FixtureOutcome {
  /// Every container of every case, in the order of the manifests; computed once.
  package static let all = Result { () throws -> [FixtureOutcome] in
    var outcomes: [FixtureOutcome] = []
    let exceptions = try FixtureException.all.get()
    for fixture in try FixtureCase.all(["layers", "graphs", "keras1", "textlayers"])
    where fixture.kind != "Refused" {
      let expected = try fixture.outputArrays()
      for container in fixture.containers {
        let exception = exceptions.first { $0.covers(fixture, container.description) }
        let record = Result { () throws(KerasError) in try fixture.record(container) }
        var steps: NarrowDifference?
        let result = Result { () throws(KerasError) -> Float in
          let found = try fixture.predictions(of: Network(record.get()))
          steps = NarrowDifference(found, expected, types: fixture.types)
          return Fixtures.difference(found, expected, relative: exception?.relative != nil)
        }
        outcomes.append(
          FixtureOutcome(
            fixture: fixture, container: container.description, result: result, steps: steps,
            exception: exception, classes: (try? record.get())?.classNames ?? []))
      }
    }
    return outcomes
  }
}

extension ModelRecord {
  /// The classes of all layers, and of all objects inside their configs.
  fileprivate var classNames: Set<String> {
    var names = Set(layers.map(\.className))
    func collect(_ value: JSON) {
      if let name = value.object?["class_name"]?.string { names.insert(name) }
      for member in value.object?.members.map(\.value) ?? value.array ?? [] { collect(member) }
    }
    for layer in layers { collect(.object(layer.config)) }
    return names
  }
}
