/// The words around the tables of `docs/plateau-table.md`.
enum PlateauTablePage {
  static func text(table: String, fifths: String) -> String {
    """
    # How long the reviews models stand still

    The epoch in which each model leaves the loss of a guess, in Keras 2.2.4 and in Hornbill, with the
    same rows, the same seeds and the same starts: the medians of three seeds, then each; – is not within 40
    epochs. Made by

    ```sh
    HORNBILL_CURVES=all HORNBILL_WRITE_DOCS=1 swift test -c release --filter PlateauTableTests
    ```

    which also checks it. Keras's runs are `fixtures/plateau/runs.jsonl`, made by
    `fixtures/scripts/make_plateau_table.py`.

    The data is UCI's "Sentiment Labelled Sentences" (yelp, amazon, imdb in this order, split seed 1000: 2,061
    rows to train on, 687 held back to validate on, V 4,603), padded at the end to 50; batches of 128;
    RMSprop. A model has left when its validation loss is 5 % below a guess's (under 0.6585), if one of the
    two losses stays so for three epochs.

    \(table)

    - **The same start, the same curve.** At 0.0001 and at 0.001, Keras's default, every seed leaves in Keras's
      epoch, give or take one. Recurrent kernels are orthogonal with signs that are LAPACK's own, so they are
      taken from Keras here; all else Hornbill draws from the seed, the order of the rows included.
    - **From 0.01 on float32 does not decide it** for the recurrent models: on a plateau the gradient is small
      against its rounding, RMSprop divides by its size, and a run whose weights start a unit in the last place
      away leaves elsewhere, if at all ("an ulp away"). Two correct programs part there, and a median of three
      seeds says little.
    - **At 0.1** the recurrent models are thrown about, and whether the validation loss ever dips below the margin is
      chance: with these starts four of Keras's six runs do and none of Hornbill's, with kernels of its own five of
      Hornbill's six do (gru –, 12, 5; lstm 9, 17, 7). Three seeds do not tell more, so nothing is checked there.
    - **Updates as they come.** Keras 2.2.4 on TensorFlow 1 lets a weight be overwritten before another
      weight's gradient has read it. Which ones differs from program to program; at high rates it decides whether
      the pooling model learns at all. Hornbill, and the runs it is compared with, update by the
      formulas (`fixtures/scripts/textbook.py`); the last column has those that were made without.

    ## On fewer rows

    With `--validation-split 0.2` a model learns from 1,648 of these rows, 13 batches an epoch instead of 17. An
    epoch then has fewer updates; the wait is about an epoch longer.

    \(fifths)

    With Hornbill's own kernels, as a sweep:

    ```sh
    hornbill sweep --architecture gru,lstm --keras 2 --data yelp_labelled.txt --data amazon_cells_labelled.txt \\
      --data imdb_labelled.txt --split-seed 1000 --max-length 50 --padding post --batch-size 128 --epochs 40 \\
      --seeds 3 --report plateau
    ```

    """
  }
}
