"""The labels of lines, for models whose posterior reads them."""

from collections.abc import Sequence

from scale_vae_keras.errors import InputError
from scale_vae_keras.text_model import TextModel


def own_labels(model: TextModel, labels: Sequence[str] | None) -> Sequence[str] | None:
    """The labels that texts are encoded with; None where the posterior does not read them.

    Args:
        model: the model of a run.
        labels: of the lines, None where they have none.

    Raises:
        InputError: they are needed, and lines have none.
    """
    if not model.model.encoder_reads_label:
        return None
    if labels is None:
        raise InputError(
            "the posterior of this run reads the label: give each line as label<TAB>text, one of "
            f"{', '.join(model.labels)}"
        )
    return labels
