"""A classifier of text that knows nothing of any model's code, trained on real text."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from scale_vae_keras.errors import InputError, needs


def check_installed() -> None:
    """Refuses to go on without scikit-learn.

    Raises:
        InputError: it is not installed.
    """
    with needs("the classifier needs scikit-learn", "control"):
        import sklearn.linear_model  # noqa: F401


class TextClassifier:
    """Logistic regression on the words and pairs of words of a sentence, weighted by TF-IDF.

    It judges what a model writes: it sees only words, and is trained on real sentences. Its own
    accuracy on real sentences that it was not trained on is what its verdicts are worth.

    Args:
        sentences: token lists.
        labels: one for each, of at least two kinds.

    Raises:
        InputError: scikit-learn is not installed, the numbers differ, or there is one label only.

    Example:
        >>> classifier = TextClassifier([["good", "food"], ["bad", "food"]], ["plus", "minus"])
        >>> classifier.predict([["good", "staff"]]).tolist()
        ['plus']
    """

    def __init__(self, sentences: Sequence[Sequence[str]], labels: Sequence[str]):
        if len(sentences) != len(labels):
            raise InputError(f"{len(sentences)} sentences have {len(labels)} labels")
        if len(set(labels)) < 2:
            raise InputError("a classifier needs sentences with at least two different labels")
        check_installed()
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        words = TfidfVectorizer(analyzer=_words_and_pairs, sublinear_tf=True)
        self._pipeline = make_pipeline(words, LogisticRegression(C=10.0, max_iter=1000))
        self._pipeline.fit(sentences, np.asarray(labels))

    def predict(self, sentences: Sequence[Sequence[str]]) -> np.ndarray:
        """The most likely label of each sentence, `[sentences]`."""
        return self._pipeline.predict(sentences)

    def accuracy(self, sentences: Sequence[Sequence[str]], labels: Sequence[str]) -> float:
        """The share of sentences whose label is the most likely one, from 0 to 1.

        Raises:
            InputError: there is no sentence, or there is not one label for each.
        """
        if len(sentences) != len(labels) or not len(labels):
            raise InputError(
                f"{len(sentences)} sentences have {len(labels)} labels: give one each, and at "
                "least one"
            )
        return float(np.mean(self.predict(sentences) == np.asarray(labels)))


def _words_and_pairs(tokens):
    return [*tokens, *map(" ".join, pairwise(tokens))]
