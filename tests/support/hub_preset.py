"""A tiny BERT with random weights, as a preset in a local folder."""

from pathlib import Path

import keras
import keras_hub

TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "dog", "sat", "ran", "##s"]
MOST_TOKENS = 16
WIDTH = 8


def make_preset(folder: Path) -> Path:
    """Writes backbone and tokenizer, whose special ids are not those of this package."""
    keras.utils.set_random_seed(5)
    keras_hub.models.BertBackbone(
        vocabulary_size=len(TOKENS) + 3,
        num_layers=1,
        num_heads=2,
        hidden_dim=WIDTH,
        intermediate_dim=16,
        max_sequence_length=MOST_TOKENS,
    ).save_to_preset(str(folder))
    tokenizer = keras_hub.models.BertTokenizer(vocabulary=TOKENS, lowercase=True)
    tokenizer.save_to_preset(str(folder))
    return folder
