"""What a model of strings can do with its codes: attribute vectors and search."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from scale_vae_keras.control.attributes import attribute_direction, shifted
from scale_vae_keras.control.search import Found, Search

Label = str | Sequence[str] | None


class CodeControl:
    """Methods of a `TextModel`, which has `encode`, `decode` and a `model` with a prior.

    Example:
        >>> text_model = sv.load("RUN")
        >>> praise = text_model.attribute_vector(complaints, compliments)
        >>> text_model.shift(["the food was cold ."], praise, amount=1.5)
        ['the food was great .']
    """

    def attribute_vector(
        self,
        texts_a: Iterable[str],
        texts_b: Iterable[str],
        label_a: Label = None,
        label_b: Label = None,
    ) -> np.ndarray:
        """The direction from texts without an attribute to texts with it.

        Args:
            texts_a: texts without the attribute.
            texts_b: texts with it; they need not be pairs.
            label_a: the labels of a by name, as for `encode`: one for all or one for each.
            label_b: those of b.

        Returns:
            The mean code of b less that of a, in the space of `encode`'s means, float32
            `[latent]`.

        Raises:
            InputError: there is no text on a side, the model has no latent code, or a label is
                missing where the posterior reads it, or unknown.
        """
        a, b = self.encode(texts_a, label_a), self.encode(texts_b, label_b)
        return attribute_direction(a.mean, b.mean)

    def shift(
        self,
        texts: Iterable[str],
        vector: np.ndarray,
        amount: float = 1.0,
        sampler=None,
        seed=0,
        label: Label = None,
        text_label: Label = None,
    ) -> list[str]:
        """Writes each text anew from its posterior mean, moved along a vector.

        Args:
            texts: any number of texts.
            vector: of `attribute_vector`, or any other, `[latent]`.
            amount: how many times it is added: 0 reconstructs, a negative amount goes the other
                way.
            sampler: how tokens are chosen, an object or a name; greedy by default.
            seed: of a sampler that draws.
            label: as for `decode`.
            text_label: the texts' own, as for `reconstruct`.

        Raises:
            InputError: the vector has another width, it or the amount is not finite, a code
                becomes too large, see `TextVAE.largest_code`, or a label is missing or unknown.
        """
        own = label if text_label is None else text_label
        moved = shifted(self.encode(texts, own).mean, vector, amount)
        return self.decode(moved, sampler, seed, label)

    def search(
        self,
        property: Callable[[str], float],
        n: int = 100,
        seed: int = 0,
        label: str | None = None,
    ) -> list[Found]:
        """Searches texts for which a function is large, by a Gaussian process on the codes.

        For a property that a laboratory measures, or to go on later, see `Search`.

        Args:
            property: gives a finite number for a text; the larger, the better.
            n: how often it is called, on a text each.
            seed: of the search.
            label: what a model with a condition writes, one name for the whole search.

        Returns:
            The texts that were tried with their values, the best first.

        Raises:
            InputError: `n` is below 1, the property is not finite, scikit-learn is not installed,
                no text that was not tried before is within the bounds of realism, or the label is
                missing or unknown.
        """
        return Search(self, property, seed, label).run(n)
