"""Judges what one run writes from each prior, in the table of docs/results.md.

    python measurements/judged_priors.py RUN --language-model JUDGE

The priors `diagonal`, `full` and `mixture` are fitted to the posteriors of all sentences that the
run was trained on, but for the run's own, which stays as training fitted it. From each prior as
many sentences are written with all words, with top-p 0.9, and with temperature 0.7; the figure is
their perplexity under the language model.
"""

import argparse

import pandas as pd

from scale_vae_keras.benchmarks.generation import judged_perplexity, load_judge
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.prior import declared_prior
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.samplers.row_random import row_seeds
from scale_vae_keras.samplers.temperature_sampler import TemperatureSampler
from scale_vae_keras.samplers.top_p_sampler import TopPSampler
from scale_vae_keras.tables import markdown_table

PRIORS = ("scaled", "standard", "diagonal", "full", "mixture")
SAMPLERS = {
    "all words": TemperatureSampler(1.0),
    "top-p 0.9": TopPSampler(0.9),
    "temperature 0.7, all words": TemperatureSampler(0.7),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("--language-model", required=True, metavar="JUDGE")
    parser.add_argument("-n", type=int, default=1000, metavar="N", help="sentences per figure")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    folder = RunFolder(arguments.run)
    model, judge = folder.load_text_vae(), load_judge(arguments.language_model, folder)
    posteriors = encode_sentences(model, folder.encode("train"))
    seeds = row_seeds(arguments.n, arguments.seed)
    rows = []
    for name in PRIORS:
        z = declared_prior(model, name, posteriors).sample(seeds)
        row = {"prior": f"`{name}`"}
        for title, sampler in SAMPLERS.items():
            ids = model.decode(z, sampler, seeds, folder.config.max_length + 1).ids.numpy()
            row[title] = f"{judged_perplexity(judge, ids):.1f}"
        rows.append(row)
    print(markdown_table(pd.DataFrame(rows)))


if __name__ == "__main__":
    main()
