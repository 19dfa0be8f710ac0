"""Odd sentences found by likelihood and by neighbours: areas under the curve.

    python measurements/outliers.py RUN --foreign FILE [--limit 500]

The usual sentences are test sentences of the run's corpus. The odd ones are the same sentences with
their words in random order, and lines of a file of other text. The area under the curve is the
probability that a score is larger for an odd sentence than for a usual one, ties counted half: 1 is
perfect, 0.5 chance. Scores:

- bits per byte, nats per token, nats per sentence: from the importance-weighted likelihood;
- words: nats per token of a unigram model of the training words, which knows no order;
- neighbours of codes: mean distance of the posterior mean to the 5 nearest training means, in units
  of their standard deviations;
- neighbours of words: 1 - mean cosine to the 5 nearest training sentences by TF-IDF of words and
  pairs of words.
"""

import argparse
from collections import Counter

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

import scale_vae_keras as sv
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.text.lines import read_lines

_NEIGHBOURS = 5


def shuffled(texts, random):
    """Each text with its words in another order than its own, where it has one."""
    written = []
    for text in texts:
        words = text.split()
        order = random.permutation(len(words))
        written.append(" ".join(words[i] for i in order))
    return written


def by_likelihood(text_model, texts, samples):
    scores = text_model.score(texts, samples)
    tokens = np.array([len(text.split()) + 1 for text in texts])
    return {
        "bits per byte": scores.bits_per_byte,
        "nats per token": -scores.log_likelihood / tokens,
        "nats per sentence": -scores.log_likelihood,
        "standard error": scores.standard_error,
    }


def by_words(train, texts):
    counts = Counter(word for text in train for word in text.split())
    total, kinds = counts.total(), len(counts) + 1
    return np.array(
        [
            -np.mean([np.log((counts[word] + 1) / (total + kinds)) for word in text.split()])
            for text in texts
        ]
    )


def by_neighbours(known, new, metric):
    nearest = NearestNeighbors(n_neighbors=_NEIGHBOURS, metric=metric).fit(known)
    return nearest.kneighbors(new)[0].mean(axis=1)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run")
    parser.add_argument("--foreign", required=True, help="a line of other text each")
    parser.add_argument("--limit", type=int, default=500, help="sentences of each kind")
    parser.add_argument("--samples", type=int, default=50)
    parser.add_argument("--train", type=int, default=20_000, help="training sentences to compare")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    text_model, corpus = sv.load(options.run), RunFolder(options.run).open_corpus()
    lines = {split: [line.text for line in corpus.lines(split)] for split in ("train", "test")}
    train = lines["train"][: options.train]
    usual = [text for text in lines["test"] if len(text.split()) > 2][: options.limit]
    foreign = [text.strip() for text in read_lines(options.foreign, labelled=False)[0]]
    foreign = [text for text in foreign if 2 < len(text.split()) <= 20]
    kinds = {
        "usual": usual,
        "shuffled": shuffled(usual, random),
        "foreign": [foreign[i] for i in random.permutation(len(foreign))[: options.limit]],
    }
    words = TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, 2), sublinear_tf=True)
    grams = words.fit_transform(train)
    means = text_model.encode(train).mean
    spread = means.std(axis=0)
    scores = {}
    for kind, texts in kinds.items():
        scores[kind] = {
            **by_likelihood(text_model, texts, options.samples),
            "words": by_words(train, texts),
            "neighbours of codes": by_neighbours(
                means / spread, text_model.encode(texts).mean / spread, "euclidean"
            ),
            "neighbours of words": by_neighbours(grams, words.transform(texts), "cosine"),
        }
    error = scores["usual"].pop("standard error")
    print(f"{len(usual)} sentences of each kind; median standard error {np.median(error):.2f} nats")
    print("score,shuffled,foreign")
    for name, ours in scores["usual"].items():
        areas = []
        for kind in ("shuffled", "foreign"):
            theirs = scores[kind][name]
            odd = np.concatenate([np.zeros(len(ours)), np.ones(len(theirs))])
            areas.append(roc_auc_score(odd, np.concatenate([ours, theirs])))
        print(name, *(f"{area:.3f}" for area in areas), sep=",")
    for kind, texts in kinds.items():
        print(f"the oddest {kind}:", texts[int(np.argmax(scores[kind]["bits per byte"]))])


if __name__ == "__main__":
    main()
