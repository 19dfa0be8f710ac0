"""Batches of sentences of similar length."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from scale_vae_keras.categories import Categories
from scale_vae_keras.data.autotuning import without_autotuning
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError
from scale_vae_keras.settings import whole_number

_POOL_BATCHES = 100
_AHEAD = 4
_IDS = tf.TensorSpec([None, None], tf.int32)
_NUMBERS = tf.TensorSpec([None], tf.int32)


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
    labels = None if labels is None else Categories.of(labels)
    plan = _plan(len(lengths), lengths.__getitem__, labels, batch_size, seed, epoch, resplit)
    members = [plan.order[start:end] for start, end in zip(plan.starts, plan.ends, strict=True)]
    starts = np.concatenate([[0], np.cumsum(plan.ends - plan.starts)])
    return np.concatenate(members).astype(np.int64), starts


class _Plan(NamedTuple):
    """The batches of an epoch: batch i is `order[starts[i]:ends[i]]`.

    The order is the only array as long as the corpus: what is sorted is sorted in place, and the
    turns of the batches move where they begin, not the sentences.
    """

    order: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


def _plan(sentences, lengths_of, labels, batch_size, seed, epoch, resplit) -> _Plan:
    batch_size = whole_number("batch_size", batch_size, 1)
    seed, epoch = whole_number("seed", seed, 0), whole_number("epoch", epoch, 0)
    pairing = np.random.default_rng([seed, 0, epoch if resplit else 0])
    order = np.empty(sentences, np.int32 if sentences < 2**31 else np.int64)
    full, incomplete, begin = [], [], 0
    for group in _groups(sentences, labels, order.dtype):
        members = order[begin : begin + len(group)]
        members[:] = group
        pairing.shuffle(members)
        _sort_pools(members, lengths_of, batch_size)
        whole = len(members) - len(members) % batch_size
        full.append(np.arange(begin, begin + whole, batch_size))
        if whole < len(members):
            incomplete.append((begin + whole, begin + len(members)))
        begin += len(members)
    full = np.concatenate(full)
    full = full[np.random.default_rng([seed, 1, epoch]).permutation(len(full))]
    last = np.array(incomplete, np.int64).reshape(-1, 2)
    return _Plan(order, np.append(full, last[:, 0]), np.append(full + batch_size, last[:, 1]))


def _groups(sentences, labels, dtype) -> Iterator[np.ndarray]:
    """The sentences of each label, in the order of the labels; all together without labels."""
    if labels is None:
        yield np.arange(sentences, dtype=dtype)
        return
    numbers = {name: code for code, name in enumerate(labels.names)}
    for code in (numbers[name] for name in sorted(labels.counts())):
        yield np.flatnonzero(labels.codes == code)


def _sort_pools(shuffled: np.ndarray, lengths_of: Callable, batch_size: int) -> None:
    """Sorts shuffled sentences within pools, so that batches of neighbours are of one length."""
    batches = -(-len(shuffled) // batch_size)
    pools = max(1, round(batches / _POOL_BATCHES))
    cuts = np.linspace(0, batches, pools + 1).astype(np.int64)[1:-1] * batch_size
    for pool in np.split(shuffled, cuts):
        pool[:] = pool[np.argsort(lengths_of(pool), kind="stable")]


def _count_batches(sentences, labels, batch_size) -> int:
    groups = [sentences] if labels is None else labels.counts().values()
    return sum(-(-group // batch_size) for group in groups)


def training_batches(
    split: EncodedSplit,
    batch_size: int,
    seed: int,
    resplit: bool = False,
    first_epoch: int = 0,
    by_label: bool = False,
    first_batch: int = 0,
    share: tuple[int, int, int] = (0, 1, 1),
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
        share: `(first, end, replicas)`: which of all replicas belong to this process, which reads
            only their rows of each batch, see `layers.replica.own_rows`; other rows are
            `<s> </s>`. All rows by default.

    Returns:
        A dataset of ids, int32 `[batch, time]`, right padded with 0 to the longest sentence of the
        batch; every sentence occurs once per epoch, unless `first_batch` is above 0. With numbers
        of labels, `split.label_numbers`, pairs of ids and numbers, int32 `[batch]`. Its
        cardinality is the number of batches of an epoch that are served.
        Pass it to `fit` with `shuffle=False`, since it is already shuffled.

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
    batch_size = whole_number("batch_size", batch_size, 1)
    seed, first_epoch = whole_number("seed", seed, 0), whole_number("first_epoch", first_epoch, 0)
    labels = split.labels if by_label else None
    total = _count_batches(split.sentences, labels, batch_size)
    if not 0 <= first_batch < total:
        raise InputError(f"an epoch has batches 0 to {total - 1}, and no batch {first_batch}")
    epochs = count(first_epoch)
    first, end, replicas = share

    def batches():
        order, starts, ends = _plan(
            split.sentences, split.lengths_of, labels, batch_size, seed, next(epochs), resplit
        )
        for start, stop in zip(starts[first_batch:], ends[first_batch:], strict=True):
            rows = order[start:stop]
            own = (0, None)
            if end - first != replicas:
                own = (len(rows) * replica // replicas for replica in (first, end))
            yield _with_numbers(split, rows, split.padded(rows, *own))

    dataset = tf.data.Dataset.from_generator(batches, output_signature=_types(split))
    counted = dataset.apply(tf.data.experimental.assert_cardinality(total - first_batch))
    return without_autotuning(counted.prefetch(_AHEAD))


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
    batch_size = whole_number("batch_size", batch_size, 1)
    order = np.argsort(split.lengths, kind="stable")
    return _in_order(split, order, batch_size), order


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
    batch_size = whole_number("batch_size", batch_size, 1)
    limit = whole_number("the limit of sentences", limit, 1)
    drawn = np.random.default_rng(seed).permutation(split.sentences)[:limit]
    order = drawn[np.argsort(split.lengths_of(drawn), kind="stable")]
    return _in_order(split, order, batch_size)


def _with_numbers(split: EncodedSplit, rows: np.ndarray, ids):
    return ids if split.label_numbers is None else (ids, split.label_numbers[rows])


def _types(split: EncodedSplit):
    return _IDS if split.label_numbers is None else (_IDS, _NUMBERS)


def _in_order(split: EncodedSplit, order: np.ndarray, batch_size: int) -> tf.data.Dataset:
    types = tf.nest.flatten(_types(split))

    # Gathered outside of TensorFlow, which would hold a copy of the whole split.
    def gather(start):
        rows = order[start : start + batch_size]
        return tf.nest.flatten(_with_numbers(split, rows, split.padded(rows)))

    @tf.autograph.experimental.do_not_convert
    def batch(start):
        parts = tf.numpy_function(gather, [start], [each.dtype for each in types])
        parts = [tf.ensure_shape(part, each.shape) for part, each in zip(parts, types, strict=True)]
        return tf.nest.pack_sequence_as(_types(split), parts)

    dataset = tf.data.Dataset.range(0, len(order), batch_size)
    return without_autotuning(dataset.map(batch).prefetch(_AHEAD))
