import pytest
import tensorflow as tf
from made_models import made_model

from scale_vae_keras import samplers
from scale_vae_keras.errors import InputError


@pytest.mark.parametrize(
    ("name", "sampler"),
    [
        ("greedy", samplers.GreedySampler()),
        ("temperature", samplers.TemperatureSampler(1.0)),
        ("top_k", samplers.TopKSampler(40, 1.0)),
        ("top_p", samplers.TopPSampler(0.9, 1.0)),
        ("beam", samplers.BeamSampler(4)),
    ],
)
def test_samplers_by_name(name, sampler):
    assert samplers.get(name) == sampler
    assert samplers.get(sampler) is sampler


@pytest.mark.parametrize("wrong", ["top-p", "", 3, None])
def test_no_such_sampler(wrong):
    with pytest.raises(InputError, match="greedy, temperature, top_k, top_p, beam"):
        samplers.get(wrong)


def test_samplers_of_a_kind_share_a_graph():
    kinds = {
        sampler.kind()
        for x in (0.5, 0.7, 1.3)
        for sampler in (
            samplers.TemperatureSampler(x),
            samplers.TopPSampler(x / 2, x),
            samplers.TopKSampler(int(10 * x), x),
        )
    }
    assert len(kinds) == 3
    assert samplers.TopPSampler(0.5).kind() == samplers.TopPSampler(0.6).kind()
    assert samplers.TopPSampler(0.5).kind() != samplers.TopPSampler(0.5, 0.6).kind()
    assert samplers.TopPSampler(0.5, 0.9).kind() != samplers.TemperatureSampler(0.9).kind()
    assert samplers.BeamSampler(2).kind() != samplers.BeamSampler(3).kind()


@pytest.mark.parametrize(
    "sampler",
    [
        samplers.TemperatureSampler(1.7),
        samplers.TopPSampler(0.8),
        samplers.TopPSampler(0.8, 1.7),
        samplers.TopKSampler(3),
        samplers.TopKSampler(3, 0.6),
        samplers.BeamSampler(2),
        samplers.GreedySampler(),
    ],
    ids=str,
)
def test_tensors_choose_as_numbers_do(sampler):
    logits = tf.random.stateless_normal([50, 9], [1, 2])
    uniform = tf.random.stateless_uniform([50], [3, 4])
    other = sampler.with_inputs(sampler.inputs())
    choice, expected = other.next_token(logits, uniform), sampler.next_token(logits, uniform)
    assert choice.numpy().tolist() == expected.numpy().tolist()


class NthBest(samplers.Sampler):
    """A user's sampler with a setting that is not declared as a field."""

    def __init__(self, place):
        super().__init__()
        self.place = place

    def next_token(self, logits, uniform):
        return tf.math.top_k(logits, 5).indices[:, tf.reduce_max(self.place)]


@pytest.mark.parametrize("place", [lambda n: n, tf.constant], ids=["number", "tensor"])
def test_settings_of_ones_own_count(place):
    z = tf.constant([[0.3, -0.2]])
    model = made_model()
    written = [model.decode(z, NthBest(place(n)), max_length=1).ids.numpy() for n in (0, 4)]
    alone = [made_model().decode(z, NthBest(place(n)), max_length=1).ids.numpy() for n in (0, 4)]
    assert written == alone
    assert written[0] != written[1]
