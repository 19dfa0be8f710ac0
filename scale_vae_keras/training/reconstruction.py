"""-log p(x | z) in a step, once or under two dropout masks."""

import tensorflow as tf

from scale_vae_keras.layers.dropout_seed import dropout_seed
from scale_vae_keras.layers.sentence_decoder import SentenceDecoder

_FRATERNAL_STREAM = 1000


def reconstruct(
    decoder: SentenceDecoder,
    ids: tf.Tensor,
    z: tf.Tensor,
    training: bool,
    seed: tf.Tensor,
    fraternal: float = 0.0,
) -> tuple[tf.Tensor, tf.Tensor | float]:
    """-log p(ids | z), and what fraternal dropout adds to the loss, each `[batch]`, in nats.

    Fraternal dropout (Zolna et al., 2018; for VAEs Petit and Corro, 2021) runs the decoder
    twice with different dropout: the reconstruction is the mean of both, and the squared
    distance of their states, mean over units and sum over tokens, is penalised.

    Args:
        decoder: decoder of the model.
        ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
        z: what the decoder reads, float32 `[batch, width]`.
        training: whether this is a training batch, with dropout.
        seed: seed of the step, int32 `[2]`.
        fraternal: weight of the distance; 0 for one pass.
    """
    if not training:
        return -decoder(ids, z), 0.0
    own_seed = dropout_seed(tf.random.experimental.stateless_fold_in(seed, 1), ids)
    if fraternal == 0:
        return -decoder(ids, z, training=True, seed=own_seed), 0.0
    other_seed = own_seed.folded(_FRATERNAL_STREAM)
    first, second = (decoder.states(ids, z, training, each) for each in (own_seed, other_seed))
    reconstruction = -0.5 * (
        decoder.log_likelihood(first, z, training, own_seed)
        + decoder.log_likelihood(second, z, training, other_seed)
    )
    distance = tf.reduce_mean(tf.square(tf.cast(first.hidden - second.hidden, tf.float32)), axis=1)
    return reconstruction, fraternal * tf.math.unsorted_segment_sum(
        distance, first.sentence, tf.shape(ids)[0]
    )
