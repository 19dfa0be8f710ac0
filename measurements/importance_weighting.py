"""Times importance weighting against a plain loop and the machine's own matrix products.

    TF_ENABLE_ONEDNN_OPTS=1 python measurements/importance_weighting.py --corpus DIR

Every round runs products of the size of a pass's vocabulary product and, on the same sentences with
500 samples each, the package's evaluation and a plain loop of the same decoder as public baselines
write it (one sentence at a time, 100 samples a pass, the logits of all tokens in memory). Figures
are medians over the rounds; ratios are formed within each round. Without a corpus the sentences are
random, with the lengths of Short Yelp.
"""

import argparse
import math
import time

import numpy as np
import tensorflow as tf

from scale_vae_keras.benchmarks.speed.shapes import (
    Shape,
    as_split,
    importance_work,
    new_model,
    products,
)
from scale_vae_keras.benchmarks.speed.timing import interleaved, median_ratio
from scale_vae_keras.data import build_vocabulary, encode_split, open_corpus
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.evaluation import (
    declared_prior,
    encode_sentences,
    estimate_information,
    evaluate_density,
)
from scale_vae_keras.text.tokenizer import Tokenizer

SAMPLES, PASS = 500, 100
PRODUCT_ROWS = 1500
SENTENCES_OF_A_TEST_SET = 10_000


def corpus_sentences(path: str, count: int) -> tuple[int, EncodedSplit]:
    """Size of the vocabulary, and every n-th sentence of the test split."""
    corpus = open_corpus(path)
    vocabulary = build_vocabulary(corpus, "words")
    split = encode_split(corpus, "test", Tokenizer(vocabulary, "words"))
    chosen = np.sort(np.random.default_rng(0).permutation(split.sentences)[:count])
    sentences = [split.tokens[split.offsets[i] : split.offsets[i + 1]] for i in chosen]
    return len(vocabulary), as_split(sentences)


def random_sentences(count: int) -> tuple[int, EncodedSplit]:
    """Random words; lengths of 5 to 15 tokens."""
    random = np.random.default_rng(0)
    lengths = random.integers(5, 16, count)
    return 8_411, as_split([[1, *random.integers(4, 8_411, length - 1), 2] for length in lengths])


@tf.function(reduce_retracing=True)
def plain_pass(decoder, ids, z):
    """Log p(ids | z) of one sentence, from the logits of all tokens and samples."""
    rows = tf.shape(z)[0]
    ids = tf.repeat(ids[None], rows, axis=0)
    hidden = decoder.lstm(
        decoder.embedding(ids[:, :-1]), initial_state=decoder.initial_state(z), context=z
    )
    cost = tf.nn.sparse_softmax_cross_entropy_with_logits(ids[:, 1:], decoder.logits(hidden))
    return -tf.reduce_sum(cost, axis=1)


def plain_loop(model, split: EncodedSplit) -> np.ndarray:
    """Importance-weighted log-likelihood under the generator "standard"."""
    random = np.random.default_rng(0)
    result = []
    for start, end in zip(split.offsets[:-1], split.offsets[1:], strict=True):
        ids = tf.constant(split.tokens[start:end])
        mean, log_var = (part[0].numpy() for part in model.encode(ids[None]))
        log_weights = []
        for _ in range(SAMPLES // PASS):
            noise = random.standard_normal((PASS, model.latent_dim), np.float32)
            z = mean + np.exp(0.5 * log_var) * noise
            log_ratio = 0.5 * np.sum(noise**2 - z**2 + log_var, axis=1)
            log_weights.append(plain_pass(model.decoder, ids, z).numpy() + log_ratio)
        log_weights = np.concatenate(log_weights)
        top = log_weights.max()
        result.append(top + np.log(np.mean(np.exp(log_weights - top))))
    return np.array(result)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", help="folder of a corpus")
    parser.add_argument("--sentences", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--embedding-dim", type=int, default=128)
    parser.add_argument("--units", type=int, default=256)
    arguments = parser.parse_args()

    if arguments.corpus:
        vocabulary_size, split = corpus_sentences(arguments.corpus, arguments.sentences)
    else:
        vocabulary_size, split = random_sentences(arguments.sentences)
    shape = Shape(1, 1, arguments.embedding_dim, arguments.units, vocabulary_size)
    model = new_model(shape, decoder_initializer_range=0.1)
    model.build((None, 12))
    encoded = encode_sentences(model, split)
    prior = declared_prior(model, "standard")
    work = importance_work(shape, split, SAMPLES)
    product = (PRODUCT_ROWS, arguments.units, vocabulary_size)
    product_work = 2 * math.prod(product)
    count = max(1, round(work / product_work / 4))
    runs = {
        "products": products(count, *product),
        "package": lambda: evaluate_density(model, split, encoded, prior, SAMPLES).log_likelihood,
        "plain": lambda: plain_loop(model, split),
    }
    difference = np.mean(runs["package"]() - runs["plain"]())
    seconds = interleaved(runs, arguments.rounds)
    rate = count * product_work / seconds["products"]
    each = np.median(seconds["package"]) / split.sentences
    print(f"{split.sentences} sentences, {vocabulary_size} words, {SAMPLES} samples")
    print(f"mean difference of the two estimates  {difference:+.4f} nats")
    print(f"products                              {np.median(rate) / 1e9:.0f} GFLOP/s")
    print(f"package                               {1000 * each:.1f} ms a sentence")
    share = np.median(work / seconds["package"] / rate)
    print(f"fraction of the product rate          {share:.2f}")
    relative = median_ratio(seconds["plain"], seconds["package"])
    print(f"plain loop / package                  {relative:.2f}")
    print(f"10,000 sentences                      {each * SENTENCES_OF_A_TEST_SET / 60:.1f} min")

    random = np.random.default_rng(0)
    mean = random.standard_normal((SENTENCES_OF_A_TEST_SET, 32))
    start = time.perf_counter()
    cap = estimate_information(mean, np.full_like(mean, -1.0)).cap
    assert math.isclose(cap, math.log(SENTENCES_OF_A_TEST_SET))
    print(f"information of 10,000 posteriors      {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
