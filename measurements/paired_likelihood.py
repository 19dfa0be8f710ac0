"""How much likelier runs find the same test sentences than the first of them does.

    python measurements/paired_likelihood.py LM_RUN RUN [RUN ...] --samples 500

Likelihoods are float32, whatever the training was, as those of `evaluate` are. Some sentences are
unlikely under every model, so that the error of a difference sentence by sentence is far smaller
than the errors of the two means.
"""

import argparse

import numpy as np

import scale_vae_keras as sv
from scale_vae_keras.runs.run_folder import RunFolder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", metavar="RUN", nargs="+")
    parser.add_argument("--data", metavar="DATA", help="where the corpus is now")
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--limit", type=int, help="only the first N test sentences")
    arguments = parser.parse_args()

    corpus = RunFolder(arguments.runs[0], arguments.data).open_corpus()
    texts = [line.text for line in corpus.lines("test")][: arguments.limit]
    reference = None
    for run in arguments.runs:
        scores = sv.load(run, precision="float32").score(texts, arguments.samples)
        nll = -scores.log_likelihood
        reference = nll if reference is None else reference
        less = nll - reference
        error = less.std(ddof=1) / np.sqrt(len(less))
        print(
            f"{run}: {nll.mean():.3f} nats, {less.mean():+.3f} +- {error:.3f}; "
            f"{(less < 0).mean():.1%} of the sentences are likelier",
            flush=True,
        )


if __name__ == "__main__":
    main()
