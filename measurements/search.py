"""Search in the latent space of a run on `reviews` against samples of its prior, at equal calls.

    python measurements/search.py RUN --seeds 10 --calls 100

The property is how many of the seven factors of the corpus a sentence has as wished, 0 for what is
no sentence of the grammar; its best value, 7, is known. Each seed wishes for other values. Prints a
CSV line for each seed, the means, and draws the best value so far by calls with --picture.
"""

import argparse

import numpy as np

import scale_vae_keras as sv
from scale_vae_keras.control.search import Search
from scale_vae_keras.data.reviews import ReviewGrammar
from scale_vae_keras.evaluation.review_distance import words_off
from scale_vae_keras.pictures import open_pyplot, save_figure

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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--picture")
    options = parser.parse_args()
    text_model, grammar = sv.load(options.run), ReviewGrammar()
    best = {"search": [], "prior": []}
    print("seed,search,prior,search_first_of_7,prior_first_of_7")
    for seed in range(options.seeds):
        matches = property_of(grammar, wished_factors(grammar, seed))
        for name, find in (("search", searched), ("prior", drawn)):
            values = find(text_model, matches, options.calls, seed)
            best[name].append(np.maximum.accumulate(values))
        ends = [best[name][-1] for name in best]
        firsts = [str(np.argmax(each >= 7) + 1) if each[-1] >= 7 else "" for each in ends]
        print(seed, *(f"{each[-1]:g}" for each in ends), *firsts, sep=",", flush=True)
    for name, curves in best.items():
        last = np.array(curves)[:, -1]
        print(f"{name}: mean best {last.mean():.2f}, 7 of 7 for {np.mean(last == 7):.0%}")
    if options.picture:
        draw(best, options.picture)


def draw(best, path):
    pyplot = open_pyplot()
    figure, axis = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    for number, (name, curves) in enumerate(best.items()):
        curves = np.array(curves)
        calls = np.arange(1, curves.shape[1] + 1)
        axis.plot(calls, curves.mean(axis=0), color=f"C{number}", label=name)
        axis.fill_between(
            calls, curves.min(axis=0), curves.max(axis=0), color=f"C{number}", alpha=0.15
        )
    axis.set(xlabel="calls", ylabel="factors as wished, best so far", ylim=(0, 7.2))
    axis.set_title(f"mean and range of {len(best['search'])} searches")
    axis.grid(alpha=0.3)
    axis.legend()
    save_figure(figure, path)


if __name__ == "__main__":
    main()
