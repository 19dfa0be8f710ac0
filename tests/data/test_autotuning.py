"""Nothing that training or evaluation reads is autotuned, unless its options say so."""

import pytest
import tensorflow as tf

from scale_vae_keras.data.autotuning import without_autotuning
from scale_vae_keras.data.batches import evaluation_batches, sampled_batches, training_batches
from scale_vae_keras.data.encoded import encode_texts
from scale_vae_keras.data.input_checks import checked_batches
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.vocabulary import Vocabulary
from scale_vae_keras.training.global_batches import GlobalBatches

IDS = tf.constant([[1, 4, 5, 2], [1, 5, 2, 0]])


def is_tuned(dataset):
    return dataset.options().autotune.enabled


def tuned(dataset, enabled):
    options = tf.data.Options()
    options.autotune.enabled = enabled
    return dataset.with_options(options)


@pytest.mark.parametrize("enabled", [True, False])
def test_options_that_are_given_stay(enabled):
    dataset = tuned(tf.data.Dataset.range(3), enabled)
    assert is_tuned(without_autotuning(dataset)) is enabled


def test_batches_are_not_tuned():
    split = encode_texts(["a b", "b", "a"], Tokenizer(Vocabulary(["a", "b"])))
    assert is_tuned(training_batches(split, 2, seed=1)) is False
    assert is_tuned(evaluation_batches(split, 2)[0]) is False
    assert is_tuned(sampled_batches(split, 2, limit=2, seed=1)) is False


def test_what_fit_reads_is_not_tuned():
    checked = checked_batches(tf.data.Dataset.from_tensors(IDS).shuffle(2), 6)
    assert is_tuned(checked) is False
    assert is_tuned(GlobalBatches(checked)) is False
    assert is_tuned(checked_batches(IDS, 6, batched=True)) is False
    assert [batch.numpy().tolist() for batch in checked] == [IDS.numpy().tolist()]
