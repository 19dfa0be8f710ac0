import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.callbacks import LinearKLAnnealing, aggressive_training
from scale_vae_keras.callbacks.aggressive_training import AggressiveTraining
from scale_vae_keras.errors import InputError
from scale_vae_keras.models import AggressiveVAE, TextVAE
from scale_vae_keras.runs.config import configure


def weights_of(*layers):
    return [np.array(weight) for layer in layers for weight in layer.trainable_weights]


def changed(before, after):
    return [not np.array_equal(old, new) for old, new in zip(before, after, strict=True)]


def batches(ids, size=8):
    return tf.data.Dataset.from_tensor_slices(ids).batch(size)


def test_when_not_aggressive_it_is_the_plain_vae(make, sentences):
    aggressive, plain = make(AggressiveVAE), make(TextVAE)
    for seed in range(2):
        logs = [m.train_on_batch(sentences(8, seed), return_dict=True) for m in (aggressive, plain)]
        assert logs[0] == pytest.approx(logs[1], rel=1e-6)
    for weight, other in zip(aggressive.trainable_weights, plain.trainable_weights, strict=True):
        np.testing.assert_allclose(weight, other, rtol=1e-5, atol=1e-7)


def test_an_aggressive_step_trains_the_decoder_alone(make, sentences):
    model, reference = make(AggressiveVAE), make(TextVAE)
    model.aggressive.assign(1.0)
    encoder = weights_of(model.encoder, model.gaussian_posterior)
    for each in (model, reference):
        each.train_on_batch(sentences(8))
    assert not any(changed(encoder, weights_of(model.encoder, model.gaussian_posterior)))
    for weight, other in zip(weights_of(model.decoder), weights_of(reference.decoder), strict=True):
        np.testing.assert_allclose(weight, other, rtol=1e-5, atol=1e-7)


def test_weights_of_sentences_count_in_an_encoder_step(make, sentences):
    ids, weights = sentences(4), np.float32([2, 0, 1, 0])
    model, none, kept = (make(AggressiveVAE) for _ in range(3))
    for each in (model, none, kept):
        each.optimizer.build(each.trainable_variables)
    expected = model(ids, training=True).loss
    model.training_calls.assign(0)
    loss, tokens = model.encoder_step(tf.constant(ids), weights=weights)
    assert float(loss) == pytest.approx(float(np.sum(expected * weights)), rel=1e-5)
    assert float(tokens) == np.sum(np.count_nonzero(ids[:, 1:], axis=1) * weights)
    before = weights_of(none.encoder)
    none.encoder_step(tf.constant(ids), weights=[0.0] * 4)
    assert not any(changed(before, weights_of(none.encoder)))
    kept.encoder_step(tf.constant(ids))
    assert any(changed(weights_of(kept.encoder), weights_of(model.encoder)))


def test_the_encoder_is_trained_on_the_weights_of_the_data(make, sentences, monkeypatch):
    """And in a second `fit` in the order of the epoch of the model's training that it is."""
    ids, weights = tf.constant(sentences(4)), tf.constant([2.0, 0.0, 1.0, 0.0])
    data = tf.data.Dataset.from_tensors((ids, weights)).map(lambda x, w: (x, None, w))
    seen, seeds = [], []

    def encoder_step(ids, weights):
        seen.append(weights)
        return tf.constant(1.0), tf.constant(1.0)

    shuffle = tf.data.Dataset.shuffle
    monkeypatch.setattr(
        tf.data.Dataset,
        "shuffle",
        lambda self, size, seed: seeds.append(seed) or shuffle(self, size, seed),
    )
    model = make(AggressiveVAE)
    model.run_eagerly = True
    model.encoder_step = encoder_step
    for _ in range(2):
        callback = AggressiveTraining(data, batches(ids), seed=7)
        model.fit(data, callbacks=[callback], shuffle=False, verbose=0)
    np.testing.assert_array_equal(seen[0], weights)
    assert seeds == [7, 8]


