"""What bfloat16 brings to encoding, writing and importance weighting, and what it costs.

    python measurements/precision.py RUN --split test

The same weights compute in float32 and in bfloat16, in turn in one process; a ratio is the median
over the rounds, of processor time, and is below 1 where bfloat16 is faster. Errors are differences
to float32 on the same sentences, the same samples and the same seeds.
"""

import argparse
import time

import numpy as np

from scale_vae_keras.benchmarks.speed.timing import interleaved, median_ratio
from scale_vae_keras.evaluation.density import evaluate_density
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.information import active_units, estimate_information
from scale_vae_keras.evaluation.prior import declared_prior
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.samplers import GreedySampler, TopPSampler

PRECISIONS = ("float32", "bfloat16")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", metavar="RUN", help="the run of a text VAE")
    parser.add_argument("--data", metavar="DATA", help="where its corpus is now")
    parser.add_argument("--split", default="test")
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--weighted", type=int, default=200, help="sentences that are weighted")
    parser.add_argument("-n", type=int, default=1000, help="sentences that are written")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()

    folder = RunFolder(arguments.run, arguments.data)
    split = folder.encode(arguments.split)
    weighted = split.first(arguments.weighted)
    models = {name: folder.load_model(name) for name in PRECISIONS}
    prior = declared_prior(models["float32"])
    encoded = encode_sentences(models["float32"], weighted)

    def encode(model):
        return encode_sentences(model, split)

    def sample(model):
        return model.generate(arguments.n, 1, TopPSampler(0.9), max_length=50).ids.numpy()

    def reconstruct(model):
        return model.decode(encoded.mean, GreedySampler(), max_length=50).ids.numpy()

    def weigh(model):
        return evaluate_density(model, weighted, encoded, prior, arguments.samples)

    for what in (encode, reconstruct, sample, weigh):
        runs = {name: lambda model=model, what=what: what(model) for name, model in models.items()}
        seconds = interleaved(runs, arguments.rounds, time.process_time)
        ratio = median_ratio(seconds["bfloat16"], seconds["float32"])
        print(f"{what.__name__:12} {ratio:.2f} of float32's processor time")

    codes = {name: encode(model) for name, model in models.items()}
    print_codes(codes)
    print_likelihoods({name: weigh(model).log_likelihood for name, model in models.items()})
    print_sentences(models, codes["float32"].mean[: arguments.n], int(split.lengths.max()))


def print_codes(codes) -> None:
    """How far posteriors are from float32's, and what describes them."""
    exact, rounded = (codes[name] for name in PRECISIONS)
    off = np.abs(rounded.mean - exact.mean) / np.exp(0.5 * exact.log_var)
    print(
        f"posterior means are off by {off.mean():.4f} standard deviations, {off.max():.3f} at most"
    )
    for name, code in codes.items():
        mi = estimate_information(code.mean, code.log_var, 0).estimate
        print(f"{name:15} information {mi:.3f} nats, {active_units(code.mean)} active units")


def print_likelihoods(likelihoods) -> None:
    """How far log-likelihoods are from float32's."""
    exact, rounded = (likelihoods[name] for name in PRECISIONS)
    off = rounded - exact
    print(
        f"log-likelihoods are off by {off.mean():+.4f} nats on average, {off.std():.4f} for a "
        f"sentence (standard deviation), {np.abs(off).max():.3f} at most; mean {exact.mean():.2f}"
    )


def print_sentences(models, means: np.ndarray, max_length: int) -> None:
    """How many reconstructions of the same codes are the same."""
    exact, rounded = (
        models[name].decode(means, GreedySampler(), max_length=max_length).ids.numpy()
        for name in PRECISIONS
    )
    width = max(exact.shape[1], rounded.shape[1])
    exact, rounded = (np.pad(ids, [(0, 0), (0, width - ids.shape[1])]) for ids in (exact, rounded))
    same = np.all(exact == rounded, axis=1).mean()
    print(f"{same:.1%} of the greedy reconstructions of {len(means):,} codes are the same")


if __name__ == "__main__":
    main()
