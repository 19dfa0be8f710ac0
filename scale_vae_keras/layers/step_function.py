"""The function that `fit` and `evaluate` call."""

from collections.abc import Callable

import keras
import tensorflow as tf

from scale_vae_keras.layers.custom_gradient import unregistered_gradients
from scale_vae_keras.layers.replica import own_rows


def step_function(model: keras.Model, step: Callable, steps: int = 1) -> Callable:
    """Runs a step on every replica.

    Keras' own function fails with several workers, and with several steps per call on several
    replicas (keras issue 20585). Each replica is given its rows of the batch, see `own_rows`;
    batches of a `tf.distribute.DistributedDataset` are divided already.

    Args:
        model: the compiled model.
        step: a function of a batch, such as `model.train_step`, that returns the same tensors on
            every replica.
        steps: number of runs per call.

    Returns:
        A function of an iterator over batches that returns what the last step has returned, and
        raises `StopIteration` or `tf.errors.OutOfRangeError` after the last batch.
    """
    strategy = model.distribute_strategy

    def divided_step(batch):
        return step(
            tf.nest.map_structure(lambda part: None if part is None else own_rows(part), batch)
        )

    def run(replica_step, batch):
        # Keras wraps what a generator's batches lack, as in `(ids, None, sample_weight)`.
        batch = tf.nest.map_structure(
            lambda part: None if isinstance(part, tf.experimental.Optional) else part, batch
        )
        with unregistered_gradients():
            outputs = strategy.run(replica_step, args=(batch,))
        return tf.nest.map_structure(
            lambda output: strategy.experimental_local_results(output)[0], outputs
        )

    def run_several(replica_step, iterator):
        outputs = run(replica_step, iterator.get_next())
        if steps == 1:
            return outputs

        def next_batch(done):
            empty = tf.experimental.Optional.empty(iterator.element_spec)
            return tf.cond(done < steps, iterator.get_next_as_optional, lambda: empty)

        def run_next(done, batch, outputs):
            outputs = run(replica_step, batch.get_value())
            return done + 1, next_batch(done + 1), outputs

        return tf.while_loop(
            lambda done, batch, outputs: batch.has_value(),
            run_next,
            (1, iterator.get_next_as_optional(), outputs),
        )[-1]

    if not model.run_eagerly:
        run, run_several = (
            tf.function(each, autograph=False, reduce_retracing=True, jit_compile=jit)
            for each, jit in ((run, model.jit_compile), (run_several, False))
        )

    def function(iterator):
        if isinstance(iterator, tf.distribute.DistributedIterator):
            return run_several(step, iterator)
        if isinstance(iterator, tf.data.Iterator):
            return run_several(divided_step, iterator)
        return run(divided_step, next(iterator))

    return function


def scheduled_function(model: keras.Model, step: Callable, steps: int = 1) -> Callable:
    """As `step_function`, for steps whose graph holds the schedules that the model follows.

    The graph is rebuilt when they have changed.

    Args:
        model: the compiled model.
        step: as for `step_function`.
        steps: number of runs per call.
    """
    made = {}

    def function(iterator):
        key = model.followed.key()
        if key not in made:
            made.clear()
            made[key] = step_function(model, step, steps)
        return made[key](iterator)

    return function
