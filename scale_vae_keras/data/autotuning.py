"""Input pipelines without TensorFlow's autotuning."""

import tensorflow as tf


def without_autotuning(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """A dataset whose iterators end at once.

    TensorFlow tunes a pipeline in a thread that looks every 10 ms, then every 20, at last once a
    minute. An iterator waits for that thread when it is dropped, and the call that is to wake it
    comes too early where a core is busy (TensorFlow 2.21): every epoch and every validation then
    ends with up to a minute of waiting. Nothing here needs the tuning.

    Args:
        dataset: any; one whose options say whether to tune it is left as it is.
    """
    if dataset.options().autotune.enabled is not None:
        return dataset
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
