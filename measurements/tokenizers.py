"""How fast text is read with each tokenizer.

python measurements/tokenizers.py DATA/short_yelp [--rounds 3]

Encodes the train split from its file to ids in memory, as training does, with each tokenizer in
turn, round after round, and prints the best of the rounds: tokens per second on all processors, and
per second of one processor, which other programs hardly change. Before, the seconds that it takes
to count or train the tokens.
"""

import argparse
import time
from typing import NamedTuple

from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.data.encoded import encode_split
from scale_vae_keras.data.tokenizers import build_tokenizer

SETTINGS = {
    "words": {"kind": "words"},
    "raw": {"kind": "raw"},
    "characters": {"kind": "characters"},
    "regex": {"kind": "regex", "pattern": r"\w+|[^\w\s]"},
    "sentencepiece, unigram": {"kind": "sentencepiece"},
    "sentencepiece, bpe": {"kind": "sentencepiece", "algorithm": "bpe"},
}


class Measurement(NamedTuple):
    """One round: tokens per second and per processor second, per sentence, and unknown ones."""

    rate: float
    processor_rate: float
    length: float
    unknown: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    corpus = open_corpus(options.data)
    tokenizers = {}
    for name, settings in SETTINGS.items():
        start = time.perf_counter()
        tokenizers[name], summary = build_tokenizer(corpus, **settings)
        print(f"{name}: made in {time.perf_counter() - start:.1f} s; {summary}", flush=True)
    measured = {name: [] for name in tokenizers}
    for _ in range(options.rounds):
        for name, tokenizer in tokenizers.items():
            start, processor_start = time.perf_counter(), time.process_time()
            split = encode_split(corpus, "train", tokenizer)
            wall = time.perf_counter() - start
            processor = time.process_time() - processor_start
            measured[name].append(
                Measurement(
                    split.words / wall,
                    split.words / processor,
                    split.words / split.sentences,
                    split.unknown / split.words,
                )
            )
    for name, rounds in measured.items():
        print(
            f"{name}: {max(each.rate for each in rounds) / 1e6:.2f} million tokens/s, "
            f"{max(each.processor_rate for each in rounds) / 1e6:.2f} million per processor "
            f"second; {rounds[0].length:.1f} tokens a sentence, {rounds[0].unknown:.2%} unknown"
        )


if __name__ == "__main__":
    main()
