"""What a run with few labels gives: its classifier, a probe, style transfer, more training text.

    python measurements/few_labels.py RUN [PROBED] [--per-label N] [--seeds N] [--transferred N]

RUN is a run with `--condition label`, as a rule with `--semi-supervised --labelled N`; PROBED a
run without a condition on the same corpus. Prints JSON: the accuracy of the run's classifier on
the test sentences, and of the linear probe of N labels on the codes of PROBED; the accuracy of a
logistic regression on bags of words from the N labelled sentences, with and without sentences
that RUN writes for each label; and how often a transferred test sentence has the other label for
a bag of words that knows all labels. Needs scikit-learn.
"""

import argparse
import json

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from scale_vae_keras.evaluation.encode import encode_sentences, label_probabilities
from scale_vae_keras.evaluation.probe import Labelled, probe
from scale_vae_keras.runs.load import load
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.tensorboard import sentence_texts


def bag_of_words(texts, labels):
    """A classifier of whether each word occurs, in scikit-learn's own settings but for steps."""
    words = CountVectorizer(binary=True, token_pattern=r"\S+")
    return make_pipeline(words, LogisticRegression(max_iter=1000)).fit(texts, labels)


def texts_of(folder, split):
    return sentence_texts(folder.tokenizer, split, np.arange(split.sentences))


def mean_and_deviation(values):
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "deviation": deviation}


def augmentation(model, real, test, per_label, seeds):
    """Accuracies with the real sentences, with written ones, and with both."""
    alone = bag_of_words(*real).score(*test)
    scores = {"both": [], "written": []}
    for seed in range(seeds):
        texts, labels = [], []
        for number, label in enumerate(model.labels):
            first = 1000 * seed + number
            texts += model.generate(per_label, first, label=label)
            labels += [label] * per_label
        scores["written"].append(bag_of_words(texts, labels).score(*test))
        both = (list(real[0]) + texts, list(real[1]) + labels)
        scores["both"].append(bag_of_words(*both).score(*test))
    return {"real": float(alone)} | {k: mean_and_deviation(v) for k, v in scores.items()}


def transfer(model, judge, texts, labels):
    """How often the judge finds the other label before and after, and some of the sentences."""
    others = [model.labels[1 - model.labels.index(label)] for label in labels]
    copies, moved = (model.reconstruct(texts, label=each) for each in (labels, others))
    kept = [
        len(set(a.split()) & set(b.split())) / len(set(a.split()) | set(b.split()))
        for a, b in zip(texts, moved, strict=True)
    ]
    return {
        "judge_on_test": None,
        "originals": float(np.mean(judge.predict(texts) == np.array(others))),
        "copies": float(np.mean(judge.predict(copies) == np.array(others))),
        "transferred": float(np.mean(judge.predict(moved) == np.array(others))),
        "words_shared": float(np.mean(kept)),
        "examples": list(zip(labels, texts, copies, others, moved, strict=True))[:12],
    }


def measure(run, probed=None, per_label=1000, seeds=5, transferred=500, probe_seeds=1):
    """The figures that are printed, of a run and of one whose codes are probed."""
    folder, model = RunFolder(run), load(run)
    train, test = folder.encode("train"), folder.encode("test")
    known = np.flatnonzero(train.label_numbers >= 0)
    texts, test_texts = texts_of(folder, train), texts_of(folder, test)
    real = [texts[i] for i in known], [train.labels[i] for i in known]
    count = len(known)
    found = {
        "labelled": count,
        "classifier": None,
        "majority": float(np.bincount(test.label_numbers).max() / test.sentences),
    }
    if model.model.classifier is not None:
        guesses = label_probabilities(model.model, test).argmax(axis=1)
        found["classifier"] = float(np.mean(guesses == test.label_numbers))
    found["augmentation"] = augmentation(model, real, (test_texts, test.labels), per_label, seeds)
    judge = bag_of_words(texts, train.labels)
    first = slice(transferred)
    found["transfer"] = transfer(model, judge, test_texts[first], test.labels[first])
    found["transfer"]["judge_on_test"] = float(judge.score(test_texts, test.labels))
    written = {name: model.generate(500, 1, label=name) for name in model.labels}
    found["judged"] = {
        name: float(np.mean(judge.predict(texts) == name)) for name, texts in written.items()
    }
    found["written"] = {name: texts[:10] for name, texts in written.items()}
    if probed is not None:
        other = RunFolder(probed)
        vae = other.load_text_vae()
        splits = [other.encode(name) for name in ("train", "valid", "test")]
        codes = [Labelled(encode_sentences(vae, split).mean, split.labels) for split in splits]
        accuracy = probe(*codes, count, subsets=5, seeds=probe_seeds)
        found["probe"] = {"mean": accuracy.mean, "deviation": accuracy.deviation}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("probed", nargs="?")
    parser.add_argument("--per-label", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--transferred", type=int, default=500)
    options = parser.parse_args()
    found = measure(**vars(options))
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