def test_an_encoder_step_trains_the_encoder_alone(make, sentences):
    clip = keras.optimizers.SGD(0.5, global_clipnorm=0.5)
    model, reference = make(AggressiveVAE, clip), make(TextVAE, clip.from_config(clip.get_config()))
    ids = sentences(8)
    model.optimizer.build(model.trainable_variables)
    expected = model(ids, training=True).loss
    model.training_calls.assign(0)
    decoder = weights_of(model.decoder)
    loss, tokens = model.encoder_step(tf.constant(ids))
    assert float(loss) == pytest.approx(np.sum(expected), rel=1e-5)
    assert float(tokens) == np.count_nonzero(ids[:, 1:])
    assert not any(changed(decoder, weights_of(model.decoder)))
    reference.train_on_batch(ids)
    for weight, other in zip(
        weights_of(model.encoder, model.gaussian_posterior),
        weights_of(reference.encoder, reference.gaussian_posterior),
        strict=True,
    ):
        np.testing.assert_allclose(weight, other, rtol=1e-5, atol=1e-7)


class Recorder(keras.callbacks.Callback):
    """Notes what the model was told."""

    def __init__(self):
        super().__init__()
        self.aggressive = []

    def on_epoch_begin(self, epoch, logs=None):
        self.aggressive.append(float(self.model.aggressive))


def train(model, ids, monkeypatch, information, callbacks=(), callbacks_first=False, state=None):
    values = iter(information)
    monkeypatch.setattr(
        aggressive_training, "batch_mutual_information", lambda *_, **__: (next(values), 3.4)
    )
    training = AggressiveTraining(batches(ids), batches(ids), seed=1)
    if state:
        training.set_state(state)
    recorder = Recorder()
    ordered = [*callbacks, training] if callbacks_first else [training, *callbacks]
    history = model.fit(
        batches(ids),
        epochs=len(information),
        callbacks=[*ordered, recorder],
        verbose=0,
        shuffle=False,
    )
    return recorder.aggressive, history.history, training


def test_it_stops_when_the_information_falls_and_never_starts_again(make, sentences, monkeypatch):
    model = make(AggressiveVAE)
    told, history, training = train(
        model, sentences(16), monkeypatch, [0.5, 0.5, 0.7, 0.6, 0.9, 1.5]
    )
    assert told == [1, 1, 1, 1, 0, 0]
    assert history["aggressive"] == told
    assert history["mi_batch"] == [0.5, 0.5, 0.7, 0.6, 0.9, 1.5]
    assert [steps > 0 for steps in history["encoder_steps"]] == [True] * 4 + [False] * 2
    assert training.get_state() == {"aggressive": False, "information": 1.5, "steps": 0}


