"""Aggressive training of the encoder, and when it ends."""

import keras
import tensorflow as tf

from scale_vae_keras.callbacks.shared_data import SharedData
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import encode_dataset
from scale_vae_keras.evaluation.information import batch_mutual_information
from scale_vae_keras.layers.step_function import scheduled_function
from scale_vae_keras.schedules.model_epoch import model_epoch
from scale_vae_keras.schedules.order import Stage
from scale_vae_keras.settings import LARGEST_INT32, whole_number
from scale_vae_keras.training.optimizer_memory import moves_without_gradient

_MOST_STEPS = 99
_WINDOW = 15


def refuse_memory(optimizer: keras.optimizers.Optimizer) -> None:
    """Refuses an optimizer that changes weights without a gradient.

    Args:
        optimizer: a built optimizer.

    Raises:
        InputError: it remembers gradients, or decays weights.
    """
    if moves_without_gradient(optimizer):
        raise InputError(
            "aggressive training trains encoder and decoder by turns, and the memory of "
            f"{type(optimizer).__name__} would move the one that waits: use SGD without momentum"
        )


class AggressiveTraining(SharedData, keras.callbacks.Callback):
    """Trains the encoder alone before each step, until the information in z falls.

    He et al. (2019). Before each training step the encoder alone is trained on up to 99 random
    batches, until the mean loss per token of the last 15 is higher than that of the 15 before.
    These steps use the KL weight of the training step that follows them.
    After each epoch the mutual information within batches of the validation sentences is
    estimated; once it is lower than after the previous epoch, aggressive training ends for good,
    even if earlier weights are loaded.

    Adds `aggressive` (during the epoch), `encoder_steps` and `mi_batch` to the epoch's logs.

    Args:
        data: batches of int32 ids `[batch, time]` of the training sentences, with labels and
            weights as for `fit`, the same at every pass; they are shuffled here.
        validation_data: batches of int32 ids `[batch, time]`, sentences of similar length together.
        seed: seed of the order of the batches and of the samples in the estimate, an integer from 0
            on.

    Raises:
        InputError: the seed is below 0; in `fit`, the model has no `encoder_step`, runs several
            steps per execution, or accumulates gradients, or its optimizer is another than SGD
            without momentum.

    Example:
        >>> batches = tf.data.Dataset.from_tensors(tf.constant([[1, 4, 5, 2], [1, 5, 4, 2]]))
        >>> sv.callbacks.AggressiveTraining(batches, validation_data=batches, seed=1).aggressive
        True
    """

    stage = Stage.SCHEDULE

    def __init__(self, data: tf.data.Dataset, validation_data: tf.data.Dataset, seed: int = 0):
        super().__init__()
        self.data = data
        self.validation_data = validation_data
        self.seed = whole_number("seed", seed, 0, LARGEST_INT32)
        self.aggressive = True
        self.information = None
        self._steps = 0

    def on_train_begin(self, logs=None):
        """Prepares the encoder's step, which uses the KL weight of the step that follows it."""
        if not hasattr(self.model, "encoder_step"):
            raise InputError(f"AggressiveTraining needs an AggressiveVAE, not {self.model.name!r}")
        if self.model.steps_per_execution > 1:
            raise InputError(
                "AggressiveTraining trains the encoder before each step: compile the model with "
                "steps_per_execution=1"
            )
        if self.model.optimizer.gradient_accumulation_steps:
            raise InputError(
                "AggressiveTraining trains encoder and decoder by turns: leave "
                "gradient_accumulation_steps out of the optimizer"
            )
        refuse_memory(self.model.optimizer)

        def encoder_step(batch):
            self.model.followed.apply(self.model)
            ids, label, weights = keras.utils.unpack_x_y_sample_weight(batch)
            given = {"label": label, "weights": weights}
            given = {name: each for name, each in given.items() if each is not None}
            return self.model.encoder_step(ids, **given)

        self._encoder_step = scheduled_function(self.model, encoder_step)

    def on_epoch_begin(self, epoch, logs=None):
        """Tells the model, and shuffles the batches."""
        self.model.aggressive.assign(float(self.aggressive))
        if self.aggressive:
            batches = self.data.cardinality()
            seed = self.seed + model_epoch(self.model, epoch)
            shuffled = self.data.shuffle(batches, seed=seed).repeat()
            self._batches = iter(shuffled.skip(self._steps))

    def on_train_batch_begin(self, batch, logs=None):
        """Trains the encoder until it no longer improves."""
        if not self.aggressive:
            return
        before, losses, tokens = float("inf"), 0.0, 0.0
        for step in range(1, _MOST_STEPS + 1):
            loss, count = (float(output) for output in self._encoder_step(self._batches))
            losses, tokens = losses + loss, tokens + count
            self._steps += 1
            if step % _WINDOW == 0:
                if losses / tokens > before:
                    return
                before, losses, tokens = losses / tokens, 0.0, 0.0

    def on_epoch_end(self, epoch, logs=None):
        """Ends aggressive training if the information has fallen."""
        encoded = encode_dataset(self.model, self.validation_data)
        information, _ = batch_mutual_information(encoded.mean, encoded.log_var, seed=self.seed)
        logs["aggressive"] = float(self.aggressive)
        logs["encoder_steps"], self._steps = self._steps, 0
        logs["mi_batch"] = information
        if self.information is not None and information < self.information:
            self.aggressive = False
        self.information = information

    def get_state(self) -> dict:
        """The state that a resumed run needs."""
        return {
            "aggressive": self.aggressive,
            "information": self.information,
            "steps": self._steps,
        }

    def set_state(self, state: dict) -> None:
        """Restores what `get_state` returned."""
        self.aggressive, self.information = state["aggressive"], state["information"]
        self._steps = state["steps"]
