"""From strings to token ids and back."""

from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.vocabulary import Vocabulary

__all__ = ["Tokenizer", "Vocabulary"]
