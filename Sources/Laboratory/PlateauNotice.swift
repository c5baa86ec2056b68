import KerasFormat
import KerasTrain

/// Says once when a training stands still: when its loss has been a guess's for some epochs in a
/// row. A run that goes on after a stop counts anew.
///
///     callbacks: [PlateauNotice(guess: 0.693) { print($0) }]
public final class PlateauNotice: Callback {
  /// What always guessing the same gives as `loss`.
  public let guess: Double
  /// Epochs in a row that make it a plateau.
  public let epochs: Int
  private let margin: Double
  private let say: (String) -> Void
  private var count = 0
  private var isSaid = false

  /// - Parameters:
  ///   - margin: how near to the guess's loss counts as standing at it, as a share of that.
  ///   - say: takes the sentence.
  public init(
    guess: Double, epochs: Int = 5, margin: Double = 0.02, say: @escaping (String) -> Void
  ) {
    self.guess = guess
    self.epochs = epochs
    self.margin = margin
    self.say = say
  }

  public func onEpochEnd(_ epoch: Int, _ logs: inout Logs, _ run: TrainingRun) {
    guard !isSaid, let loss = logs["loss"] else { return }
    count = abs(loss - guess) <= abs(guess) * margin ? count + 1 : 0
    guard count >= epochs else { return }
    isSaid = true
    say(
      "for \(counted(count, "epoch")) the loss has stood at \(inWords(loss)), where always "
        + "guessing the same gives \(inWords(guess))")
  }
}
