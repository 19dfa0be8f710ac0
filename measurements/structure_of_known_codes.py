"""MIG, DCI and z-diff of codes that are made from the factors of `reviews`: what figures mean.

    python measurements/structure_of_known_codes.py

A dimension for each factor, with a little noise; the same code turned by a random rotation; and
noise alone in 32 dimensions; of the 2,000 test sentences. Needs scikit-learn.
"""

import numpy as np
import pandas as pd

from scale_vae_keras.built_in.reviews import ReviewGrammar, reviews_split
from scale_vae_keras.evaluation.structure import structure
from scale_vae_keras.metrics import STRUCTURE
from scale_vae_keras.tables import markdown_table


def main():
    grammar = ReviewGrammar()
    said = [grammar.parse(line.text) for line in reviews_split("test")]
    factors = {name: [each[name] for each in said] for name in grammar.factors}
    numbers = [np.unique(values, return_inverse=True)[1] for values in factors.values()]
    random = np.random.default_rng(0)
    aligned = np.stack(numbers, axis=1) + 0.01 * random.normal(size=(len(said), len(factors)))
    aligned = (aligned - aligned.mean(axis=0)) / aligned.std(axis=0)
    rotation, _ = np.linalg.qr(random.normal(size=(len(factors), len(factors))))
    codes = {
        "a dimension for each factor": aligned,
        "the same, rotated": aligned @ rotation,
        "noise": random.normal(size=(len(said), 32)),
    }
    rows = []
    for name, code in codes.items():
        figures = structure(code, factors)
        shown = {key: metric.show(figures[key]) for key, metric in STRUCTURE.items()}
        rows.append({"code": name, **shown})
    print(markdown_table(pd.DataFrame(rows)))


if __name__ == "__main__":
    main()
