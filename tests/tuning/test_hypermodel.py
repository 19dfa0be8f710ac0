"""`ScaleVAEHyperModel` with every tuner of KerasTuner, as a Keras user meets them."""

import importlib
import sys

import keras
import keras_tuner
import numpy as np
import pytest

from scale_vae_keras.data.batches import evaluation_batches, training_batches
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError
from scale_vae_keras.models.scale_vae import ScaleVAE
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.vocabulary import Vocabulary
from scale_vae_keras.tuning import Range, ScaleVAEHyperModel

VOCABULARY = 20
TUNERS = {
    keras_tuner.RandomSearch: {"max_trials": 2},
    keras_tuner.BayesianOptimization: {"max_trials": 2},
    keras_tuner.GridSearch: {"max_trials": 2},
    keras_tuner.Hyperband: {"max_epochs": 2, "factor": 2},
}


@pytest.fixture(scope="module")
def sentences():
    rng = np.random.default_rng(5)
    length, count = 6, 32
    tokens = rng.integers(4, VOCABULARY, [count, length]).astype(np.int32)
    tokens[:, 0], tokens[:, -1] = 1, 2
    return EncodedSplit(
        tokens=tokens.ravel(),
        offsets=np.arange(0, (count + 1) * length, length),
        labels=None,
        empty=0,
        truncated=0,
    )


@pytest.fixture(scope="module")
def hypermodel(tiny_space):
    searched = {"des_std": Range(0.3, 1.5), "learning_rate": 0.5, "dropout": 0.1}
    return ScaleVAEHyperModel(VOCABULARY, {**tiny_space, **searched}, seed=3)


def fit_untrained(model, *data, callbacks, epochs, initial_epoch=0, **_):
    """What tuners ask of `keras.Model.fit`; the score is `des_std`."""
    history = keras.callbacks.History()
    told = keras.callbacks.CallbackList(
        [each for each in callbacks if type(each).__module__.startswith("keras_tuner")] + [history],
        model=model,
        epochs=epochs,
    )
    model.posterior_scale.average.assign(model.posterior_scale.average * 2)
    told.on_train_begin()
    for epoch in range(initial_epoch, epochs):
        told.on_epoch_begin(epoch)
        told.on_epoch_end(epoch, {"val_elbo_nll": model.scale_config["des_std"]})
    told.on_train_end()
    return history


@pytest.mark.parametrize("tuner", TUNERS, ids=lambda tuner: tuner.__name__)
def test_every_trial_is_completed(tuner, hypermodel, sentences, tmp_path, monkeypatch):
    """One tuner trains; with the others `fit` reports an epoch without training."""
    if tuner is not keras_tuner.RandomSearch:
        monkeypatch.setattr(ScaleVAE, "fit", fit_untrained)
    search = tuner(
        hypermodel,
        objective=keras_tuner.Objective("val_elbo_nll", "min"),
        directory=tmp_path,
        seed=4,
        **TUNERS[tuner],
    )
    search.oracle.max_trials = 2
    validation, _ = evaluation_batches(sentences, 16)
    arguments = {} if tuner is keras_tuner.Hyperband else {"epochs": 1}
    search.search(
        training_batches(sentences, 16, seed=0),
        validation_data=validation,
        shuffle=False,
        verbose=0,
        **arguments,
    )
    trials = list(search.oracle.trials.values())
    assert [trial.status for trial in trials] == ["COMPLETED"] * 2
    assert len({trial.hyperparameters["des_std"] for trial in trials}) == 2
    (best,) = search.get_best_models()
    assert isinstance(best, ScaleVAE)
    chosen = min(trials, key=lambda trial: trial.score)
    assert best.scale_config["des_std"] == chosen.hyperparameters["des_std"]
    assert np.all(best.posterior_scale.average.numpy() != 1)


def test_training_is_that_of_a_run(hypermodel, sentences):
    """The average is in effect after `f_epo` epochs, and the KL weight has risen."""
    hyperparameters = keras_tuner.HyperParameters()
    model = hypermodel.build(hyperparameters)
    validation, _ = evaluation_batches(sentences, 16)
    history = hypermodel.fit(
        hyperparameters,
        model,
        training_batches(sentences, 16, seed=0),
        validation_data=validation,
        epochs=2,
        shuffle=False,
        verbose=0,
    ).history
    assert float(model.posterior_scale.in_effect) == 1
    assert float(model.kl_weight) == 1
    assert all(
        proper > paper
        for proper, paper in zip(history["val_elbo_nll"], history["val_loss"], strict=True)
    )
    assert set(history) >= {"val_elbo_nll", "val_loss", "mi"}


def test_the_same_seed_builds_the_same_model(hypermodel):
    first, second = (hypermodel.build(keras_tuner.HyperParameters()) for _ in range(2))
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_tokenizer_gives_the_vocabulary_size(tiny_space):
    vocabulary = Vocabulary(["one", "two"])
    hypermodel = ScaleVAEHyperModel(Tokenizer(vocabulary), tiny_space)
    assert hypermodel.build(keras_tuner.HyperParameters()).vocabulary_size == 6


def test_an_unknown_setting_is_refused():
    with pytest.raises(InputError, match="gamma is not a setting"):
        ScaleVAEHyperModel(VOCABULARY, {"gamma": 0.5})


@pytest.mark.parametrize("decay", ["plateau", ("halving", "plateau")])
def test_a_decay_that_it_does_not_have_is_refused(decay):
    with pytest.raises(InputError, match="halves the learning rate: leave decay out"):
        ScaleVAEHyperModel(VOCABULARY, {"decay": decay})
    assert ScaleVAEHyperModel(VOCABULARY, {"decay": "halving"}).space.fixed["decay"] == "halving"


@pytest.mark.parametrize(
    "idle",
    [
        {"batch_size": (16, 32)},
        {"resplit": (True, False)},
        {"max_length": Range(10, 20)},
        {"select_by": ("elbo", "objective")},
    ],
    ids=str,
)
def test_a_search_of_what_has_no_effect_is_refused(idle):
    [name] = idle
    with pytest.raises(InputError, match=f"{name} has no effect on the model and its training"):
        ScaleVAEHyperModel(VOCABULARY, idle)


def test_what_the_hypermodel_reads_can_be_searched():
    read = {"clip_norm": (1.0, 5.0), "decay_start": (3, 6), "optimizer": ("sgd", "adam")}
    space = {**read, "learning_rate": 0.1, "kl_epochs": (1, 3)}
    assert ScaleVAEHyperModel(VOCABULARY, space).space.searched.keys() >= read.keys()


def test_without_keras_tuner_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_tuner", None)
    monkeypatch.delitem(sys.modules, "scale_vae_keras.tuning.extra")
    with pytest.raises(ImportError, match=r"pip install 'scale-vae-keras\[tune\]'"):
        importlib.import_module("scale_vae_keras.tuning.extra")
