import KerasTrain

/// When a training stopped standing still.
///
/// A run has left the plateau in the first epoch whose validation loss is below the
/// ``ConstantPredictor``'s by a margin, if in the epochs behind it one of the two losses stays so:
/// that of training may, for where a model learns its rows by heart the other soon rises again. A
/// run that ends sooner must stay below to its end. Where nothing is validated, the training loss
/// stands alone.
///
///     Plateau().leaving([0.693, 0.691, 0.64, 0.55], guess: 0.693)  // 3
public struct Plateau: Sendable, Equatable {
  /// The share of the guess's loss that a run must be below it. Of ln 2, 5 % is 0.035: below
  /// 0.6585.
  public let margin: Double
  /// Epochs in a row that it must stay there, the first included.
  public let epochs: Int

  /// By default 5 % below the guess, for three epochs.
  public init(margin: Double = 0.05, epochs: Int = 3) {
    self.margin = margin
    self.epochs = max(1, epochs)
  }

  /// The loss to be below.
  public func threshold(_ guess: Double) -> Double { guess - abs(guess) * margin }

  /// The epoch, counted from 1, in which `losses`, one an epoch, left the loss of a guess; `nil`
  /// where they never did.
  ///
  /// - Parameters:
  ///   - others: losses of which one below its own guess's will do in the epochs behind.
  ///   - otherGuess: of those.
  public func leaving(
    _ losses: [Double], guess: Double, or others: [Double] = [], otherGuess: Double = 0
  ) -> Int? {
    let (threshold, otherThreshold) = (threshold(guess), threshold(otherGuess))
    return losses.indices.first { start in
      losses[start] < threshold
        && losses.indices[start...].prefix(epochs).allSatisfy { epoch in
          losses[epoch] < threshold
            || others.indices.contains(epoch) && others[epoch] < otherThreshold
        }
    }.map { $0 + 1 }
  }

  /// How a run ended.
  public enum Outcome: Sendable, Equatable {
    /// It learned, from this epoch on, counted from 1.
    case left(epoch: Int)
    /// From this epoch on the loss of the rows that it learns from fell; that of validation never
    /// did.
    case learnedByHeart(epoch: Int)
    /// Its loss is still that of a guess.
    case stayed
    /// Its loss ends above the guess's by more than the margin, without growing: on its way down
    /// from far above, or thrown about.
    case above
    /// Its loss is no finite number, or ends above the guess's and above its own first by more than
    /// the margin, and was higher in the later half of the epochs than in the earlier.
    case diverged
  }

  /// What became of a run.
  ///
  /// - Parameter guesses: of the ``ConstantPredictor`` on the same rows.
  public func outcome(_ history: History, _ guesses: ConstantPredictor.Losses) -> Outcome {
    let (training, validation) = (history["loss"], history["val_loss"])
    let losses = guesses.validation == nil || validation.isEmpty ? training : validation
    let guess = validation.isEmpty ? guesses.training : guesses.validation ?? guesses.training
    if training.contains(where: { !$0.isFinite }) { return .diverged }
    if let epoch = leaving(losses, guess: guess, or: training, otherGuess: guesses.training) {
      return .left(epoch: epoch)
    }
    if let epoch = leaving(training, guess: guesses.training) {
      return .learnedByHeart(epoch: epoch)
    }
    guard let first = training.first, let last = training.last,
      last > guesses.training + abs(guesses.training) * margin
    else { return .stayed }
    let (early, late) = (training.prefix(training.count / 2), training.suffix(training.count / 2))
    let grows = (Median.of(Array(late)) ?? 0) > (Median.of(Array(early)) ?? 0)
    return grows && last > first + abs(first) * margin ? .diverged : .above
  }
}