def test_a_reload_of_earlier_weights_does_not_start_it_again(make, sentences, monkeypatch):
    class Reload(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.aggressive.assign(1.0)

    told, _, _ = train(
        make(AggressiveVAE), sentences(8), monkeypatch, [0.5, 0.1, 0.9, 0.9], [Reload()]
    )
    assert told == [1, 1, 0, 0]


def test_several_steps_an_execution_are_refused(make, sentences):
    model = make(AggressiveVAE, compile_arguments={"steps_per_execution": 2})
    data = batches(sentences(8))
    with pytest.raises(InputError, match="steps_per_execution=1"):
        model.fit(data, callbacks=[AggressiveTraining(data, data)], shuffle=False, verbose=0)


def test_accumulated_gradients_are_refused(make, sentences):
    model = make(AggressiveVAE, keras.optimizers.SGD(0.5, gradient_accumulation_steps=2))
    data = batches(sentences(8))
    with pytest.raises(InputError, match="leave gradient_accumulation_steps out"):
        model.fit(data, callbacks=[AggressiveTraining(data, data)], shuffle=False, verbose=0)


@pytest.mark.parametrize("kind", [keras.optimizers.Adam, keras.optimizers.SGD])
def test_an_optimizer_with_a_memory_is_refused(make, sentences, kind):
    own = {"momentum": 0.5} if kind is keras.optimizers.SGD else {}
    model, data = make(AggressiveVAE, kind(0.1, **own)), batches(sentences(8))
    with pytest.raises(InputError, match="use SGD without momentum"):
        model.encoder_step(sentences(4))
    with pytest.raises(InputError, match="use SGD without momentum"):
        model.fit(data, callbacks=[AggressiveTraining(data, data)], shuffle=False, verbose=0)


def test_a_run_with_adam_is_refused():
    config = configure("reviews", "agg", "small", optimizer="adam")
    with pytest.raises(InputError, match="leave optimizer at sgd"):
        config.system.callbacks(config, None, None)


def test_a_resumed_run_goes_on_where_it_stopped(make, sentences, monkeypatch):
    state = {"aggressive": True, "information": 0.5, "steps": 0}
    told, _, _ = train(make(AggressiveVAE), sentences(8), monkeypatch, [0.4, 0.9], state=state)
    assert told == [1, 0]


def inner_steps(make, sentences, losses):
    """Encoder steps before one training step, given the mean loss a token of each step."""
    model, values = make(AggressiveVAE), iter(losses)
    training = AggressiveTraining(batches(sentences(8)), batches(sentences(8)))
    training.set_model(model)
    training.on_train_begin()
    training._encoder_step = lambda ids: (next(values), tf.constant(1.0))
    training.on_epoch_begin(0)
    training.on_train_batch_begin(0)
    return training._steps


class WeightsOfSteps(AggressiveVAE):
    """Notes the KL weight of each step inside its graph."""

    def _note(self, kind):
        weight = tf.convert_to_tensor(self.kl_weight)
        tf.py_function(lambda value: self.noted.append((kind, float(value))), [weight], [])

    def encoder_step(self, ids):
        self._note("encoder")
        return super().encoder_step(ids)

    def train_step(self, data):
        self._note("joint")
        return super().train_step(data)


@pytest.mark.parametrize("annealing_first", [False, True])
def test_each_step_of_the_encoder_has_the_weight_of_the_step_that_follows(
    make, sentences, monkeypatch, annealing_first
):
    """Two joint steps an epoch, the KL weight from 0 to 1 over two epochs."""
    monkeypatch.setattr(aggressive_training, "_MOST_STEPS", 3)
    model = make(WeightsOfSteps)
    model.noted = []
    callbacks = [LinearKLAnnealing(0.0, 2)]
    train(model, sentences(16), monkeypatch, [0.1, 0.2, 0.1, 0.0], callbacks, annealing_first)
    inner = 3 * ["encoder"] + ["joint"]
    kinds = [kind for kind, _ in model.noted]
    assert kinds == 6 * inner + 2 * ["joint"]
    weights = [weight for _, weight in model.noted]
    expected = np.repeat([0.0, 0.25, 0.5, 0.75, 1.0, 1.0], 4)
    np.testing.assert_allclose(weights, [*expected, 1.0, 1.0])


def test_an_encoder_step_needs_no_more_than_compile(sentences):
    model = AggressiveVAE(12, 2, 5, 6)
    with pytest.raises(InputError, match="call compile"):
        model.encoder_step(sentences(4))
    model.compile("sgd")
    loss, tokens = model.encoder_step(sentences(4).tolist())
    assert float(loss) > 0
    assert int(tokens) == np.count_nonzero(sentences(4)[:, 1:])


def test_the_inner_loop_ends_when_fifteen_steps_are_worse_than_the_fifteen_before(make, sentences):
    losses = [3.0] * 15 + [2.0] * 15 + [2.0] * 15 + [2.1] * 15 + [1.0] * 60
    assert inner_steps(make, sentences, losses) == 60


def test_the_inner_loop_has_at_most_99_steps(make, sentences):
    assert inner_steps(make, sentences, np.linspace(9, 1, 200)) == 99
