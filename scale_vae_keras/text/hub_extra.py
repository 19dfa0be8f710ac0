"""keras-hub, where it is installed, and what its ids are called here."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from scale_vae_keras.errors import InputError, needs

_UNKNOWN = ("[UNK]", "<unk>")


def keras_hub() -> ModuleType:
    """The library.

    Raises:
        InputError: it is not installed.
    """
    with needs("a pretrained backbone needs keras-hub", "hub"):
        import keras_hub
    return keras_hub


def read_preset(kind: Any, folder: str, **arguments: Any) -> Any:
    """What `from_preset` of a class of keras-hub reads from a local folder.

    Args:
        kind: the class.
        folder: the preset's folder; nothing is downloaded.
        **arguments: of `from_preset`.

    Raises:
        InputError: there is no such folder, or it cannot be read.
    """
    if not (Path(folder) / "config.json").is_file():
        raise InputError(
            f"{folder} is not the folder of a keras-hub preset: give one that save_to_preset wrote"
        )
    try:
        return kind.from_preset(str(Path(folder).resolve()), **arguments)
    except Exception as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise InputError(f"the preset {folder} cannot be read: {reason}") from error


def special_ids(tokenizer: Any) -> tuple[int, int, int, int]:
    """The ids that a keras-hub tokenizer has for `<pad>`, `<s>`, `</s>` and `<unk>`.

    A tokenizer of bytes knows no unknown word: the last is that of its padding then.

    Raises:
        InputError: it marks no padding, start or end.
    """
    found = [getattr(tokenizer, f"{name}_token_id", None) for name in ("pad", "start", "end")]
    if None in found:
        raise InputError(
            f"a {type(tokenizer).__name__} does not mark padding, start and end of a sentence: "
            "choose the preset of an encoder, such as BERT"
        )
    tokens = tokenizer.get_vocabulary()
    names = (getattr(tokenizer, "oov_token", None), *_UNKNOWN)
    unknown = next((tokenizer.token_to_id(name) for name in names if name in tokens), found[0])
    return (*(int(each) for each in found), int(unknown))


def hub_ids(special: tuple[int, ...], size: int) -> np.ndarray:
    """The id in keras-hub of each id here: the four special ones, then all others in their order.

    Args:
        special: see `special_ids`.
        size: number of tokens of the keras-hub tokenizer.

    Returns:
        int32 `[vocabulary]`.
    """
    others = np.setdiff1d(np.arange(size), special)
    return np.concatenate([special, others]).astype(np.int32)
