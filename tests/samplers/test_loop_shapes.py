"""The shapes that the loop over the tokens keeps."""

import pytest
import tensorflow as tf

from scale_vae_keras.layers.decoder import LSTMDecoder
from scale_vae_keras.parts.transformer_decoder import TransformerDecoder
from scale_vae_keras.samplers.loop_shapes import state_shapes


def found(decoder):
    """As a graph for any number of rows finds them."""
    shapes = []

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, 2])])
    def graph(z):
        shapes.append(state_shapes(decoder, decoder.initial_state(z, 5), decoder.context(z)))

    graph.get_concrete_function()
    return [shape.as_list() for shape in tf.nest.flatten(shapes[0])]


def built(layer):
    layer.build((None, None), (None, 2))
    return layer


def test_a_state_that_grows_has_one_unknown_size():
    decoder = built(TransformerDecoder(7, 3, 8, 2, 0.0, 0.01, depth=1, heads=2))
    assert found(decoder) == [[None], [None, 2, None, 4], [None, 2, None, 4]]


@pytest.mark.parametrize("skip", [False, True])
def test_only_the_number_of_rows_is_unknown_in_a_state_that_does_not(skip):
    decoder = built(LSTMDecoder(7, 3, 5, 2, 0.0, 0.01, skip=skip))
    assert found(decoder) == [[None, 5], [None, 5]]


def test_a_decoder_is_traced_for_them_once(monkeypatch):
    decoder = built(TransformerDecoder(7, 3, 8, 2, 0.0, 0.01, depth=1, heads=2))
    traced = []
    advance = decoder.advance
    monkeypatch.setattr(
        decoder, "advance", lambda *inputs: traced.append(1) or advance(*inputs), raising=False
    )
    first = found(decoder)
    assert len(traced) == 2
    assert found(decoder) == first
    assert len(traced) == 2
