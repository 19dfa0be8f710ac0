"""From strings to token ids and back."""

from scale_vae_keras.text.hub_tokenizer import HubTokenizer
from scale_vae_keras.text.loading import load_tokenizer
from scale_vae_keras.text.piece_vocabulary import PieceVocabulary
from scale_vae_keras.text.sentencepiece_tokenizer import SentencePieceTokenizer
from scale_vae_keras.text.sentencepiece_training import train_sentencepiece
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.vocabulary import Vocabulary

__all__ = [
    "HubTokenizer",
    "PieceVocabulary",
    "SentencePieceTokenizer",
    "Tokenizer",
    "Vocabulary",
    "load_tokenizer",
    "train_sentencepiece",
]
