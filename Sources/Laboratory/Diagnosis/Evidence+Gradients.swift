import KerasRuntime

/// Causes that lie in how gradients travel.
extension Evidence {
  var endPadding: Cause? {
    inputs.compactMap(endPadding).max { $0.strength < $1.strength }
  }

  private func endPadding(_ input: WordInput) -> Cause? {
    let padding = input.padding
    guard let dependence = input.dependence, let reader = input.reader,
      let recurrent = recurrent.first(where: { $0.node == reader }), !padding.isMasked,
      padding.meanEnd >= 1
    else { return nil }
    // What one loses of the other two does not come back.
    let kept = (dependence.keptSpread * dependence.keptGradient).squareRoot()
    var figures = [
      Cause.Figure(
        "padding_behind_words", padding.meanEnd,
        "behind the last word\(note(input)) come \(inWords(padding.meanEnd)) steps of padding on "
          + "average, \(percent(padding.endShare)) of all steps, unmasked"),
      Cause.Figure(
        "kept_spread", dependence.keptSpread,
        dependence.permutedInFront.map {
          "exchanging these words moves the answer by \(inWords(dependence.permuted)); with the same "
            + "weights and the words padded at the front by \(inWords($0))"
        }
          ?? "the answer differs from row to row by \(inWords(dependence.spread)); with the same "
          + "weights and the same words padded at the front by \(inWords(dependence.inFront))"),
    ]
    if let gradient = dependence.gradient, let front = dependence.gradientInFront {
      figures.append(
        .init(
          "kept_gradient", dependence.keptGradient,
          "of the gradient at the \(recurrent.className)'s output \(inWords(gradient)) reaches "
            + "the words; padded at the front \(inWords(front))"))
    }
    if let memory = recurrent.onPadding {
      figures.append(
        .init(
          "memory_length", memory.length,
          "a step of padding leaves \(inWords(memory.radius)) of a difference between two states: "
            + "1/e after \(inWords(memory.length)) steps"))
    }
    return Cause(
      kind: .endPadding, strength: (-Double.log10(max(kept, 1e-30)) / 1.5).clamped * standstill,
      figures: figures,
      because:
        "The model answers from the state after the last step. While it reads padding that state "
        + "decays towards a constant, whatever the words were: the answer hardly depends on them, "
        + "and hardly any gradient finds its way back to them. The loss stands at the constant "
        + "answer's until the weights have drifted to a state that remembers longer.",
      remedy:
        "Let the layer pass over padding (mask_zero), or pad at the front, so that words come "
        + "last. A larger learning rate at best shortens the wait.")
  }

  var explodingGradients: Cause? {
    guard let arrival = loudest, let growth = arrival.growth else { return nil }
    return Cause(
      kind: .explodingGradients, strength: exploding,
      figures: [
        .init(
          "gradient_at_words", arrival.whole,
          "the gradient at the words is \(inWords(arrival.whole)) times the one at the output of "
            + arrival.layer
        ),
        .init(
          "growth_per_step", growth,
          "it grows by a factor of \(inWords(growth)) with each step back"),
        before.map {
          let norm = Probe.root($0.weights.map(\.gradientNorm))
          return .init(
            "gradient_norm", norm, "all weights together have a gradient of \(inWords(norm))")
        },
      ].compactMap { $0 },
      because:
        "Each step back in time multiplies the gradient, so that the first words outweigh all "
        + "else: an update follows a few rows as far as they drive it, and the next undoes it.",
      remedy:
        "Clip the gradient (clipnorm), or start the recurrent kernel smaller: orthogonal, as "
        + "Keras does.")
  }

  /// Where most of a gradient comes back to the words.
  private var loudest: GradientArrival? { arrivals.max { $0.whole < $1.whole } }

  /// How much of an explosion there is: from five times as much gradient at the words as at the
  /// recurrent layer's output to fifty times.
  var exploding: Double {
    guard let whole = loudest?.whole, whole.isFinite, whole > 0 else { return 0 }
    return (Double.log10(whole) - 0.7).clamped * max(standstill, unrest)
  }

  /// The gate of any layer that is flat most often.
  private var flattest: (layer: String, gate: RecurrentFacts.Gate)? {
    recurrent.flatMap { facts in facts.gates.map { (facts.layer, $0) } }
      .max { $0.1.saturated < $1.1.saturated }
  }

  var saturation: Cause? {
    let gate = flattest?.gate
    let arriving = arrivals.map(\.middle).min() ?? 1
    let fromGates =
      (((gate?.saturated ?? 0) - 0.5) / 0.4).clamped
      * ((-Double.log10(max(arriving, 1e-30)) - 0.5) / 1.5).clamped
    let extreme = before.map(\.extremeShare) ?? 0
    let passed = before?.passedError ?? 1
    let fromOutput =
      ((extreme - 0.3) / 0.5).clamped * (-Double.log10(max(passed, 1e-30) / 0.5) / 1.5).clamped
    let isOutput = fromOutput >= fromGates
    var figures: [Cause.Figure] = []
    if isOutput {
      figures = [
        .init(
          "extreme_outputs", extreme,
          "\(percent(extreme)) of the answers lie closer than 1% to 0 or 1 before training"),
        .init(
          "passed_error", passed,
          "of a row's error \(inWords(passed)) goes back through the output's sigmoid"),
      ]
    } else if let gate {
      figures = [
        .init(
          "saturated_gate", gate.saturated,
          "gate \(gate.name) of \(flattest?.layer ?? "") is closer than 1% to 0 or 1 at "
            + "\(percent(gate.saturated)) of the words' steps"),
        .init(
          "gradient_at_words", arriving,
          "of the gradient at the recurrent layer's output \(inWords(arriving)) reaches the words"),
      ]
    }
    return Cause(
      kind: .saturation, strength: max(fromGates, fromOutput) * standstill, figures: figures,
      because:
        "Where a sigmoid is flat its derivative is nothing: the error is large, but what goes "
        + "back through it to the weights is not.",
      remedy: "Start with smaller weights and biases (fresh ones, or a smaller initializer); "
        + (isOutput
          ? "use binary_crossentropy, which goes past the sigmoid, instead of a squared error."
          : "scale the inputs down."))
  }

  var deadUnits: Cause? {
    let layers = (after ?? before)?.units ?? []
    guard let worst = layers.max(by: { $0.deadShare < $1.deadShare }), worst.dead > 0 else {
      return nil
    }
    return Cause(
      kind: .deadUnits, strength: ((worst.deadShare - 0.7) / 0.25).clamped * standstill,
      figures: [
        .init(
          "dead_units", worst.deadShare,
          "\(worst.dead) of \(worst.units) units of \(worst.layer) are zero on every row")
      ],
      because: "A ReLU that is zero on every row passes no gradient on and cannot come back.",
      remedy: "Start afresh with a smaller learning rate, or use leaky_relu or elu.")
  }
}

extension Probe {
  /// Share of outputs closer than 1% to 0 or 1, for outputs between these.
  var extremeShare: Double {
    let all = outputs.joined()
    guard !all.isEmpty, all.allSatisfy({ $0 >= 0 && $0 <= 1 }) else { return 0 }
    return Double(all.filter { $0 < 0.01 || $0 > 0.99 }.count) / Double(all.count)
  }
}

extension Probe.UnitActivity {
  var deadShare: Double { units > 0 ? Double(dead) / Double(units) : 0 }
}
