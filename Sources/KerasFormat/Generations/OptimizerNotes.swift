/// Where generations compute otherwise under one optimizer's name, so that a training which goes on
/// in another one takes other steps. THE table of them; formulas that it does not list are the same
/// but for roundings.
///
/// Read off `keras/optimizers.py` of 1.2.2 and 2.2.4 and `keras/src/optimizers` of 2.15.0 and 3.15.1;
/// a test lets every stored optimizer go on in every other generation and asks for a note where, and
/// only where, the weights part.
enum OptimizerNotes {
  /// Whose formulas; those of 2.15's `keras.optimizers.legacy` are its own.
  struct Rules: Equatable {
    var generation: Generation
    var isLegacy: Bool

    var isOld: Bool { isLegacy || generation <= .keras2 }
    var name: String { "Keras \(generation.rawValue)" + (isLegacy ? "'s legacy optimizer" : "") }
  }

  /// What is asked of both sides.
  private struct Subject {
    let optimizer: OptimizerRecord
    /// Whether a table of words is trained, and without a penalty.
    let hasTable: Bool

    func isSet(_ key: String) -> Bool { (optimizer.config[key]?.number ?? 0) != 0 }
    var clipsNorm: Bool { isSet("clipnorm") || isSet("global_clipnorm") }
    var clips: Bool { clipsNorm || isSet("clipvalue") }
  }

  /// One difference: which optimizers have it, and what each side does.
  private struct Difference: Sendable {
    /// `nil` for all classes but those of ``others``.
    var classes: Set<String>?
    var others: Set<String> = []
    var concerns: @Sendable (Subject) -> Bool = { _ in true }
    var behavior: @Sendable (Rules, Subject) -> String
  }

  private static let table: [Difference] = [
    Difference(classes: ["RMSprop", "Adagrad"]) { rules, subject in
      // TensorFlow's kernel for a momentum puts it under the root.
      let isInKernel = rules.isLegacy && subject.isSet("momentum")
      return rules.isOld && !isInKernel ? "adds epsilon to the root" : "adds epsilon under the root"
    },
    Difference(classes: ["Nadam"]) { rules, subject in
      let share = subject.optimizer.config["schedule_decay"]?.number ?? 0.004
      return rules.isOld
        ? "lets its momentum grow by 0.96^(\(share)·t)" : "lets its momentum grow by 0.96^t"
    },
    Difference(classes: ["Nadam"]) { rules, _ in
      if rules.generation == .keras3 || rules.isLegacy { return "keeps its running product" }
      return "begins its running product anew"
        + (rules.generation == .keras2_15 ? " and multiplies it for every weight" : "")
    },
    Difference(
      others: ["SGD", "Lion"], concerns: { $0.hasTable },
      behavior: { rules, _ in
        rules.generation == .keras3
          ? "on TensorFlow squares the gradient of a word occurrence by occurrence"
          : "squares the sum of a word's gradients"
      }),
    Difference(
      classes: ["SGD", "RMSprop", "Adadelta", "Adamax", "Nadam", "Ftrl"],
      concerns: {
        let isPlain = ["SGD", "RMSprop"].contains($0.optimizer.className) && !$0.isSet("momentum")
        return $0.hasTable && !isPlain
      },
      behavior: { rules, _ in
        rules.isLegacy
          ? "leaves the rows of words that do not occur as they are" : "moves the rows of all words"
      }),
    Difference(
      concerns: { $0.hasTable && $0.clipsNorm },
      behavior: { rules, _ in
        rules.generation <= .keras2
          ? "takes the norm of a word's summed gradient"
          : "takes the norm over each occurrence of a word"
      }),
    Difference(
      concerns: { $0.hasTable && $0.isSet("clipvalue") },
      behavior: { rules, _ in
        rules.generation == .keras1
          ? "cuts the sum of a word's gradients" : "cuts each occurrence of a word"
      }),
    Difference(
      concerns: { $0.clipsNorm && $0.isSet("clipvalue") },
      behavior: { rules, _ in
        if rules.isLegacy { return "cuts values before it scales to the norm" }
        return rules.generation <= .keras2
          ? "cuts values after it has scaled to the norm" : "scales to the norm alone"
      }),
    Difference(
      classes: ["RMSprop", "Adagrad", "Adadelta"],
      concerns: { $0.isSet("decay") && $0.optimizer.iterations ?? 0 > 0 },
      behavior: { rules, _ in
        rules.generation <= .keras2
          ? "counts the steps of its decay from 0" : "goes on counting them"
      }),
    Difference(
      concerns: { $0.optimizer.config["use_ema"] == true && $0.optimizer.iterations ?? 0 == 0 },
      behavior: { rules, _ in
        rules.generation == .keras3
          ? "begins its averages behind the first step" : "begins its averages before it"
      }),
  ]

  /// Notes what a model's optimizer does otherwise in another generation.
  static func note(
    _ record: ModelRecord, _ generation: Generation, _ notes: inout [ConversionNote]
  ) throws(KerasError) {
    guard let optimizer = record.training?.optimizer else { return }
    let isLegacy = optimizer.config["is_legacy_optimizer"] == true
    let own = Rules(generation: record.generation, isLegacy: isLegacy)
    // No other generation has them.
    let other = Rules(
      generation: generation, isLegacy: isLegacy && generation == record.generation)
    guard own != other else { return }
    let subject = Subject(optimizer: optimizer, hasTable: try trainsTable(record))
    for difference in table
    where difference.classes?.contains(optimizer.className) ?? true
      && !difference.others.contains(optimizer.className) && difference.concerns(subject)
    {
      let (old, new) = (difference.behavior(own, subject), difference.behavior(other, subject))
      guard old != new else { continue }
      notes.append(
        ConversionNote(
          message:
            "while training on, \(optimizer.className) of \(other.name) \(new), where that of "
            + "\(own.name) \(old)"))
    }
  }

  /// Notes a state in an `.h5` from which the Keras that opens it does not go on, whoever wrote it:
  /// 2.15 sets no weights of a LossScaleOptimizer that it reads there and starts afresh, and 3.15
  /// builds the optimizer for no variables, so that it cannot train at all.
  static func noteWholeH5(
    _ record: ModelRecord, _ generation: Generation, _ notes: inout [ConversionNote]
  ) {
    guard let optimizer = record.training?.optimizer,
      !optimizer.slots.isEmpty || optimizer.iterations ?? 0 > 0
    else { return }
    var message: String?
    if generation == .keras2_15, optimizer.config[LossScale.key] != nil {
      message = "Keras 2.15 forgets the optimizer's state inside a LossScaleOptimizer in an .h5"
    } else if generation == .keras3, record.generation != generation {
      message = "Keras 3 cannot train what it has opened from an .h5"
    }
    guard let message else { return }
    notes.append(ConversionNote(message: message + "; a .keras file it goes on with"))
  }

  private static func trainsTable(_ record: ModelRecord) throws(KerasError) -> Bool {
    for layer in record.layers {
      let leaves = try LayerStructure(layer).leaves
      let isThere = leaves.contains {
        $0.className == "Embedding" && $0.isTrainable
          && $0.config["embeddings_regularizer"] ?? .null == .null
      }
      if isThere { return true }
    }
    return false
  }
}
