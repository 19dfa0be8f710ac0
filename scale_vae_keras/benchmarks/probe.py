"""The few-label probe of runs, Table 4 of the Scale-VAE paper."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.probe import LABEL_COUNTS, Accuracy, Labelled, majority_share, probe
from scale_vae_keras.metrics import PROBE
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.tables import FittedTable


class Probed(NamedTuple):
    """The probe of a run.

    Attributes:
        accuracies: by number of labels.
        majority: accuracy of always answering the most frequent label of train, as a share in
            [0, 1]; see `majority_share`.
    """

    accuracies: dict[int, Accuracy]
    majority: float


def probe_run(run: str, repeats: int, data: str | None = None) -> Probed:
    """The probe on a run's own corpus, for each number of labels that it has.

    Unlabelled sentences are left out; labels that training did not see are used.

    Args:
        run: the run folder.
        repeats: draws of labelled sentences, and orders of each draw.
        data: where the run's corpus is now, if it has moved.

    Raises:
        InputError: the corpus has no labels or fewer than the least number, the run is a language
            model or its encoder reads the label, or it is broken.
    """
    folder = RunFolder(run, data)
    model = folder.load_text_vae()
    if model.encoder_reads_label:
        raise InputError(
            f"the encoder of {run} reads the label: its codes hold what the probe would look for"
        )
    corpus = folder.open_corpus()
    if not corpus.has_labels:
        raise InputError(f"{corpus.name} has no labels: the probe needs label<TAB>text")
    splits = {}
    for name in ("train", "valid", "test"):
        split = folder.encode(name)
        means, labels = encode_sentences(model, split).mean, np.array(split.labels, object)
        known = labels != ""
        splits[name] = Labelled(means[known], labels[known].tolist())
    sentences = len(splits["train"].labels)
    counts = [count for count in LABEL_COUNTS if count <= sentences]
    if not counts:
        raise InputError(
            f"{run} trains on {sentences} sentences: the probe needs {LABEL_COUNTS[0]}"
        )
    accuracies = {
        count: probe(*splits.values(), count, subsets=repeats, seeds=repeats) for count in counts
    }
    return Probed(accuracies, majority_share(splits["train"], splits["test"]))


def probe_table(probed: Mapping[str, Probed]) -> FittedTable:
    """Accuracies of several runs, in per cent, mean ± standard deviation over the repeats.

    The share of the most frequent label is shown next to them.
    """
    accuracy = PROBE["accuracy"]
    counts = sorted({count for mine in probed.values() for count in mine.accuracies})
    rows = []
    for run, mine in probed.items():
        cells = [
            accuracy.show(100 * each.mean, 100 * each.deviation) if each else "-"
            for each in map(mine.accuracies.get, counts)
        ]
        rows.append([run, *cells, accuracy.show(100 * mine.majority)])
    return FittedTable(
        ["run", *(f"{count:,}" for count in counts), "majority"],
        rows,
        legend={"majority": "always the most frequent label, as a code without the label answers"},
        title=f"accuracy in %, {accuracy.meaning}, by number of labels",
    )
