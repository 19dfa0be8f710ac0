"""Molecules as SMILES: plain VAE and Scale-VAE with the regex tokenizer.

    pip install rdkit
    python measurements/molecules.py --output DIR

Takes the 4,999 molecules of the National Cancer Institute that RDKit ships (`NCI/first_5K.smi`), or
those of --smiles, a file with a SMILES a line, whatever follows it after white space. Molecules are
written in RDKit's canonical form; salts, doubles and what has more than 80 characters are left
out; a tenth each is for validation and test. Both models have the same settings but for what the
preset small gives a system. Prints a table of

- valid: molecules from the prior that RDKit can read, by the model's own distribution;
- unique: different ones among the valid, by their canonical form;
- new: of the unique, those that training lacks;
- exact: test molecules that come back character for character, read greedily;
- same: test molecules that come back as the same molecule, however written;

and of the information in the code. Runs that are there already are used as they are.
"""

import argparse
from pathlib import Path

import numpy as np
from rdkit import Chem, RDConfig, RDLogger

from scale_vae_keras.evaluation.evaluate import evaluate_model
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.load import load
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.train import Run
from scale_vae_keras.samplers import TemperatureSampler

PATTERN = r"\[[^\]]*\]|Br|Cl|%[0-9]{2}|."
LONGEST = 80
SETTINGS = {
    "tokenizer": "regex",
    "pattern": PATTERN,
    "embedding_dim": 64,
    "units": 128,
    "pooling": "mean",
    "dropout": 0.2,
    "decoder_initializer_range": 0.1,
    "learning_rate": 1.0,
    "decay_start": 14,
    "batch_size": 32,
}


def canonical(smiles):
    """RDKit's form of a molecule; None for what is none."""
    molecule = Chem.MolFromSmiles(smiles) if smiles else None
    return None if molecule is None else Chem.MolToSmiles(molecule)


def write_corpus(source, folder, seed):
    lines = Path(source).read_text().splitlines()
    forms = {canonical(line.split()[0]) for line in lines if line.strip()} - {None}
    kept = sorted(form for form in forms if "." not in form and len(form) <= LONGEST)
    order = np.random.default_rng(seed).permutation(len(kept))
    tenth = len(kept) // 10
    folder.mkdir(parents=True, exist_ok=True)
    places = {"valid": order[:tenth], "test": order[tenth : 2 * tenth], "train": order[2 * tenth :]}
    for split, rows in places.items():
        (folder / f"{split}.txt").write_text("".join(f"{kept[i]}\n" for i in rows))
    print({split: len(rows) for split, rows in places.items()})


def measure(path, data, count):
    folder, text_model = RunFolder(path), load(path)
    train, test = ((data / f"{split}.txt").read_text().splitlines() for split in ("train", "test"))
    written = text_model.generate(count, 1, TemperatureSampler())
    valid = [form for form in map(canonical, written) if form]
    unique = set(valid)
    again = text_model.reconstruct(test)
    metrics = evaluate_model(folder.load_model(), folder.encode("test"), samples=100)
    figures = {
        "valid %": 100 * len(valid) / count,
        "unique %": 100 * len(unique) / max(1, len(valid)),
        "new %": 100 * len(unique - set(train)) / max(1, len(unique)),
        "exact %": 100 * np.mean([a == b for a, b in zip(again, test, strict=True)]),
        "same %": 100 * np.mean([canonical(a) == b for a, b in zip(again, test, strict=True)]),
        **{name: metrics[name] for name in ("mi", "mi_cap", "au", "kl", "elbo_nll", "iw_nll")},
    }
    return figures, [text for text in written if canonical(text)][:5]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--smiles", default=str(Path(RDConfig.RDDataDir) / "NCI" / "first_5K.smi"))
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=783435)
    parser.add_argument("-n", type=int, default=1000)
    options = parser.parse_args()
    RDLogger.DisableLog("rdApp.*")
    data = options.output / "molecules"
    write_corpus(options.smiles, data, options.seed)
    figures, examples = {}, {}
    for method in ("vae", "scale"):
        settings = {**SETTINGS, "epochs": options.epochs, "seed": options.seed}
        run = Run.open(configure(str(data), method, "small", **settings), options.output / method)
        run.fit(verbose=2)
        figures[method], examples[method] = measure(options.output / method, data, options.n)
    print("figure,", ", ".join(figures))
    for name in figures["vae"]:
        print(f"{name}, {', '.join(f'{each[name]:.2f}' for each in figures.values())}")
    for method, texts in examples.items():
        print(method, *texts)


if __name__ == "__main__":
    main()
