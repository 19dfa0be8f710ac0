"""Batches of sentences of similar length."""

from collections.abc import Sequence
from itertools import count

import numpy as np
import tensorflow as tf

from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError

_POOL_BATCHES = 100


def epoch_batches(
    lengths: np.ndarray,
    batch_size: int,
    seed: int,
    epoch: int,
    resplit: bool,
    labels: Sequence[str] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Divides sentences into the batches of one epoch.

    The sentences are shuffled and cut into equal pools of about 100 batches; each pool is sorted by
    length and cut into batches; the full batches are shuffled over the epoch; an incomplete one, if
    any, comes last. With labels, the sentences of each label are divided in this way apart from the
    others, which leaves up to one incomplete batch per label.

    Args:
        lengths: the length of each sentence, integer `[sentences]`.
        batch_size: sentences in a batch.
        seed: any integer from 0 on.
        epoch: which epoch, from 0 on; each has its own order of batches.
        resplit: whether each epoch pairs the sentences afresh. If not, the batches are those of
            epoch 0, in another order.
        labels: the label of each sentence, where all sentences of a batch are to share one.

    Returns:
        The sentences in the epoch's order, int64 `[sentences]`, and where batches begin in it:
        batch i is `order[starts[i]:starts[i + 1]]`, int64 `[batches + 1]`.

    Raises:
        InputError: `batch_size` is below 1, or `seed` or `epoch` below 0.

    Example:
        >>> lengths = np.array([5, 3, 5, 3])
        >>> order, starts = sv.data.epoch_batches(lengths, 2, seed=0, epoch=0, resplit=False)
        >>> starts.tolist(), sorted(lengths[order[:2]].tolist() + lengths[order[2:]].tolist())
        ([0, 2, 4], [3, 3, 5, 5])
    """
    _check_batch_size(batch_size)
    if seed < 0 or epoch < 0:
        raise InputError(f"seed is {seed} and epoch {epoch}: give integers from 0 on")
    pairing = np.random.default_rng([seed, 0, epoch if resplit else 0])
    members = [
        batch
        for group in _groups(len(lengths), labels)
        for batch in _cut(pairing.permutation(group), lengths, batch_size)
    ]
    full = [batch for batch in members if len(batch) == batch_size]
    incomplete = [batch for batch in members if len(batch) < batch_size]
    turns = np.random.default_rng([seed, 1, epoch]).permutation(len(full))
    epoch_members = [full[turn] for turn in turns] + incomplete
    starts = np.cumsum([0] + [len(batch) for batch in epoch_members])
    return np.concatenate(epoch_members), starts


def _groups(sentences: int, labels: Sequence[str] | None) -> list[np.ndarray]:
    """The sentences of each label, in the order of the labels; all together without labels."""
    if labels is None:
        return [np.arange(sentences)]
    labels = np.asarray(labels)
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def _cut(shuffled: np.ndarray, lengths: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Batches of similar length from shuffled sentences."""
    batches = -(-len(shuffled) // batch_size)
    pools = max(1, round(batches / _POOL_BATCHES))
    cuts = np.linspace(0, batches, pools + 1).astype(np.int64)[1:-1] * batch_size
    pools_by_length = [
        pool[np.argsort(lengths[pool], kind="stable")] for pool in np.split(shuffled, cuts)
    ]
    return np.split(np.concatenate(pools_by_length), range(batch_size, len(shuffled), batch_size))


def training_batches(
    split: EncodedSplit,
    batch_size: int,
    seed: int,
    resplit: bool = False,
    first_epoch: int = 0,
    by_label: bool = False,
    first_batch: int = 0,
) -> tf.data.Dataset:
    """Serves an epoch of training batches to each new iterator, see `epoch_batches`.

    Args:
        split: the sentences.
        batch_size: sentences in a batch.
        seed: any integer from 0 on; the same seed gives the same batches in the same order.
        resplit: whether each epoch pairs the sentences afresh.
        first_epoch: the epoch that the first iterator serves; each further one serves the next.
        by_label: whether the sentences of a batch share one label.
        first_batch: the batch that an epoch begins with; those before it are not computed.

    Returns:
        A dataset of ids, int32 `[batch, time]`, right padded with 0 to the longest sentence of the
        batch; every sentence occurs once per epoch, unless `first_batch` is above 0. With numbers
        of labels, `split.label_numbers`, pairs of ids and numbers, int32 `[batch]`. Its
        cardinality is the number of batches of an epoch that are served.
        Give it to `fit` with `shuffle=False`: it is shuffled already.

    Raises:
        InputError: `batch_size` is below 1, `seed` or `first_epoch` below 0, there is no batch
            `first_batch`, or `by_label` is asked of sentences without labels.

    Example:
        >>> corpus = sv.data.corpus_from(["a b", "b", "b a", "a"], ["a"], ["b"])
        >>> tokenizer = sv.text.Tokenizer(sv.data.build_vocabulary(corpus, "words"))
        >>> split = sv.data.encode_split(corpus, "train", tokenizer)
        >>> sorted(tuple(ids.shape) for ids in sv.data.training_batches(split, 2, seed=0))
        [(2, 3), (2, 4)]
    """
    if by_label and split.labels is None:
        raise InputError("batches by label need a corpus with labels: give label<TAB>text")
    lengths, labels = split.lengths, split.labels if by_label else None
    _, starts = epoch_batches(lengths, batch_size, seed, first_epoch, resplit, labels)
    batches = len(starts) - 1 - first_batch
    if first_batch < 0 or batches < 1:
        raise InputError(f"an epoch has batches 0 to {len(starts) - 2}, and no batch {first_batch}")
    epochs = count(first_epoch)

    def next_epoch():
        order, starts = epoch_batches(lengths, batch_size, seed, next(epochs), resplit, labels)
        yield order, starts[first_batch:]

    epoch = tf.data.Dataset.from_generator(
        next_epoch,
        output_signature=(
            tf.TensorSpec([split.sentences], tf.int64),
            tf.TensorSpec([batches + 1], tf.int64),
        ),
    )
    dataset = epoch.flat_map(_gatherer(split))
    return dataset.apply(tf.data.experimental.assert_cardinality(batches)).prefetch(
        tf.data.AUTOTUNE
    )


def evaluation_batches(split: EncodedSplit, batch_size: int) -> tuple[tf.data.Dataset, np.ndarray]:
    """Serves the sentences in order of length, the same at every pass.

    Args:
        split: the sentences.
        batch_size: sentences in a batch; the last one may be smaller.

    Returns:
        A dataset of ids, int32 `[batch, time]`, right padded with 0, with numbers of labels as in
        `training_batches`; and the order, int64
        `[sentences]`: row k of all batches together is sentence `order[k]` of the split, so that
        `result[order] = rows` puts results back into the order of the corpus.

    Raises:
        InputError: `batch_size` is below 1.

    Example:
        >>> corpus = sv.data.corpus_from(["a b", "b", "b a", "a"], ["a"], ["b"])
        >>> tokenizer = sv.text.Tokenizer(sv.data.build_vocabulary(corpus, "words"))
        >>> split = sv.data.encode_split(corpus, "train", tokenizer)
        >>> batches, order = sv.data.evaluation_batches(split, 2)
        >>> [tuple(ids.shape) for ids in batches], order.tolist()
        ([(2, 3), (2, 4)], [1, 3, 0, 2])
    """
    _check_batch_size(batch_size)
    order = np.argsort(split.lengths, kind="stable")
    starts = np.append(np.arange(0, split.sentences, batch_size), split.sentences)
    dataset = _gatherer(split)(order, starts)
    return dataset.prefetch(tf.data.AUTOTUNE), order


def sampled_batches(split: EncodedSplit, batch_size: int, limit: int, seed: int) -> tf.data.Dataset:
    """Serves sentences that are drawn without replacement, the same at every pass.

    Args:
        split: the sentences.
        batch_size: sentences in a batch; the last one may be smaller.
        limit: how many sentences are drawn; all where there are fewer.
        seed: any integer from 0 on.

    Returns:
        A dataset of ids, int32 `[batch, time]`, right padded with 0, in order of length.

    Raises:
        InputError: `batch_size` or `limit` is below 1.
    """
    _check_batch_size(batch_size)
    if limit < 1:
        raise InputError(f"the limit of sentences is {limit}: give at least 1")
    drawn = np.random.default_rng(seed).permutation(split.sentences)[:limit]
    order = drawn[np.argsort(split.lengths[drawn], kind="stable")]
    starts = np.append(np.arange(0, len(order), batch_size), len(order))
    return _gatherer(split)(order, starts).prefetch(tf.data.AUTOTUNE)


def _gatherer(split: EncodedSplit):
    with tf.device("CPU"):
        sentences = tf.RaggedTensor.from_row_splits(split.tokens, split.offsets, validate=False)
        labels = None if split.label_numbers is None else tf.constant(split.label_numbers)

    def gather(order, starts) -> tf.data.Dataset:
        order = tf.convert_to_tensor(order)

        def batch(start, end):
            ids = tf.gather(sentences, order[start:end]).to_tensor()
            return ids if labels is None else (ids, tf.gather(labels, order[start:end]))

        return tf.data.Dataset.from_tensor_slices((starts[:-1], starts[1:])).map(
            batch, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )

    return gather


def _check_batch_size(batch_size: int) -> None:
    if batch_size < 1:
        raise InputError(f"batch_size is {batch_size}: give at least 1")
