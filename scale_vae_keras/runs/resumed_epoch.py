"""The rest of an epoch."""

from collections.abc import Sequence

import keras


class ResumedEpoch(keras.callbacks.CallbackList):
    """Tells callbacks the true number of each step of an epoch that is resumed in the middle.

    Pass it to `fit` in place of the callbacks, together with the rest of the epoch's batches.

    Args:
        callbacks: the callbacks.
        model: the model.
        done: steps that were done before.
        steps: steps of the whole epoch.
        epochs: epochs of the whole run.
        verbose: as in `keras.Model.fit`.
    """

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        model: keras.Model,
        done: int,
        steps: int,
        epochs: int,
        verbose: int | str = "auto",
    ):
        super().__init__(
            callbacks,
            add_history=True,
            add_progbar=verbose != 0,
            model=model,
            verbose=verbose,
            epochs=epochs,
            steps=steps,
        )
        self.done = done

    def on_train_batch_begin(self, batch, logs=None):
        """Counts the steps that were done before."""
        super().on_train_batch_begin(self.done + batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        """Counts the steps that were done before."""
        super().on_train_batch_end(self.done + batch, logs)
