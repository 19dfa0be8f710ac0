"""The callbacks without which a system trains as another."""

import logging
from collections.abc import Mapping

import keras

_logger = logging.getLogger("scale_vae_keras")


def warn_of_missing(needed: Mapping[str, str], callbacks) -> bool:
    """Warns of each callback that `fit` was not given.

    Args:
        needed: what happens without it, by the name of its class.
        callbacks: what `fit` was given: one, several or a `CallbackList`; None for none.

    Returns:
        Whether there was anything to warn of.
    """
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    given = {kind.__name__ for each in keras.tree.flatten(callbacks) for kind in type(each).__mro__}
    missing = [name for name in needed if name not in given]
    for name in missing:
        _logger.warning("fit has no %s among its callbacks: %s", name, needed[name])
    return bool(missing)
