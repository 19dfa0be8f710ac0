"""How fast text is read with each tokenizer.

python measurements/tokenizers.py DATA/short_yelp [--rounds 3]

Encodes the train split from its file to ids in memory, as training does, and prints the best of the
rounds: tokens per second, and per second of one processor, which other programs hardly change. Then
the seconds that it takes to count or train the tokens.
"""

import argparse
import time

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    corpus = open_corpus(options.data)
    for name, settings in SETTINGS.items():
        start = time.perf_counter()
        tokenizer, summary = build_tokenizer(corpus, **settings)
        made = time.perf_counter() - start
        rates, processor_rates = [], []
        for _ in range(options.rounds):
            start, processor_start = time.perf_counter(), time.process_time()
            split = encode_split(corpus, "train", tokenizer)
            rates.append(split.words / (time.perf_counter() - start))
            processor_rates.append(split.words / (time.process_time() - processor_start))
        print(
            f"{name}: {max(rates) / 1e6:.2f} million tokens/s, {max(processor_rates) / 1e6:.2f} "
            "million per processor second; "
            f"{split.words / split.sentences:.1f} tokens a sentence, "
            f"{split.unknown / split.words:.2%} unknown; made in {made:.1f} s; {summary}",
            flush=True,
        )


if __name__ == "__main__":
    main()
