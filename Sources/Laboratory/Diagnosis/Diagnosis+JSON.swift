import KerasFormat
import KerasTrain

extension Diagnosis {
  /// `diagnosis.json`: measures, causes with their figures, and trials. What is no finite number is
  /// `NaN` or `Infinity`, as Python writes and reads them.
  public var json: JSON {
    var object: JSONObject = [
      "model": .string(subject.model.network.name),
      "keras": .string(
        (subject.model.compilation?.generation ?? subject.model.network.generation).rawValue),
      "rows": .integer(subject.data.rows), "epochs": .integer(subject.settings.epochs),
      "verdict": .string(verdict),
    ]
    if let seed = subject.settings.seed { object["seed"] = .number(Double(seed)) }
    object["learning_rate"] = evidence.rate.map(JSON.number)
    object["causes"] = .array(causes.map(\.json))
    object["trials"] = .array(trials.map(\.json))
    object["training"] = evidence.course.map(\.json)
    object["measures"] = .object(measures)
    object["facts"] = .object(
      facts.reduce(into: JSONObject()) { $0[$1.name] = .string($1.text) })
    object["notes"] = .array(notes.map(JSON.string))
    return .object(object)
  }

  private var measures: JSONObject {
    var object: JSONObject = [:]
    if let padding = evidence.padding {
      object["padding"] = [
        "steps": .integer(padding.steps), "mean_words": .number(padding.meanWords),
        "longest": .integer(padding.longest), "front_share": .number(padding.frontShare),
        "end_share": .number(padding.endShare), "empty_rows": .number(padding.emptyShare),
        "masked": .bool(padding.isMasked),
      ]
    }
    if let words = evidence.vocabulary {
      var own: JSONObject = [
        "embedding_rows": .integer(words.size), "untouched_rows": .integer(words.untouched),
        "ids_out_of_range": .integer(words.outOfRange),
      ]
      own["unknown_share"] = words.coverage.map { .number($0.unknownShare) }
      own["lost_share"] = words.coverage.map { .number($0.lostShare) }
      object["vocabulary"] = .object(own)
    }
    if let labels = evidence.labels {
      var own: JSONObject = [
        "counts": .array(labels.counts.map(JSON.integer)), "entropy": .number(labels.entropy),
      ]
      own["naive_bayes_balanced_accuracy"] = evidence.labelEvidence.map {
        .number($0.balancedAccuracy)
      }
      own["naive_bayes_sigmas"] = evidence.labelEvidence.map { .number($0.sigmas) }
      own["best_feature_information"] = evidence.labelEvidence?.best.map { .number($0.share) }
      own["repeated_validation_rows"] = evidence.repeatedRows.map(JSON.number)
      own["model_balanced_accuracy"] = evidence.balancedAccuracy.map(JSON.number)
      object["labels"] = .object(own)
    }
    for (name, dependence) in [
      ("answers_before", evidence.dependence), ("answers_after", evidence.dependenceAfter),
    ] {
      guard let dependence else { continue }
      var own: JSONObject = [
        "spread": .number(dependence.spread), "words_exchanged": .number(dependence.permuted),
        "words_removed": .number(dependence.removed),
        "spread_padded_in_front": .number(dependence.inFront),
      ]
      own["gradient_at_words"] = dependence.gradient.map(JSON.number)
      own["gradient_at_words_padded_in_front"] = dependence.gradientInFront.map(JSON.number)
      object[name] = .object(own)
    }
    for (name, probe) in [("before", evidence.before), ("after", evidence.after)] {
      if let probe { object["gradients_\(name)"] = .object(probe.json) }
    }
    for (name, facts) in [("before", evidence.recurrent), ("after", evidence.recurrentAfter)] {
      if let facts { object["recurrent_\(name)"] = .object(facts.json) }
    }
    if let range = evidence.rateRange {
      var own: JSONObject = [
        "rates": .array(range.rates.map(JSON.number)),
        "losses": .array(range.smoothed.map(JSON.number)),
      ]
      own["suggestion"] = range.suggestion.map(JSON.number)
      object["range_test"] = .object(own)
    }
    return object
  }
}

extension Cause {
  fileprivate var json: JSON {
    [
      "cause": .string(kind.rawValue), "title": .string(kind.title),
      "strength": .number(strength),
      "figures": .array(
        figures.map { figure -> JSON in
          [
            "name": .string(figure.name), "value": .number(figure.value),
            "text": .string(figure.text),
          ]
        }), "because": .string(because), "remedy": .string(remedy),
    ]
  }
}

extension Trial {
  fileprivate var json: JSON {
    var object: JSONObject = [
      "remedy": .string(remedy.kind.rawValue), "title": .string(remedy.title),
    ]
    object["flags"] = remedy.flags.map(JSON.string)
    for (key, value) in course.json.object?.members ?? [] { object[key] = value }
    return .object(object)
  }
}

extension Course {
  fileprivate var json: JSON {
    var object: JSONObject = [
      "constant_predictor": [
        "loss": .number(constantInTraining), "val_loss": .number(constant),
      ],
      "left_plateau_in_epoch": leftPlateau.map(JSON.integer) ?? .null,
      "best_validation_loss": .number(best), "final_validation_loss": .number(final),
      "history": history.json,
    ]
    if let bad = firstNonFinite {
      object["not_a_number"] = [
        "epoch": .integer(bad.epoch), "batch": .integer(bad.batch), "what": .string(bad.what),
      ]
    }
    object["batch_losses"] = .array(batchLosses.map(JSON.number))
    if !flows.isEmpty {
      object["gradient_by_timestep"] = .array(
        flows.map { flow in .array(flow.byStep.map(JSON.number)) })
    }
    object["updates"] = .array(
      updates.map { update -> JSON in
        [
          "weight": .string(update.name), "ratio_first_epoch": .number(update.first),
          "ratio_last_epoch": .number(update.last),
          "moved_in_first_epoch": .number(update.inFirstEpoch),
        ]
      })
    return .object(object)
  }
}

extension Probe {
  fileprivate var json: JSONObject {
    var object: JSONObject = ["loss": .number(loss)]
    object["by_timestep"] = flow.map { .array($0.byStep.map(JSON.number)) }
    object["by_weight"] = .object(
      weights.reduce(into: JSONObject()) { $0[$1.name] = .number($1.gradientNorm) })
    object["dead_units"] = .object(
      units.reduce(into: JSONObject()) { $0[$1.layer] = .integer($1.dead) })
    return object
  }
}

extension RecurrentFacts {
  fileprivate var json: JSONObject {
    var object: JSONObject = [
      "layer": .string(layer), "class": .string(className),
      "spread_by_timestep": .array(spreadByStep.map(JSON.number)),
      "gates": .array(
        gates.map { gate -> JSON in
          [
            "name": .string(gate.name), "saturated": .number(gate.saturated),
            "histogram": .array(gate.histogram.map(JSON.number)),
          ]
        }),
    ]
    if let onPadding {
      object["on_padding"] = [
        "memory_length": .number(onPadding.length),
        "spectrum": .array(onPadding.spectrum.map(JSON.number)),
      ]
    }
    return object
  }
}
