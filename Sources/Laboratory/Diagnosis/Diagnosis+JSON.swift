import KerasFormat
import KerasTrain

extension Diagnosis {
  /// `diagnosis.json`: measures, causes with their figures, and trials. What is no finite number is
  /// null.
  public var json: JSON {
    var object: JSONObject = [
      "model": .string(subject.model.network.name),
      "keras": .string(
        (subject.model.compilation?.generation ?? subject.model.network.generation).rawValue),
      "rows": .integer(subject.data.rows), "epochs": .integer(subject.settings.epochs),
      "verdict": .string(verdict),
    ]
    if let seed = subject.settings.seed { object["seed"] = JSON(seed: seed) }
    object["learning_rate"] = evidence.rate.map(JSON.number)
    object["loss_by_chance"] = .number(evidence.chance)
    object["causes"] = .array(causes.map(\.json))
    object["trials"] = .array(trials.map(\.json))
    object["training"] = evidence.course.map(\.json)
    object["measures"] = .object(measures)
    object["facts"] = .object(
      facts.reduce(into: JSONObject()) { $0[$1.name] = .string($1.text) })
    object["notes"] = .array(notes.map(JSON.string))
    return JSON.object(object).finite
  }

  private var measures: JSONObject {
    var object: JSONObject = [:]
    if !evidence.inputs.isEmpty { object["inputs"] = .array(evidence.inputs.map(\.json)) }
    if let labels = evidence.labels {
      var own: JSONObject = [
        "counts": .array(labels.counts.map(JSON.integer)), "entropy": .number(labels.entropy),
      ]
      own["naive_bayes_balanced_accuracy"] = evidence.labelEvidence.map {
        .number($0.balancedAccuracy)
      }
      own["naive_bayes_sigmas"] = evidence.labelEvidence.map { .number($0.sigmas) }
      own["best_feature"] = evidence.labelEvidence?.best.map { .string($0.feature) }
      own["best_feature_information"] = evidence.labelEvidence?.best.map { .number($0.share) }
      own["model_balanced_accuracy"] = evidence.balancedAccuracy.map(JSON.number)
      own["model_agreement_sigmas"] = evidence.agreement.map { .number($0.sigmas) }
      object["labels"] = .object(own)
    }
    if let repeated = evidence.repeated {
      object["repeated_validation_rows"] = .number(repeated.share)
    }
    if let giveaway = evidence.giveaway {
      object["giveaway"] = ["what": .string(giveaway.what), "share": .number(giveaway.share)]
    }
    for (name, probe) in [("before", evidence.before), ("after", evidence.after)] {
      if let probe { object["gradients_\(name)"] = .object(probe.json) }
    }
    for (name, facts) in [("before", evidence.recurrent), ("after", evidence.recurrentAfter)] {
      if !facts.isEmpty { object["recurrent_\(name)"] = .array(facts.map { .object($0.json) }) }
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

extension WordInput {
  fileprivate var json: JSON {
    var vocabulary: JSONObject = [
      "embedding_rows": .integer(self.vocabulary.size),
      "untouched_rows": .integer(self.vocabulary.untouched),
      "ids_out_of_range": .integer(self.vocabulary.outOfRange),
    ]
    vocabulary["unknown_share"] = self.vocabulary.coverage.map { .number($0.unknownShare) }
    vocabulary["lost_share"] = self.vocabulary.coverage.map { .number($0.lostShare) }
    var object: JSONObject = [
      "name": .string(name),
      "padding": [
        "steps": .integer(padding.steps), "mean_words": .number(padding.meanWords),
        "longest": .integer(padding.longest), "front_share": .number(padding.frontShare),
        "end_share": .number(padding.endShare), "empty_rows": .number(padding.emptyShare),
        "masked": .bool(padding.isMasked),
      ], "vocabulary": .object(vocabulary),
    ]
    object["answers_before"] = dependence.map(\.json)
    object["answers_after"] = dependenceAfter.map(\.json)
    return .object(object)
  }
}

extension WordDependence {
  fileprivate var json: JSON {
    var object: JSONObject = [
      "spread": .number(spread), "words_exchanged": .number(permuted),
      "words_removed": .number(removed), "spread_padded_in_front": .number(inFront),
    ]
    object["words_exchanged_padded_in_front"] = permutedInFront.map(JSON.number)
    object["gradient_at_words"] = gradient.map(JSON.number)
    object["gradient_at_words_padded_in_front"] = gradientInFront.map(JSON.number)
    return .object(object)
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
    if flows.count > 1 {
      object["by_timestep_of_inputs"] = .array(
        flows.map { flow in flow.map { .array($0.byStep.map(JSON.number)) } ?? .null })
    }
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
