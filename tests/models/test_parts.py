"""Encoders and decoders by name and as objects."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from own_parts import GrowingDecoder

import scale_vae_keras as sv
from scale_vae_keras.errors import InputError
from scale_vae_keras.models import SYSTEMS, LanguageModel, ScaleVAE, SkipVAE, TextVAE
from scale_vae_keras.parts.by_name import build_encoder
from scale_vae_keras.priors import VampPrior

VOCABULARY = 12
PAIR = {"encoder": "transformer", "decoder": "transformer"}
SMALL = {"embedding_dim": 5, "units": 8, "depth": 1, "heads": 2}
OWN = {"sa": {"refinement_steps": 1}, "du": {"min_batch": 2}}


@keras.saving.register_keras_serializable("tests")
class FirstAndLast(keras.layers.Layer):
    """The embeddings of the first word and of the last token, side by side."""

    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.embedding = keras.layers.Embedding(VOCABULARY, width, name="embedding")

    def call(self, ids):
        last = keras.ops.sum(keras.ops.cast(ids != 0, "int32"), axis=1) - 1
        embedded = self.embedding(ids)
        return tf.concat([embedded[:, 1], tf.gather(embedded, last, batch_dims=1)], axis=1)

    def get_config(self):
        return {**super().get_config(), "width": self.width}


def growing(vocabulary=VOCABULARY, latent_dim=2, dropout=0.2, **arguments):
    return GrowingDecoder(vocabulary, 4, 6, latent_dim, dropout, 0.5, **arguments)


def own_parts(kind=ScaleVAE, **arguments):
    keras.utils.set_random_seed(1)
    model = kind(VOCABULARY, latent_dim=2, encoder=FirstAndLast(3), decoder=growing(), **arguments)
    model.compile(keras.optimizers.SGD(0.1))
    return model


def step(model, ids):
    """One step without a graph, which is quicker to make."""
    model.ensure_built()
    return {name: float(value) for name, value in model.train_step(tf.constant(ids)).items()}


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_trains_with_a_transformer_pair(sentences, name):
    keras.utils.set_random_seed(1)
    arguments = {**PAIR, "latent_dim": 2} if name != "lm" else {"decoder": "transformer"}
    model = SYSTEMS[name].model(VOCABULARY, **SMALL, **arguments, **OWN.get(name, {}))
    model.compile(keras.optimizers.SGD(0.1))
    model.ensure_built()
    weights = model.trainable_weights
    before = [np.array(weight) for weight in weights]
    assert np.isfinite(list(step(model, sentences(6)).values())).all()
    still = {
        weight.path
        for weight, start in zip(weights, before, strict=True)
        if np.array_equal(weight, start)
    }
    assert still == set()


@pytest.mark.parametrize("pair", [("lstm", "transformer"), ("transformer", "lstm")])
def test_mixed_pairs(sentences, pair):
    model = TextVAE(VOCABULARY, 2, **SMALL, encoder=pair[0], decoder=pair[1])
    model.compile(keras.optimizers.SGD(0.1))
    assert step(model, sentences(6))["loss"] > 0
    kinds = {"lstm": "LSTM", "transformer": "Transformer"}
    assert type(model.encoder).__name__ == f"{kinds[pair[0]]}Encoder"
    assert type(model.decoder).__name__ == f"{kinds[pair[1]]}Decoder"


def test_objects_come_back_from_a_file_and_from_the_configuration(sentences, tmp_path):
    model, ids = own_parts(dropout=0.2), sentences(6)
    step(model, ids)
    model.save(tmp_path / "model.keras")
    loaded = sv.load_model(tmp_path / "model.keras")
    assert loaded.get_config() == model.get_config()
    for weight, other in zip(model.weights, loaded.weights, strict=True):
        assert weight.path == other.path
        np.testing.assert_array_equal(weight, other)
    np.testing.assert_array_equal(loaded(ids).loss, model(ids).loss)
    clone = keras.models.clone_model(model)
    assert clone.decoder is not model.decoder
    clone.ensure_built()
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.encode(ids).mean, model.encode(ids).mean)


def test_objects_answer_all_that_names_do(sentences):
    model, ids = own_parts(prior="full"), sentences(6)
    assert model.dropout == 0.2
    model.fit_prior(model.encode(sentences(20)))
    assert model.gaussian_posterior.kernel.shape == (6, 4)
    np.testing.assert_array_equal(
        model.generate(3, sampler="top_p", max_length=4).ids,
        model.generate(5, sampler="top_p", max_length=4).ids[:3],
    )
    assert model.reconstruct(ids, "beam", max_length=4).ids.shape[0] == 6
    estimate = model.log_likelihood(ids, samples=8)
    assert np.isfinite(estimate).all()


def test_a_language_model_takes_a_decoder_too(sentences):
    model, ids = LanguageModel(VOCABULARY, decoder=growing(latent_dim=0)), sentences(4)
    model.compile(keras.optimizers.SGD(0.1))
    np.testing.assert_allclose(model.log_likelihood(ids), -model(ids).loss, rtol=1e-6)


def test_reset_decoder_makes_a_fresh_one_of_the_same_kind():
    model = own_parts(sv.PretrainedVAE)
    model.ensure_built()
    before = np.array(model.decoder.output_kernel)
    model.reset_decoder()
    assert np.abs(np.array(model.decoder.output_kernel) - before).max() > 0.1


def test_a_keras_model_is_an_encoder():
    encoder = keras.Sequential(
        [
            keras.layers.Embedding(VOCABULARY, 3, mask_zero=True),
            keras.layers.Bidirectional(keras.layers.GRU(4)),
        ]
    )
    assert build_encoder(encoder, (None, None)) == 8


def test_pseudo_inputs_run_through_a_transformer():
    model = TextVAE(VOCABULARY, 2, **SMALL, encoder="transformer", prior=VampPrior(3, 4))
    model.ensure_built()
    assert model.prior.mixture().means.shape == (3, 2)


def test_half_precision(sentences):
    model = TextVAE(VOCABULARY, 2, **SMALL, **PAIR, dropout=0.0, dtype="mixed_bfloat16")
    model.ensure_built()
    exact = TextVAE.from_config({**model.get_config(), "dtype": "float32"})
    exact.ensure_built()
    exact.set_weights(model.get_weights())
    assert model.decoder.blocks[0].compute_dtype == "bfloat16"
    assert model.encoder(tf.constant(sentences(4))).dtype == tf.bfloat16
    half, whole = (each(sentences(4)).reconstruction for each in (model, exact))
    assert half.dtype == tf.float32
    np.testing.assert_allclose(half, whole, rtol=0.02)


WRONG = {
    "vocabulary_size=12, and the given GrowingDecoder has vocabulary_size=9": lambda: TextVAE(
        VOCABULARY, 2, decoder=growing(9)
    ),
    "needs a decoder with latent_dim=3": lambda: TextVAE(VOCABULARY, 3, decoder=growing()),
    "SkipVAE needs a decoder with skip=True": lambda: SkipVAE(VOCABULARY, 2, decoder=growing()),
    "word_dropout belongs to the decoder": lambda: TextVAE(
        VOCABULARY, 2, decoder=growing(), word_dropout=0.3
    ),
    "pooling belongs to the encoder": lambda: TextVAE(
        VOCABULARY, 2, encoder=FirstAndLast(3), pooling="max"
    ),
    "fraternal dropout needs dropout": lambda: TextVAE(
        VOCABULARY, 2, decoder=growing(dropout=0.0), fraternal=0.1
    ),
    "decoder must be one of lstm, cnn, transformer": lambda: TextVAE(VOCABULARY, decoder="gru"),
    "decoder must be a name or a sv.layers.SentenceDecoder, got Dense": lambda: TextVAE(
        VOCABULARY, decoder=keras.layers.Dense(3)
    ),
    "encoder must be one of lstm, transformer, or an object": lambda: TextVAE(
        VOCABULARY, encoder="bert"
    ),
    "encoder must be a name or a Keras layer, got int": lambda: TextVAE(VOCABULARY, encoder=3),
    'the prior "vamp" runs embeddings through the encoder': lambda: TextVAE(
        VOCABULARY, encoder=FirstAndLast(3), prior="vamp"
    ),
    "Embedding gives": lambda: build_encoder(keras.layers.Embedding(9, 3), (None, None)),
    "the first state of an LSTM": lambda: TextVAE(VOCABULARY, pooling="first"),
    "units must be a multiple of the number of heads": lambda: TextVAE(
        VOCABULARY, units=6, encoder="transformer"
    ),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_does_not_fit_is_refused(message):
    with pytest.raises(InputError, match=message):
        WRONG[message]()


def test_noise_on_the_embeddings(sentences):
    ids = sentences(6)
    noisy = growing(dropout=0.0, embedding_noise=0.3)
    noisy.build((None, None), (None, 2))
    z, seed = tf.zeros([6, 2]), tf.constant([1, 2])
    quiet = GrowingDecoder.from_config({**noisy.get_config(), "embedding_noise": 0.0})
    quiet.build((None, None), (None, 2))
    quiet.set_weights(noisy.get_weights())
    np.testing.assert_array_equal(noisy(ids, z), quiet(ids, z))
    first, again = (noisy(ids, z, training=True, seed=seed) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    for other in (noisy(ids, z), noisy(ids, z, training=True, seed=seed + 1)):
        assert np.abs(np.array(first - other)).min() > 1e-5
    added = np.array(noisy._add_noise(tf.zeros([40, 50, 4]), True, seed))
    assert (added.mean(), added.std()) == pytest.approx((0.0, 0.3), abs=0.01)


def test_noise_is_refused_where_it_is_negative():
    with pytest.raises(InputError, match="embedding_noise must be at least 0"):
        growing(embedding_noise=-0.1)
