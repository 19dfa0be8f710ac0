"""Tiny runs on a tiny labelled corpus."""

from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.train import Run

SUBJECTS = ("the cat", "a dog", "my old friend", "the green bird", "one small child")
ENDINGS = ("sleeps .", "sees <b> & </b> .", "walks home .", "eats .")
SENTENCES = [f"{subject} {ending}" for subject in SUBJECTS for ending in ENDINGS]
SIZES = {"embedding_dim": 4, "units": 5, "latent_dim": 3, "batch_size": 16}


def write_corpus(folder):
    """Twenty sentences in each split, half of them labelled `<i>`, half `b`."""
    folder.mkdir()
    lines = [f"{('<i>', 'b')[n % 2]}\t{text}" for n, text in enumerate(SENTENCES)]
    for split in ("train", "valid", "test"):
        (folder / f"{split}.txt").write_text("\n".join(lines) + "\n")
    return folder


def train(corpus, output, method, epochs=2, **settings):
    """Trains a run and gives its folder."""
    sizes = {k: v for k, v in SIZES.items() if k != "latent_dim" or method != "lm"}
    config = configure(str(corpus), method, "small", epochs=epochs, **sizes, **settings)
    run = Run.start(config, output)
    run.fit(verbose=0)
    return run.folder
