"""Non-trainable state of a layer or model."""

import keras


def add_state(
    layer: keras.layers.Layer,
    name: str,
    shape: tuple[int, ...] = (),
    initializer: str | keras.initializers.Initializer = "zeros",
    dtype: str = "float32",
) -> keras.Variable:
    """Adds a non-trainable weight: full precision under every policy, equal on all replicas."""
    return layer.add_weight(
        name=name,
        shape=shape,
        initializer=initializer,
        trainable=False,
        dtype=dtype,
        autocast=False,
        aggregation="only_first_replica",
    )
