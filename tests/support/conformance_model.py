"""The small model that the contract cases are written for."""

from pathlib import Path

import tensorflow as tf


class ConformanceModel(tf.Module):
    """`generate` with scalar inputs and `encode` with a batch."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([], tf.int32, "num_samples"),
            tf.TensorSpec([], tf.float32, "temperature"),
            tf.TensorSpec([], tf.int64, "seed"),
        ]
    )
    def generate(self, num_samples, temperature, seed):
        numbers = tf.random.stateless_uniform([num_samples], [seed, 0]) * temperature
        text = tf.strings.as_string(numbers)
        return {"text": text, "length": tf.strings.length(text)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
    def encode(self, text):
        length = tf.cast(tf.strings.length(text), tf.float32)
        return {"mean": tf.stack([length, -length], axis=1)}


def write_conformance_model(directory: Path) -> None:
    """Writes versions 1 and 2."""
    for version in (1, 2):
        model = ConformanceModel()
        tf.saved_model.save(
            model,
            str(directory / str(version)),
            signatures={"generate": model.generate, "encode": model.encode},
        )
