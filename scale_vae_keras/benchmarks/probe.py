"""The few-label probe of runs, Table 4 of the Scale-VAE paper."""

from rich.table import Table

from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.probe import LABEL_COUNTS, Accuracy, Labelled, probe
from scale_vae_keras.metrics import PROBE
from scale_vae_keras.runs.run_folder import RunFolder


def probe_run(run: str, repeats: int) -> dict[int, Accuracy]:
    """Accuracy of the probe on a run's own corpus, for each number of labels that it has.

    Args:
        run: the run folder.
        repeats: draws of labelled sentences, and orders of each draw.

    Raises:
        InputError: the corpus has no labels or fewer than the least number, the run is a language
            model, or it is broken.
    """
    folder = RunFolder(run)
    model = folder.load_text_vae()
    corpus = open_corpus(folder.config.data)
    if not corpus.has_labels:
        raise InputError(f"{corpus.name} has no labels: the probe needs label<TAB>text")
    splits = {}
    for name in ("train", "valid", "test"):
        split = folder.encode(name)
        splits[name] = Labelled(encode_sentences(model, split).mean, split.labels)
    sentences = len(splits["train"].labels)
    counts = [count for count in LABEL_COUNTS if count <= sentences]
    if not counts:
        raise InputError(
            f"{run} trains on {sentences} sentences: the probe needs {LABEL_COUNTS[0]}"
        )
    return {
        count: probe(*splits.values(), count, subsets=repeats, seeds=repeats) for count in counts
    }


def probe_table(accuracies: dict[str, dict[int, Accuracy]]) -> Table:
    """Accuracies of several runs, in per cent, mean ± standard deviation over the repeats."""
    accuracy = PROBE["accuracy"]
    counts = sorted({count for mine in accuracies.values() for count in mine})
    table = Table("labels", *(f"{count:,}" for count in counts))
    for run, mine in accuracies.items():
        cells = [
            accuracy.show(100 * mine[count].mean, 100 * mine[count].deviation)
            if count in mine
            else "-"
            for count in counts
        ]
        table.add_row(run, *cells)
    return table
