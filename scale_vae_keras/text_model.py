"""A model and its tokenizer: strings in, strings out."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
from rich.progress import track

from scale_vae_keras.control.attributes import code_array
from scale_vae_keras.control.code_control import CodeControl, Label
from scale_vae_keras.data.encoded import EncodedSplit, encode_texts
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.density import evaluate_density
from scale_vae_keras.evaluation.encode import encode_sentences, label_probabilities
from scale_vae_keras.evaluation.importance_weighting import log_likelihood_error
from scale_vae_keras.evaluation.prior import declared_prior
from scale_vae_keras.evaluation.text_figures import Codes, Neighbour, Scores
from scale_vae_keras.files import write_json, written_whole
from scale_vae_keras.layers.interpolation import between
from scale_vae_keras.samplers import Sampler
from scale_vae_keras.samplers.row_random import row_seeds
from scale_vae_keras.samplers.sampler import MAX_LENGTH
from scale_vae_keras.samplers.serialization import DEFAULT_SAMPLER
from scale_vae_keras.settings import LARGEST_INT32, real_number, whole_number
from scale_vae_keras.text.text_list import text_list
from scale_vae_keras.text.tokenizer import Tokenizer

MODEL_FILE, LENGTH_FILE = "model.keras", "max_length.json"
_BATCH = 256


class TextModel(CodeControl):
    """A text VAE, or a language model, with the tokenizer that it was trained with.

    Args:
        model: the trained model.
        tokenizer: turns text into the ids that the model was trained on.
        max_length: maximum number of tokens per written sentence, including `</s>`; by default the
            tokenizer's `max_length` and one, or 100.

    Example:
        >>> text_model = sv.load("RUN")
        >>> text_model.generate(2, seed=1)
        ['the soup was great .', 'i will not be back .']
        >>> text_model.reconstruct(["the food was cold ."])
        ['the food was cold .']
    """

    def __init__(self, model: keras.Model, tokenizer: Tokenizer, max_length: int | None = None):
        if max_length is None:
            limit = tokenizer.max_length
            max_length = MAX_LENGTH if limit is None else limit + 1
        if len(tokenizer.vocabulary) != model.vocabulary_size:
            raise InputError(
                f"the tokenizer has {len(tokenizer.vocabulary):,} tokens and the model "
                f"{model.vocabulary_size:,}: give the tokenizer that the model was trained with"
            )
        self.model = model
        self.tokenizer = tokenizer
        self.max_length = whole_number("max_length", max_length, 1)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that the model writes and measures text given; none without a condition."""
        return self.model.labels

    def generate(
        self,
        n: int = 10,
        seed: int = 0,
        sampler: Sampler | str | None = None,
        label: Label = None,
    ) -> list[str]:
        """Writes sentences from the model's prior.

        Args:
            n: number of sentences.
            seed: the same seed gives the same sentences; more of them begin with the same ones.
            sampler: how tokens are chosen, an object or a name; top-p 0.9 by default.
            label: what a model with a condition writes, by name: one for all sentences, or one for
                each.

        Raises:
            InputError: an argument is out of its range, the prior is not fitted yet, or a label is
                missing or unknown.
        """
        seeds = row_seeds(n, seed)
        numbers = self._numbers(label, n)
        codes = self.model.draw_codes(seeds)
        sampler = DEFAULT_SAMPLER if sampler is None else sampler
        return self._write(codes, sampler, seeds, numbers, "generating")

    def encode(self, texts: str | Iterable[str], label: Label = None) -> Codes:
        """The posterior of each text.

        Args:
            texts: any number of texts; a string is one text.
            label: the texts' own, one for all or one for each; for a model whose posterior reads
                it (`condition_encoder`, or the method "sa"). Others read the text alone.

        Raises:
            InputError: there is no text, the model has no latent code, or a label is missing or
                unknown.
        """
        texts = text_list(texts)
        if label is not None:
            self._numbers(label, len(texts))
        return self._read(texts, label)

    def decode(
        self,
        codes: np.ndarray,
        sampler: Sampler | str | None = None,
        seed: int = 0,
        label: Label = None,
    ) -> list[str]:
        """Writes a sentence for each code.

        Args:
            codes: float `[codes, latent]`, in the space of `encode`'s means.
            sampler: how tokens are chosen, an object or a name; greedy by default.
            seed: seed of a sampler that draws.
            label: as for `generate`.

        Raises:
            InputError: the codes have another shape, an entry is not finite or too large, see
                `TextVAE.largest_code`, or a label is missing or unknown.
        """
        codes = code_array(codes)
        numbers = self._numbers(label, len(codes))
        return self._write(codes, sampler, row_seeds(len(codes), seed), numbers, "decoding")

    def reconstruct(
        self,
        texts: str | Iterable[str],
        sampler: Sampler | str | None = None,
        seed: int = 0,
        label: Label = None,
        text_label: Label = None,
    ) -> list[str]:
        """Reconstructs each text from its posterior mean.

        Args:
            texts: any number of texts; a string is one text.
            sampler: how tokens are chosen, an object or a name; greedy by default.
            seed: seed of a sampler that draws.
            label: what is written, as for `generate`; another than the text's own transfers the
                style.
            text_label: the texts' own, as for `encode`; `label` by default.

        Raises:
            InputError: as `encode` and `decode`.
        """
        own = label if text_label is None else text_label
        return self.decode(self.encode(texts, own).mean, sampler, seed, label)

    def interpolate(
        self,
        start: str,
        end: str,
        steps: int = 7,
        sampler: Sampler | str | None = None,
        seed: int = 0,
        label: Label = None,
    ) -> list[str]:
        """Writes sentences on the line between the posterior means of two texts.

        Args:
            start: the first text.
            end: the last text.
            steps: number of sentences, the reconstructions of both texts counted; at least 2.
            sampler: how tokens are chosen, an object or a name; greedy by default.
            seed: seed of a sampler that draws.
            label: label of all sentences, both texts counted where the posterior reads it.

        Raises:
            InputError: fewer than two steps, or a label is missing or unknown.
        """
        steps = whole_number("steps", steps, 2)
        first, last = self._read([start, end], label).mean
        alpha = np.linspace(0.0, 1.0, steps, dtype=np.float32)
        codes = between(first[None], last[None], alpha).numpy()
        return self.decode(codes, sampler, seed, label)

    def perturb(
        self, text: str, n: int = 5, scale: float = 1.0, seed: int = 0, label: Label = None
    ) -> list[str]:
        """Writes sentences from codes around a text's.

        Args:
            text: the text.
            n: number of sentences.
            scale: standard deviation of the noise, in standard deviations of the posterior; 1
                samples the posterior itself, 0 reconstructs.
            seed: seed of the noise.
            label: as for `interpolate`.

        Raises:
            InputError: `n` is below 1, `seed` below 0, `scale` negative or not finite, or a label
                is missing or unknown.
        """
        n = whole_number("the number of sentences", n, 1)
        scale = real_number("scale", scale, least=0)
        mean, stddev = self._read([text], label)
        random = np.random.default_rng(whole_number("seed", seed, 0, LARGEST_INT32))
        noise = random.standard_normal((n, mean.shape[1]), np.float32)
        return self.decode(mean + scale * stddev * noise, label=label)

    def nearest(
        self, text: str, texts: Sequence[str], n: int = 5, label: Label = None
    ) -> list[Neighbour]:
        """The texts whose codes are nearest to a text's, the nearest first.

        Args:
            text: the text.
            texts: what is searched.
            n: maximum number of neighbours.
            label: label that all texts are encoded with, for a model whose posterior reads it.

        Raises:
            InputError: `n` is below 1, or there is nothing to search.
        """
        n = whole_number("the number of neighbours", n, 1)
        texts = text_list(texts)
        near, centre = self.encode(texts, label).mean, self.encode([text], label).mean
        distance = np.linalg.norm(near - centre, axis=1)
        return [
            Neighbour(texts[i], float(distance[i])) for i in np.argsort(distance, kind="stable")[:n]
        ]

    def score(
        self, texts: str | Iterable[str], samples: int = 100, seed: int = 0, label: Label = None
    ) -> Scores:
        """The likelihood of each text under the model's prior.

        Args:
            texts: any number of texts; a string is one text.
            samples: importance samples per text, at least 1; for a language model, whose
                likelihood is exact, without effect.
            seed: seed of the samples.
            label: of a model with a condition, one for all texts or one for each; the likelihood
                is then p(text | label).

        Raises:
            InputError: an argument is out of its range, the prior is not fitted yet, or a label is
                missing or unknown.
        """
        samples = whole_number("samples", samples, 1)
        split = self._labelled(encode_texts(texts, self.tokenizer), label)
        density = evaluate_density(
            self.model,
            split,
            encode_sentences(self.model, split),
            declared_prior(self.model),
            samples,
            seed,
            progress=split.sentences > _BATCH,
        )
        size = np.where(split.text_bytes > 0, split.text_bytes, np.nan)
        bits = -density.log_likelihood / (np.log(2) * size)
        error = log_likelihood_error(density.ess, samples if self.model.latent_dim else None)
        return Scores(density.log_likelihood, bits, density.ess, error, density.tokens)

    def label_probabilities(self, texts: str | Iterable[str]) -> np.ndarray:
        """The probability of each of `labels` under the classifier of a semi-supervised model.

        Args:
            texts: any number of texts; a string is one text.

        Returns:
            float32 `[texts, labels]`.

        Raises:
            InputError: there is no text, or the model has no classifier.
        """
        if self.model.classifier is None:
            raise InputError("the model has no classifier: train it with semi_supervised")
        return label_probabilities(self.model, encode_texts(texts, self.tokenizer))

    def save(self, folder: str | os.PathLike) -> None:
        """Writes model, tokenizer and `max_length` to a new folder, whole, for `sv.load`.

        Raises:
            InputError: the folder is there already, or the tokenizer is a class of your own.
        """
        self.tokenizer.check_loadable()
        if Path(folder).exists():
            raise InputError(f"{folder} is already there: choose another folder")
        Path(folder).parent.mkdir(parents=True, exist_ok=True)
        with written_whole(folder) as temporary:
            temporary.mkdir()
            self.tokenizer.save(temporary)
            self.model.save(temporary / MODEL_FILE)
            write_json(temporary / LENGTH_FILE, {"max_length": self.max_length})

    def export(self, directory: str | os.PathLike, version: int | None = None) -> Path:
        """Writes a SavedModel for TensorFlow Serving.

        Args:
            directory: the model's folder, with one folder per version.
            version: a number from 1 on; the next free one by default.

        Returns:
            The folder of the version.

        Raises:
            InputError: the version is taken, or the model has no latent code.
        """
        from scale_vae_keras.serving.exporter import publish

        return publish(self.model, self.tokenizer, self.max_length, directory, version)

    def _read(self, texts: str | Iterable[str], label: Label) -> Codes:
        split = encode_texts(texts, self.tokenizer)
        if not self.model.latent_dim:
            raise InputError("a language model has no latent code: use a text VAE, such as scale")
        if self.model.encoder_reads_label:
            split = self._labelled(split, label)
        encoded = encode_sentences(self.model, split)
        return Codes(encoded.mean, np.exp(0.5 * encoded.log_var))

    def _labelled(self, split: EncodedSplit, label: Label) -> EncodedSplit:
        numbers = self._numbers(label, split.sentences)
        return replace(split, label_numbers=None if numbers is None else numbers.numpy())

    def _numbers(self, label, rows):
        if np.asarray(label).dtype.kind in "iu":
            raise InputError(f"labels go by name: give strings, such as '{label}'")
        return self.model.numbers_of(label, rows)

    def _write(self, codes, sampler, seeds, labels, doing) -> list[str]:
        written = []
        for rows in self._batches(len(codes), doing):
            own = None if labels is None else labels[rows]
            sentences = self.model.decode(codes[rows], sampler, seeds[rows], self.max_length, own)
            texts = self.tokenizer.detokenize(sentences.ids).numpy()
            written += [text.decode() for text in texts]
        return written

    @staticmethod
    def _batches(rows: int, doing: str) -> Iterator[slice]:
        starts = range(0, rows, _BATCH)
        for start in track(starts, doing, disable=len(starts) < 2, transient=True):
            yield slice(start, start + _BATCH)
