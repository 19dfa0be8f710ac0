"""Search in the latent space of a run on `reviews` against samples of its prior, at equal calls.

    python measurements/search.py RUN --seeds 10 --calls 100 --output search.csv

The property is how many of the seven factors of the corpus a sentence has as wished, 0 for what is
no sentence of the grammar; its best value, 7, is known. Each seed wishes for other values. Writes
the best value so far by call, and goes on where it was interrupted.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import scale_vae_keras as sv
from scale_vae_keras.built_in.reviews import ReviewGrammar
from scale_vae_keras.control.search import Search
from scale_vae_keras.evaluation.review_distance import words_off
from scale_vae_keras.pictures import open_pyplot, save_figure
from scale_vae_keras.tables import write_csv

_BATCH = 8


def wished_factors(grammar, seed):
    random = np.random.default_rng([7, seed])
    return {name: str(random.choice(values)) for name, values in grammar.factors.items()}


def property_of(grammar, wish):
    def matches(text):
        if words_off(grammar, text, 0) is None:
            return 0.0
        said = grammar.parse(text)
        return float(sum(said[name] == value for name, value in wish.items()))

    return matches


def searched(text_model, matches, calls, seed):
    """Values of the texts in the order in which they were tried."""
    search, values = Search(text_model, seed=seed), []
    while len(values) < calls:
        texts = search.ask(min(_BATCH, calls - len(values)))
        values += [matches(text) for text in texts]
        search.tell(texts, values[-len(texts) :])
    return values


def drawn(text_model, matches, calls, seed):
    """Values of different texts that are read, greedily, from samples of the prior."""
    texts = text_model.generate(4 * calls, seed, "greedy")
    return [matches(text) for text in list(dict.fromkeys(texts))[:calls]]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--output", required=True, help="the CSV; seeds in it are not run again")
    parser.add_argument("--picture")
    options = parser.parse_args()
    text_model, grammar = sv.load(options.run), ReviewGrammar()
    rows = pd.read_csv(options.output) if Path(options.output).exists() else pd.DataFrame()
    for seed in range(options.seeds):
        if len(rows) and (rows["seed"] == seed).any():
            continue
        matches = property_of(grammar, wished_factors(grammar, seed))
        for name, find in (("search", searched), ("prior", drawn)):
            best = np.maximum.accumulate(find(text_model, matches, options.calls, seed))
            calls = np.arange(1, len(best) + 1)
            new = pd.DataFrame({"seed": seed, "method": name, "call": calls, "best": best})
            rows = pd.concat([rows, new])
        write_csv(options.output, rows)
    for name, mine in rows.groupby("method"):
        ends = mine[mine["call"].isin([25, 50, options.calls])].groupby("call")["best"]
        print(name, {call: f"{each.mean():.1f}" for call, each in ends}, end=" ")
        print("last by seed:", mine[mine["call"] == options.calls]["best"].tolist())
    if options.picture:
        draw(rows, options.picture)


def draw(rows, path):
    pyplot = open_pyplot()
    figure, axis = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    for number, (name, mine) in enumerate(rows.groupby("method", sort=False)):
        best = mine.groupby("call")["best"]
        calls = sorted(set(mine["call"]))
        axis.plot(calls, best.mean(), color=f"C{number}", label=f"{name}: mean and range")
        axis.fill_between(calls, best.min(), best.max(), color=f"C{number}", alpha=0.15)
    axis.axhline(7, color="black", linewidth=1, linestyle=":", label="the best there is")
    axis.set(xlabel="calls of the property", ylabel="factors as wished, best so far", ylim=(0, 7.3))
    axis.set_title(f"{rows['seed'].nunique()} seeds")
    axis.grid(alpha=0.3)
    axis.legend(loc="lower right")
    save_figure(figure, path)


if __name__ == "__main__":
    main()
