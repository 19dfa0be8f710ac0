"""Times importance weighting against a plain loop and the machine's own matrix products.

    TF_ENABLE_ONEDNN_OPTS=1 python benchmarks/importance_weighting.py --corpus DIR

Every round runs, in turn on the same sentences with 500 samples each: one product of the size of
the vocabulary product of a pass, the package's evaluation, and a plain loop of the same decoder as
public baselines write it (one sentence at a time, 100 samples a pass, the logits of all tokens in
memory). Figures are medians over the rounds; ratios are formed within each round. Without a corpus
the sentences are random, with the lengths of Short Yelp.
"""

import argparse
import math
import time

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.data import build_vocabulary, encode_split, open_corpus
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.evaluation import (
    declared_prior,
    encode_sentences,
    estimate_information,
    evaluate_density,
)
from scale_vae_keras.models import ScaleVAE
from scale_vae_keras.text.tokenizer import Tokenizer

SAMPLES, PASS = 500, 100
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


def as_split(sentences: list) -> EncodedSplit:
    return EncodedSplit(
        tokens=np.concatenate(sentences).astype(np.int32),
        offsets=np.concatenate([[0], np.cumsum([len(ids) for ids in sentences])]),
        labels=None,
        empty=0,
        truncated=0,
    )


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


def useful_products(model, split: EncodedSplit) -> float:
    """Floating-point operations of the products that no sharing can remove."""
    decoder = model.decoder
    a_row = 2 * decoder.units * (decoder.vocabulary_size + 4 * decoder.units)
    return SAMPLES * float((split.lengths - 1).sum()) * a_row


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
    keras.utils.set_random_seed(0)
    model = ScaleVAE(
        vocabulary_size,
        embedding_dim=arguments.embedding_dim,
        units=arguments.units,
        decoder_initializer_range=0.1,
    )
    model.build((None, 12))
    encoded = encode_sentences(model, split)
    prior = declared_prior(model, "standard")
    states = tf.random.uniform([1500, arguments.units], seed=0)
    kernel = tf.convert_to_tensor(model.decoder.output_kernel)
    product_work = 2 * 1500 * arguments.units * vocabulary_size
    repeats = max(1, round(useful_products(model, split) / product_work / 4))

    def matrix_products() -> None:
        for _ in range(repeats):
            product = tf.matmul(states, kernel)
        product.numpy()

    runs = {
        "product": matrix_products,
        "package": lambda: evaluate_density(model, split, encoded, prior, SAMPLES),
        "plain": lambda: plain_loop(model, split),
    }
    difference = np.mean(runs["package"]().log_likelihood - runs["plain"]())
    seconds = {name: np.zeros(arguments.rounds) for name in runs}
    for turn in range(arguments.rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name][turn] = time.perf_counter() - start

    rate = repeats * product_work / seconds["product"]
    reached = useful_products(model, split) / seconds["package"]
    each = np.median(seconds["package"]) / split.sentences
    print(f"{split.sentences} sentences, {vocabulary_size} words, {SAMPLES} samples")
    print(f"mean difference of the two estimates  {difference:+.4f} nats")
    print(f"large products                        {np.median(rate) / 1e9:.0f} GFLOP/s")
    print(f"package                               {1000 * each:.1f} ms a sentence")
    print(f"fraction of the product rate          {np.median(reached / rate):.2f}")
    print(
        f"plain loop / package                  "
        f"{np.median(seconds['plain'] / seconds['package']):.2f}"
    )
    print(f"10,000 sentences                      {each * SENTENCES_OF_A_TEST_SET / 60:.1f} min")

    random = np.random.default_rng(0)
    mean = random.standard_normal((SENTENCES_OF_A_TEST_SET, 32))
    start = time.perf_counter()
    cap = estimate_information(mean, np.full_like(mean, -1.0)).cap
    assert math.isclose(cap, math.log(SENTENCES_OF_A_TEST_SET))
    print(f"information of 10,000 posteriors      {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
