"""The signatures of a served model, one method each."""

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

    All inputs and outputs have one row per sentence. Every row is independent: its outputs depend
    on its own inputs, not on the rest of the request. A request has at most `MAX_ROWS` rows. Of a
    text longer than `MAX_CHARACTERS` characters or the tokenizer's `max_length` tokens only the
    beginning is read, and `truncated` says so.

    Latent codes (`z`, `mean`) are in the space that the decoder reads.

    Args:
        model: a built text VAE.
        tokenizer: the tokenizer that it was trained with.
        max_length: maximum number of tokens per written sentence, including `</s>`.

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
        of_text = [text, tf.TensorSpec([None], tf.int32)] if model.encoder_reads_label else [text]
        self._encode = tf.function(self._encode_text, input_signature=of_text, autograph=False)
        self._read = tf.function(self._read_text, input_signature=[text], autograph=False)
        # One loop for all signatures that read a code greedily: a quarter of the file.
        self._greedy = tf.function(
            self._write_greedily,
            input_signature=[tf.TensorSpec([None, model.decoder.latent_dim], tf.float32)],
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
        label, text_label = (
            [tf.TensorSpec([None], tf.string, name)] if wanted else []
            for name, wanted in (
                ("label", self.model.labels),
                ("text_label", self.model.encoder_reads_label),
            )
        )
        return {
            "generate": (self.generate, [seed, temperature, top_p, *label]),
            "encode": (self.encode, [text, *text_label]),
            "decode": (self.decode, [z, *label]),
            "beam": (self.beam, [z, *label]),
            "reconstruct": (self.reconstruct, [text, *label, *text_label]),
            "interpolate": (
                self.interpolate,
                [start, end, tf.TensorSpec([None], tf.float32, "alpha"), *label],
            ),
            "shift": (
                self.shift,
                [
                    text,
                    tf.TensorSpec(z.shape, tf.float32, "vector"),
                    tf.TensorSpec([None], tf.float32, "amount"),
                    *label,
                    *text_label,
                ],
            ),
            "score": (self.score, [text, seed, *label]),
        }

    def generate(
        self,
        seed: tf.Tensor,
        temperature: tf.Tensor,
        top_p: tf.Tensor,
        label: tf.Tensor | None = None,
    ) -> Tensors:
        """Writes sentences from codes that are drawn from the model's prior.

        Args:
            seed: int64 `[n]`; equal seed, temperature and top-p give equal text.
            temperature: positive and finite, float32 `[n]`.
            top_p: share of the probability that the words to choose from have together, in (0, 1],
                float32 `[n]`; 1 is all words. With temperature 1 as well this is the model's own
                distribution.
            label: string `[n]`, one of the model's, where it has a condition.

        Returns:
            `text` string `[n]`; `log_probability`, log p(text | z) at temperature 1 in nats,
            float32 `[n]`; `z`, what the decoder read, float32 `[n, latent]`.
        """
        inputs = checked_rows(seed=seed, temperature=temperature, top_p=top_p, label=label)
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
        code = self.model.with_label(z, self._number(inputs))
        return {**self._write(sampler, code, row_uniforms(seed, self.max_length)), "z": z}

    def encode(self, text: tf.Tensor, text_label: tf.Tensor | None = None) -> Tensors:
        """The posterior of each sentence.

        Args:
            text: string `[n]`.
            text_label: string `[n]`, the text's own, where the model's posterior reads it.

        Returns:
            `mean` (f-bar * mu for Scale-VAE) and `stddev`, float32 `[n, latent]`, and `truncated`,
            bool `[n]`.
        """
        return self._posterior_of(checked_rows(text=text, text_label=text_label))

    def _posterior_of(self, inputs, text="text", label="text_label"):
        given = (self._number(inputs, label),) if self.model.encoder_reads_label else ()
        return self._encode(inputs[text], *given)

    def _encode_text(self, text, label=None):
        ids, truncated = self._read(text)
        given = (ids,) if label is None else (ids, label)
        posterior = cut_rows(self.model.encode(*fill_rows(given)), ids)
        return {"mean": posterior.mean, "stddev": posterior.stddev, "truncated": truncated}

    def decode(self, z: tf.Tensor, label: tf.Tensor | None = None) -> Tensors:
        """The greedy reading of each code.

        Args:
            z: finite and at most the model's `largest_code` in size, float32 `[n, latent]`.
            label: as for `generate`.

        Returns:
            `text` string `[n]`.
        """
        return self._greedy(self._checked_codes(z, label))

    def _write_greedily(self, code):
        return {"text": self._write(GreedySampler(), code, self._no_uniforms(code))["text"]}

    def beam(self, z: tf.Tensor, label: tf.Tensor | None = None) -> Tensors:
        """The most probable reading of each code that a beam search finds.

        Args:
            z: finite and at most the model's `largest_code` in size, float32 `[n, latent]`.
            label: as for `generate`.

        Returns:
            `text` string `[n]` and `log_probability`, log p(text | z) in nats, float32 `[n]`.
        """
        code = self._checked_codes(z, label)
        return self._write(BeamSampler(BEAM_WIDTH), code, self._no_uniforms(code))

    def reconstruct(
        self,
        text: tf.Tensor,
        label: tf.Tensor | None = None,
        text_label: tf.Tensor | None = None,
    ) -> Tensors:
        """Reconstructs each sentence greedily from its posterior mean.

        Args:
            text: string `[n]`.
            label: as for `generate`; another than the text's own transfers the style.
            text_label: as for `encode`.

        Returns:
            `text` string `[n]` and `truncated` bool `[n]`.
        """
        inputs = checked_rows(text=text, label=label, text_label=text_label)
        posterior = self._posterior_of(inputs)
        code = self.model.with_label(posterior["mean"], self._number(inputs))
        return {**self._greedy(code), "truncated": posterior["truncated"]}

    def interpolate(
        self,
        start: tf.Tensor,
        end: tf.Tensor,
        alpha: tf.Tensor,
        label: tf.Tensor | None = None,
    ) -> Tensors:
        """The greedy reading of a point on the line between the codes of two sentences.

        Args:
            start: string `[n]`.
            end: string `[n]`.
            alpha: 0 is the posterior mean of `start`, 1 that of `end`; in [0, 1], float32 `[n]`.
            label: as for `generate`; where the posterior reads it, that of both sentences.

        Returns:
            `text` string `[n]`, and `truncated` bool `[n]` for either of the two.
        """
        inputs = checked_rows(start=start, end=end, alpha=alpha, label=label)
        on_the_line = (inputs["alpha"] >= 0) & (inputs["alpha"] <= 1)
        with tf.control_dependencies(
            [check(tf.reduce_all(on_the_line), "alpha must be in [0, 1] in every row")]
        ):
            alpha = tf.identity(inputs["alpha"])
        first, last = (self._posterior_of(inputs, name, "label") for name in ("start", "end"))
        z = between(first["mean"], last["mean"], alpha)
        written = self._greedy(self.model.with_label(z, self._number(inputs)))
        return {**written, "truncated": first["truncated"] | last["truncated"]}

    def shift(
        self,
        text: tf.Tensor,
        vector: tf.Tensor,
        amount: tf.Tensor,
        label: tf.Tensor | None = None,
        text_label: tf.Tensor | None = None,
    ) -> Tensors:
        """The greedy reading of the code of a sentence, moved along a vector.

        Args:
            text: string `[n]`.
            vector: such as `TextModel.attribute_vector` gives, finite, float32 `[n, latent]`.
            amount: how many times the vector is added: 0 reconstructs; finite, float32 `[n]`. The
                code that is read is at most the model's `largest_code` in size.
            label: as for `generate`.
            text_label: as for `encode`.

        Returns:
            `text` string `[n]` and `truncated` bool `[n]`.
        """
        inputs = checked_rows(
            text=text, vector=vector, amount=amount, label=label, text_label=text_label
        )
        finite = {name: tf.math.is_finite(inputs[name]) for name in ("vector", "amount")}
        with tf.control_dependencies(
            [
                check(tf.reduce_all(finite[name]), f"{name} must be finite in every row")
                for name in finite
            ]
        ):
            inputs["text"] = tf.identity(inputs["text"])
        posterior = self._posterior_of(inputs)
        moved = posterior["mean"] + inputs["amount"][:, None] * inputs["vector"]
        moved = self._within_reach(moved, "the code that vector and amount lead to")
        code = self.model.with_label(moved, self._number(inputs))
        return {**self._greedy(code), "truncated": posterior["truncated"]}

    def score(self, text: tf.Tensor, seed: tf.Tensor, label: tf.Tensor | None = None) -> Tensors:
        """The evidence lower bound of each sentence under the model's prior.

        With one sample of the posterior a sentence, `elbo = -(reconstruction + kl)`, and
        `elbo <= log p(text)` in expectation over seeds.

        Args:
            text: string `[n]`.
            seed: int64 `[n]`, of the posterior's sample.
            label: as for `generate`, of the text itself; the bound is one of p(text | label).

        Returns:
            In nats, float32 `[n]`: `elbo`; `reconstruction`, -log p(text | z), the end symbol
            counted; `kl`, of the posterior that z is drawn from to the model's prior, for a
            mixture an unbiased estimate at z. Further `tokens`, the number of predicted tokens,
            int32 `[n]`, and `truncated`, bool `[n]`.
        """
        inputs = checked_rows(text=text, seed=seed, label=label)
        ids, truncated = self._read(inputs["text"])
        number = self._number(inputs)
        own = (ids, number) if self.model.encoder_reads_label else (ids,)
        posterior = cut_rows(self.model.encode(*fill_rows(own)), ids)
        z = posterior.sample(row_normals(inputs["seed"], self.model.latent_dim))
        code = self.model.with_label(z, number)
        reconstruction = -cut_rows(self.model.decoder(*fill_rows((ids, code))), ids)
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

    def _number(self, inputs, name="label"):
        """The numbers of labels that were sent by name, int32 `[n]`; None without a condition."""
        if name not in inputs:
            return None
        same = inputs[name][:, tf.newaxis] == tf.constant(self.model.labels)
        known = ", ".join(self.model.labels)
        message = f"{name} must be one of {known} in every row"
        with tf.control_dependencies([check(tf.reduce_all(tf.reduce_any(same, axis=1)), message)]):
            return tf.argmax(same, axis=1, output_type=tf.int32)

    def _write(self, sampler: Sampler, code, uniforms) -> Tensors:
        sentences: Sentences = sampler.write(self._decoder, code, uniforms, self.max_length)
        return {
            "text": self.tokenizer.detokenize(sentences.ids),
            "log_probability": sentences.log_probability,
        }

    def _no_uniforms(self, code):
        return tf.zeros([tf.shape(code)[0], self.max_length])

    def _checked_codes(self, z, label):
        """What the decoder reads of codes and labels that were sent."""
        inputs = checked_rows(z=z, label=label)
        finite = tf.reduce_all(tf.math.is_finite(inputs["z"]))
        with tf.control_dependencies([check(finite, "z must be finite in every row")]):
            z = self._within_reach(tf.identity(inputs["z"]), "z")
        return self.model.with_label(z, self._number(inputs))

    def _within_reach(self, z, name):
        limit = f"{self.model.largest_code:,.0f}"
        fits = self.model.can_be_decoded(z)
        with tf.control_dependencies([check(fits, f"{name} must be within ±{limit} in every row")]):
            return tf.identity(z)
