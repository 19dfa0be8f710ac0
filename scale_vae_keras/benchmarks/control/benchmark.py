"""How well sentences can be moved from one label to another along an attribute vector."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from scale_vae_keras.benchmarks.generation import judged_perplexity, load_judge, token_lists
from scale_vae_keras.control.attributes import attribute_direction, length_parts, shifted
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.generation import open_bleu, reconstruction_bleu
from scale_vae_keras.evaluation.text_classifier import TextClassifier, check_installed
from scale_vae_keras.metrics import CONTROL
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.settings import real_number
from scale_vae_keras.tables import FittedTable

AMOUNTS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)


class Moved(NamedTuple):
    """Sentences of one label moved towards another.

    Attributes:
        rows: figures by amount, see `CONTROL`, with the column `amount`.
        accuracy: accuracy of the classifier on real test sentences of both labels, %.
        lengths: mean tokens of training sentences of either label.
    """

    rows: pd.DataFrame
    accuracy: float
    lengths: tuple[float, float]


def measure_control(
    run: str,
    language_model: str,
    source: str,
    target: str,
    count: int,
    amounts: Sequence[float] = AMOUNTS,
    data: str | None = None,
) -> Moved:
    """Moves test sentences of one label towards another and judges what is written, greedily.

    The vector is the mean code of the training sentences of `target` minus that of `source`; all
    training sentences of the two labels also train the classifier of words, see `TextClassifier`.

    The control for length: a label whose sentences are longer has a vector that lengthens, and a
    classifier that goes by length would call that a success. The vector is divided into the part
    that the difference in length explains and the rest, see `length_parts`, and both are
    added by themselves. With s(v) the success along v, the share of the effect that length alone
    explains is (s(part of length) - s(nothing)) / (s(whole) - s(nothing)); it is missing where the
    whole vector has no effect.

    A run with a condition writes with the label `source`: what is measured is the vector alone.

    Args:
        run: the run folder of a text VAE on a corpus with labels.
        language_model: the run folder of an `lm` with the same vocabulary.
        source: the label of the sentences that are moved.
        target: the label that they are moved towards.
        count: number of test sentences, the first ones of `source`.
        amounts: multiples of the vector to add.
        data: where the run's corpus is now, if it has moved.

    Raises:
        InputError: a run is broken, the corpus has no such labels, or scikit-learn or sacreBLEU is
            not installed.
    """
    open_bleu()
    check_installed()
    amounts = [real_number("amount", amount) for amount in amounts]
    folder = RunFolder(run, data)
    model, judge = folder.load_text_vae(), load_judge(language_model, folder)
    train, test = folder.encode("train"), folder.encode("test")
    known = _places(train, (source, target))
    held = _places(test, (source, target))
    codes = encode_sentences(model, train).mean
    sides = [codes[known[label]] for label in (source, target)]
    lengths = [train.lengths[known[label]] - 2 for label in (source, target)]
    whole = attribute_direction(*sides)
    parts = length_parts(*sides, *lengths)
    classifier = TextClassifier(*_labelled(folder, train, known))
    chosen = held[source][:count]
    originals = token_lists(folder, _ids(test, chosen))
    starts = encode_sentences(model, test).mean[chosen]
    longest = folder.config.max_length + 1
    label = source if model.labels else None

    def write(vector, amount):
        moved = shifted(starts, vector, amount)
        return np.asarray(model.decode(moved, max_length=longest, label=label).ids)

    def success(written):
        return 100 * float(np.mean(classifier.predict(written) == target))

    rows = []
    still = success(token_lists(folder, write(whole, 0.0)))
    for amount in amounts:
        ids = write(whole, amount)
        written = token_lists(folder, ids)
        by_part = [success(token_lists(folder, write(part, amount))) for part in parts]
        reached = success(written)
        effect = reached - still
        rows.append(
            {
                "amount": amount,
                "success": reached,
                "success_length": by_part[0],
                "success_rest": by_part[1],
                "length_share": 100 * (by_part[0] - still) / effect if effect > 0 else np.nan,
                "bleu": reconstruction_bleu(written, originals),
                "ppl": judged_perplexity(judge, ids),
                "words": float(np.mean([len(sentence) for sentence in written])),
            }
        )
    accuracy = 100 * classifier.accuracy(*_labelled(folder, test, held))
    means = tuple(float(np.mean(length)) for length in lengths)
    return Moved(pd.DataFrame(rows), accuracy, means)


def _places(split: EncodedSplit, labels: Sequence[str]) -> dict[str, np.ndarray]:
    """The places of the sentences of each label."""
    if split.labels is None:
        raise InputError("the corpus has no labels: the benchmark needs label<TAB>text")
    if len(set(labels)) < 2:
        raise InputError("give two different labels")
    there = np.asarray(split.labels)
    for label in labels:
        if label not in split.labels:
            raise InputError(
                f"no sentence has the label {label!r}: choose among "
                f"{', '.join(sorted(set(split.labels)))}"
            )
    return {label: np.flatnonzero(there == label) for label in labels}


def _ids(split, places):
    rows = [split.tokens[split.offsets[i] : split.offsets[i + 1]] for i in places]
    width = max(map(len, rows))
    return np.stack([np.pad(row, (0, width - len(row))) for row in rows])


def _labelled(folder, split, places):
    sentences = [
        each for rows in places.values() for each in token_lists(folder, _ids(split, rows))
    ]
    return sentences, [label for label, rows in places.items() for _ in rows]


def control_table(moved: Mapping[str, Moved]) -> FittedTable:
    """The figures of several runs by amount, and what they are."""
    legend = {name: metric.explanation for name, metric in CONTROL.items()}
    rows = [
        [run, f"{row['amount']:g}", *(metric.show(row[name]) for name, metric in CONTROL.items())]
        for run, mine in moved.items()
        for row in mine.rows.to_dict("records")
    ]
    title = "\n".join(
        f"{run}: the classifier is right on {mine.accuracy:.1f} % of real test sentences; training "
        f"sentences have {mine.lengths[0]:.2f} and {mine.lengths[1]:.2f} tokens"
        for run, mine in moved.items()
    )
    return FittedTable(["run", "amount", *CONTROL], rows, 2, legend, title)
