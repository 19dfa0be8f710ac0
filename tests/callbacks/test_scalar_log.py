import math
from types import SimpleNamespace

import numpy as np
import pytest
from event_files import read_events, values
from made_models import set_factor

from scale_vae_keras.callbacks import scalar_log
from scale_vae_keras.callbacks.scalar_log import ScalarLog
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.event_log import EventLog

# Three sentences of 2, 1 and 3 words: 9 predicted tokens.
SPLIT = EncodedSplit(
    tokens=np.array([1, 4, 5, 2, 1, 4, 2, 1, 4, 4, 5, 2], np.int32),
    offsets=np.array([0, 4, 7, 12]),
    labels=None,
    empty=0,
    truncated=0,
)


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(scalar_log.time, "perf_counter", lambda: now.seconds)
    return now


def one_epoch(model, folder, clock, logs, norms=(), steps=None, finished=0):
    callback = ScalarLog(
        *(EventLog(folder / name, finished) for name in ("train", "validation")), SPLIT, SPLIT
    )
    callback.set_model(model)
    callback.set_params({"steps": steps or max(len(norms), 1)})
    callback.on_train_begin()
    callback.on_epoch_begin(finished)
    for batch, norm in enumerate(norms):
        model.gradient_norm.assign(norm)
        callback.on_train_batch_end(batch)
    clock.seconds += 3
    callback.on_test_begin()
    clock.seconds += 1000
    callback.on_epoch_end(finished, logs)
    return [read_events(folder / name) for name in ("train", "validation")]


def test_figures_of_training_and_validation(vae, tmp_path, clock):
    logs = {"loss": 9.0, "val_loss": 8.0, "val_elbo_nll": 6.0, "mi": 1.5, "skipped_steps": 2}
    train, validation = one_epoch(vae, tmp_path, clock, logs, [3.0, math.nan, 5.0])
    assert values(train, "loss/objective") == [9.0]
    assert values(validation, "loss/objective") == [8.0]
    assert values(validation, "latent/mi") == [1.5]
    assert values(train, "training/skipped_steps") == [2.0]
    # 6 nats a sentence, 3 predicted tokens a sentence
    assert values(validation, "loss/perplexity") == [pytest.approx(math.exp(2), rel=1e-6)]
    # 9 tokens in the 3 seconds before the validation
    assert values(train, "training/tokens_per_second") == [pytest.approx(3.0)]
    assert values(train, "training/gradient_norm") == [4.0]
    assert values(train, "training/gradient_norm_max") == [5.0]
    assert values(train, "training/learning_rate") == [0.5]


def test_the_rest_of_an_epoch_counts_its_own_tokens(vae, tmp_path, clock):
    logs = {"val_elbo_nll": 6.0}
    train, _ = one_epoch(vae, tmp_path, clock, logs, [1.0, 1.0], steps=6, finished=4)
    assert values(train, "training/tokens_per_second") == [pytest.approx(1.0)]
    assert [event.step for event in train.Tensors("training/gradient_norm")] == [5]


def test_steps_of_one_execution_all_count(vae, tmp_path, clock):
    """Keras calls a callback once for all of them, with the number of the last one."""
    rates = {}
    for steps in (4, None):
        folder = tmp_path / str(steps)
        callback = ScalarLog(EventLog(folder), EventLog(tmp_path / "other"), SPLIT, SPLIT)
        callback.set_model(vae)
        callback.set_params({"steps": steps})
        callback.on_epoch_begin(0)
        for first, last in ((0, 1), (2, 3)):
            callback.on_train_batch_begin(first)
            callback.on_train_batch_end(last)
        clock.seconds += 3
        callback.on_epoch_end(0, {"val_elbo_nll": 6.0})
        (rates[steps],) = values(read_events(folder), "training/tokens_per_second")
    assert rates == {4: pytest.approx(3.0), None: pytest.approx(3.0)}


def test_f_bar_of_each_dimension(scale_vae, tmp_path, clock):
    set_factor(scale_vae, [2.0, 4.0])
    train, _ = one_epoch(scale_vae, tmp_path, clock, {"val_elbo_nll": 6.0})
    assert values(train, "scale_factor_by_dimension/0") == [2.0]
    assert values(train, "scale_factor_by_dimension/1") == [4.0]


def test_a_likelihood_beyond_all_numbers(vae, tmp_path, clock):
    _, validation = one_epoch(vae, tmp_path, clock, {"val_elbo_nll": 1e6})
    assert values(validation, "loss/perplexity") == [math.inf]
