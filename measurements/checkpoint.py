"""Measures the size of a checkpoint and the time that it takes, for two sizes of Scale-VAE."""

import tempfile
import time
from pathlib import Path

import keras

import scale_vae_keras as sv
from scale_vae_keras.callbacks import BestModel
from scale_vae_keras.runs.checkpoint_folder import checkpoints
from scale_vae_keras.runs.run_checkpoint import RunCheckpoint

SHAPES = {
    "small, 9,000 words": {"vocabulary_size": 9_000, "embedding_dim": 128, "units": 256},
    "paper, 20,000 words": {"vocabulary_size": 20_000, "embedding_dim": 512, "units": 1024},
}


def measure(shape: dict, folder: Path) -> tuple[float, float, float]:
    """Megabytes, and the medians of seconds of processor and wall time, of five checkpoints."""
    model = sv.ScaleVAE(**shape)
    model.build((None, None))
    model.compile(keras.optimizers.SGD(1.0))
    model.stop_training = False
    best = BestModel(folder / "model.keras")
    checkpoint = RunCheckpoint(folder / "checkpoints", {}, best)
    for callback in (best, checkpoint):
        callback.set_model(model)
    best.on_epoch_end(0, {"val_loss": 1.0})
    checkpoint.on_train_begin()
    seconds = []
    for epoch in range(5):
        begun = time.process_time(), time.monotonic()
        checkpoint.on_epoch_end(epoch)
        seconds.append((time.process_time() - begun[0], time.monotonic() - begun[1]))
    last = checkpoints(checkpoint.folder)[-1]
    megabytes = sum(file.stat().st_size for file in last.iterdir()) / 1e6
    processor, wall = (sorted(times)[2] for times in zip(*seconds, strict=True))
    return megabytes, processor, wall


for name, shape in SHAPES.items():
    with tempfile.TemporaryDirectory() as folder:
        print(
            "{}: {:.0f} MB, {:.2f} s processor, {:.2f} s wall".format(
                name, *measure(shape, Path(folder))
            )
        )
