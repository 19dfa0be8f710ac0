"""What the runs of Tables 4 and 5 must be like, which are measured by themselves."""

from collections.abc import Sequence

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.probe import LABEL_COUNTS
from scale_vae_keras.runs.config import RunConfig
from scale_vae_keras.settings import whole_number

JUDGE = "lm"
"""The method of the language model that judges sentences."""

_OF_THE_TOKENS = ("tokenizer", "pattern", "subwords", "vocabulary_limit", "min_count", "encoding")


def check_systems(table: int, configs: Sequence[RunConfig], sentences: int) -> None:
    """Refuses, before anything is trained, systems that could not be measured afterwards.

    Args:
        table: 4 (probe) or 5 (generation).
        configs: the settings of all runs.
        sentences: number of generated sentences, for Table 5.

    Raises:
        InputError: a system has no latent code, an encoder reads the label or training sees fewer
            sentences than the probe needs labels (Table 4), or the systems have several
            tokenizers, of which a language model knows one, or the sentences are fewer than two
            (Table 5).
    """
    for config in configs:
        if config.method == JUDGE:
            raise InputError(f"{JUDGE} has no latent code: leave it out of Table {table}")
        if table == 5:
            continue
        reads = getattr(config, "condition_encoder", False) or config.method == "sa"
        if config.condition == "label" and reads:
            raise InputError("Table 4 looks for labels in codes: leave the condition out")
        if config.train_limit is not None and config.train_limit < LABEL_COUNTS[0]:
            raise InputError(
                f"Table 4 needs {LABEL_COUNTS[0]} training sentences: raise train_limit"
            )
    if table == 5:
        whole_number("the number of sentences", sentences, 2)
        tokenizers = {tuple(getattr(each, name) for name in _OF_THE_TOKENS) for each in configs}
        if len(tokenizers) > 1:
            raise InputError(
                "Table 5 has one judge for all systems: give all of them the same tokenizer"
            )


def check_judge(config: RunConfig) -> None:
    """Refuses, before anything is trained, a judge that would need labels.

    Args:
        config: the settings of the run of `JUDGE`.

    Raises:
        InputError: it has a condition.
    """
    if config.condition != "none":
        raise InputError(
            "Table 5's judge is given no label: name the condition with each system, as in "
            "scale:condition=label, and not among the settings of all runs"
        )
