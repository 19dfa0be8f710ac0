"""What a served model answers: one method a signature."""

from collections.abc import Callable

import tensorflow as tf

from scale_vae_keras.layers.encoder import sentence_lengths
from scale_vae_keras.layers.interpolation import between
from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.samplers.beam_sampler import BeamSampler
from scale_vae_keras.samplers.greedy_sampler import GreedySampler
from scale_vae_keras.samplers.row_random import row_normals, row_uniforms
from scale_vae_keras.samplers.sampler import Sampler, Sentences
from scale_vae_keras.serving.row_top_p_sampler import RowTopPSampler
from scale_vae_keras.serving.rows import Tensors, check, checked_rows, cut_rows, fill_rows
from scale_vae_keras.serving.tiled_decoder import TiledDecoder
from scale_vae_keras.text.tokenizer import Tokenizer

MAX_CHARACTERS = 10_000
BEAM_WIDTH = 4


class Signatures:
    """The signatures of a served model, text in and text out.

    All inputs and outputs have one row a sentence. Every row stands alone: what it gets depends on
    its own inputs, not on the rest of the request. At most `MAX_ROWS` rows a request; of a text
    that is longer than `MAX_CHARACTERS` characters or than the tokenizer's number of tokens, only
    the beginning is read, and `truncated` says so.

    Latent codes (`z`, `mean`) are in the space that the decoder reads.

    Args:
        model: a built text VAE.
        tokenizer: the tokenizer that it was trained with.
        max_length: most tokens of a sentence that is written, `</s>` counted.

    Raises:
        InputError: the model's prior has to be fitted and is not.
    """

    def __init__(self, model: TextVAE, tokenizer: Tokenizer, max_length: int):
        model.prior.check_fitted()
        self.model = model
        self.tokenizer = tokenizer
        self.max_length = max_length
        self._decoder = TiledDecoder(model.decoder)
        text = tf.TensorSpec([None], tf.string)
        self._encode = tf.function(self._encode_text, input_signature=[text], autograph=False)
        self._read = tf.function(self._read_text, input_signature=[text], autograph=False)
        # One loop for all signatures that read a code greedily: a quarter of the file.
        self._greedy = tf.function(
            self._write_greedily,
            input_signature=[tf.TensorSpec([None, model.latent_dim], tf.float32)],
            autograph=False,
        )

    def specifications(self) -> dict[str, tuple[Callable[..., Tensors], list[tf.TensorSpec]]]:
        """The functions and the types of their inputs, by the name of the signature."""
        text = tf.TensorSpec([None], tf.string, "text")
        seed = tf.TensorSpec([None], tf.int64, "seed")
        z = tf.TensorSpec([None, self.model.latent_dim], tf.float32, "z")
        temperature, top_p = (
            tf.TensorSpec([None], tf.float32, name) for name in ("temperature", "top_p")
        )
        start, end = (tf.TensorSpec([None], tf.string, name) for name in ("start", "end"))
        return {
            "generate": (self.generate, [seed, temperature, top_p]),
            "encode": (self.encode, [text]),
            "decode": (self.decode, [z]),
            "beam": (self.beam, [z]),
            "reconstruct": (self.reconstruct, [text]),
            "interpolate": (
                self.interpolate,
                [start, end, tf.TensorSpec([None], tf.float32, "alpha")],
            ),
            "shift": (
                self.shift,
                [
                    text,
                    tf.TensorSpec(z.shape, tf.float32, "vector"),
                    tf.TensorSpec([None], tf.float32, "amount"),
                ],
            ),
            "score": (self.score, [text, seed]),
        }

    def generate(self, seed: tf.Tensor, temperature: tf.Tensor, top_p: tf.Tensor) -> Tensors:
        """Writes sentences from codes that are drawn from the model's prior.

        Args:
            seed: int64 `[n]`; equal seed, temperature and top-p give equal text.
            temperature: positive and finite, float32 `[n]`.
            top_p: share of the probability that the words to choose from have together, in (0, 1],
                float32 `[n]`; 1 is all words. With temperature 1 as well this is the model's own
                distribution.

        Returns:
            `text` string `[n]`; `log_probability`, log p(text | z) at temperature 1 in nats,
            float32 `[n]`; `z`, what the decoder read, float32 `[n, latent]`.
        """
        inputs = checked_rows({"seed": seed, "temperature": temperature, "top_p": top_p})
        temperature, top_p = inputs["temperature"], inputs["top_p"]
        usable = tf.reduce_all(tf.math.is_finite(temperature) & (temperature > 0))
        share = tf.reduce_all((top_p > 0) & (top_p <= 1))
        with tf.control_dependencies(
            [
                check(usable, "temperature must be above 0 and finite in every row"),
                check(share, "top_p must be above 0 and at most 1 in every row"),
            ]
        ):
            seed = tf.identity(inputs["seed"])
        z = self.model.prior.sample(seed)
        sampler = RowTopPSampler(temperature, top_p)
        return {**self._write(sampler, z, row_uniforms(seed, self.max_length)), "z": z}

    def encode(self, text: tf.Tensor) -> Tensors:
        """The posterior of each sentence.

        Args:
            text: string `[n]`.

        Returns:
            `mean` (f-bar * mu for Scale-VAE) and `stddev`, float32 `[n, latent]`, and `truncated`,
            bool `[n]`.
        """
        return self._encode(checked_rows({"text": text})["text"])

    def _encode_text(self, text):
        ids, truncated = self._read(text)
        posterior = cut_rows(self.model.encode(fill_rows(ids)), ids)
        return {"mean": posterior.mean, "stddev": posterior.stddev, "truncated": truncated}

    def decode(self, z: tf.Tensor) -> Tensors:
        """The greedy reading of each code.

        Args:
            z: finite and at most the model's `largest_code` in size, float32 `[n, latent]`.

        Returns:
            `text` string `[n]`.
        """
        return self._greedy(self._checked_codes(z))

    def _write_greedily(self, z):
        return {"text": self._write(GreedySampler(), z, self._no_uniforms(z))["text"]}

    def beam(self, z: tf.Tensor) -> Tensors:
        """The most probable reading of each code that a beam search finds.

        Args:
            z: finite and at most the model's `largest_code` in size, float32 `[n, latent]`.

        Returns:
            `text` string `[n]` and `log_probability`, log p(text | z) in nats, float32 `[n]`.
        """
        z = self._checked_codes(z)
        return self._write(BeamSampler(BEAM_WIDTH), z, self._no_uniforms(z))

    def reconstruct(self, text: tf.Tensor) -> Tensors:
        """Writes each sentence anew, greedily, from its posterior mean.

        Args:
            text: string `[n]`.

        Returns:
            `text` string `[n]` and `truncated` bool `[n]`.
        """
        code = self._encode(checked_rows({"text": text})["text"])
        return {**self._greedy(code["mean"]), "truncated": code["truncated"]}

    def interpolate(self, start: tf.Tensor, end: tf.Tensor, alpha: tf.Tensor) -> Tensors:
        """The greedy reading of a point on the line between the codes of two sentences.

        Args:
            start: string `[n]`.
            end: string `[n]`.
            alpha: 0 is the posterior mean of `start`, 1 that of `end`; in [0, 1], float32 `[n]`.

        Returns:
            `text` string `[n]`, and `truncated` bool `[n]` for either of the two.
        """
        inputs = checked_rows({"start": start, "end": end, "alpha": alpha})
        on_the_line = (inputs["alpha"] >= 0) & (inputs["alpha"] <= 1)
        with tf.control_dependencies(
            [check(tf.reduce_all(on_the_line), "alpha must be in [0, 1] in every row")]
        ):
            alpha = tf.identity(inputs["alpha"])
        first, last = self._encode(inputs["start"]), self._encode(inputs["end"])
        written = self._greedy(between(first["mean"], last["mean"], alpha))
        return {**written, "truncated": first["truncated"] | last["truncated"]}

    def shift(self, text: tf.Tensor, vector: tf.Tensor, amount: tf.Tensor) -> Tensors:
        """The greedy reading of the code of a sentence, moved along a vector.

        Args:
            text: string `[n]`.
            vector: such as `TextModel.attribute_vector` gives, finite, float32 `[n, latent]`.
            amount: how many times the vector is added: 0 reconstructs; finite, float32 `[n]`. The
                code that is read is at most the model's `largest_code` in size.

        Returns:
            `text` string `[n]` and `truncated` bool `[n]`.
        """
        inputs = checked_rows({"text": text, "vector": vector, "amount": amount})
        finite = {name: tf.math.is_finite(inputs[name]) for name in ("vector", "amount")}
        with tf.control_dependencies(
            [
                check(tf.reduce_all(finite[name]), f"{name} must be finite in every row")
                for name in finite
            ]
        ):
            text = tf.identity(inputs["text"])
        code = self._encode(text)
        moved = code["mean"] + inputs["amount"][:, None] * inputs["vector"]
        moved = self._within_reach(moved, "the code that vector and amount lead to")
        return {**self._greedy(moved), "truncated": code["truncated"]}

    def score(self, text: tf.Tensor, seed: tf.Tensor) -> Tensors:
        """The evidence lower bound of each sentence under the model's prior.

        With one sample of the posterior a sentence, `elbo = -(reconstruction + kl)`, and
        `elbo <= log p(text)` in expectation over seeds.

        Args:
            text: string `[n]`.
            seed: int64 `[n]`, of the posterior's sample.

        Returns:
            In nats, float32 `[n]`: `elbo`; `reconstruction`, -log p(text | z), the end symbol
            counted; `kl`, of the posterior that z is drawn from to the model's prior, for a
            mixture an unbiased estimate at z. Further `tokens`, the number of predicted tokens,
            int32 `[n]`, and `truncated`, bool `[n]`.
        """
        inputs = checked_rows({"text": text, "seed": seed})
        ids, truncated = self._read(inputs["text"])
        posterior = cut_rows(self.model.encode(fill_rows(ids)), ids)
        z = posterior.sample(row_normals(inputs["seed"], self.model.latent_dim))
        reconstruction = -cut_rows(self.model.decoder(*fill_rows((ids, z))), ids)
        kl = tf.cast(self.model.prior.rate(*posterior, z), tf.float32)
        return {
            "elbo": -(reconstruction + kl),
            "reconstruction": reconstruction,
            "kl": kl,
            "tokens": sentence_lengths(ids) - 1,
            "truncated": truncated,
        }

    def _read_text(self, text):
        text = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")
        truncated = tf.strings.length(text, unit="UTF8_CHAR") > MAX_CHARACTERS
        words = self.tokenizer.split(tf.strings.substr(text, 0, MAX_CHARACTERS, unit="UTF8_CHAR"))
        if self.tokenizer.max_length is not None:
            truncated |= words.row_lengths() > self.tokenizer.max_length
        return self.tokenizer.to_ids(words).to_tensor(), truncated

    def _write(self, sampler: Sampler, z, uniforms) -> Tensors:
        sentences: Sentences = sampler.write(self._decoder, z, uniforms, self.max_length)
        return {
            "text": self.tokenizer.detokenize(sentences.ids),
            "log_probability": sentences.log_probability,
        }

    def _no_uniforms(self, z):
        return tf.zeros([tf.shape(z)[0], self.max_length])

    def _checked_codes(self, z):
        z = checked_rows({"z": z})["z"]
        with tf.control_dependencies(
            [check(tf.reduce_all(tf.math.is_finite(z)), "z must be finite in every row")]
        ):
            return self._within_reach(tf.identity(z), "z")

    def _within_reach(self, z, name):
        limit = f"{self.model.largest_code:,.0f}"
        fits = self.model.can_be_decoded(z)
        with tf.control_dependencies([check(fits, f"{name} must be within ±{limit} in every row")]):
            return tf.identity(z)
