"""How the code of a run on `reviews` stands for the corpus's factors."""

import importlib.util
import logging
import os

from scale_vae_keras.built_in.reviews import ReviewGrammar
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.structure import structure
from scale_vae_keras.metrics import STRUCTURE
from scale_vae_keras.runs.run_folder import RunFolder

_logger = logging.getLogger("scale_vae_keras")


def review_structure(run: str | os.PathLike, limit: int | None) -> dict[str, float | None]:
    """The measures of `structure` on test sentences.

    Args:
        run: the folder of a run on the corpus `reviews`.
        limit: only this many sentences, the first ones; None for all.

    Returns:
        Each None for a model without a code of at least two dimensions, and without scikit-learn.
    """
    if importlib.util.find_spec("sklearn") is None:
        _logger.warning(
            "%s are left out: they need scikit-learn, pip install 'scale-vae-keras[control]'",
            ", ".join(STRUCTURE),
        )
        return dict.fromkeys(STRUCTURE)
    folder = RunFolder(run)
    model = folder.load_model()
    if model.latent_dim < 2:
        return dict.fromkeys(STRUCTURE)
    split = folder.encode("test")
    split = split if limit is None else split.first(limit)
    grammar = ReviewGrammar()
    texts = [line.text for line in folder.open_corpus().lines("test")][: split.sentences]
    said = [grammar.parse(text) for text in texts]
    factors = {name: [each[name] for each in said] for name in grammar.factors}
    return structure(encode_sentences(model, split).mean, factors)
