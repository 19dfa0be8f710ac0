"""Compares the peak memory of training steps with PyTorch's, each in a process of its own.

TF_ENABLE_ONEDNN_OPTS=1 python measurements/peak_memory.py --shape paper
"""

import argparse
import json

from scale_vae_keras.benchmarks.speed.peak_memory import STEPS, peak_memory, resident_peak


def pytorch_memory(batch: int, time: int, vocabulary_size: int, latent_dim: int, **sizes) -> None:
    """Prints the memory of the reference's training steps; TensorFlow is not imported."""
    import torch
    from pytorch_vae import PyTorchVAE

    imported = resident_peak()
    model = PyTorchVAE(vocabulary_size, latent_dim, **sizes)
    ids = torch.randint(4, vocabulary_size, (batch, time + 1))
    for _ in range(STEPS):
        model.training_step(ids)
    print(json.dumps([imported, resident_peak()]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", default="paper")
    parser.add_argument(
        "--pytorch-sizes", type=json.loads, help="what this script runs itself with"
    )
    arguments = parser.parse_args()
    if arguments.pytorch_sizes:
        pytorch_memory(**arguments.pytorch_sizes)
        return

    from scale_vae_keras.benchmarks.speed.shapes import SHAPES

    sizes = json.dumps(SHAPES[arguments.shape]._asdict())
    peaks = {
        "PyTorch": peak_memory(__file__, "--pytorch-sizes", sizes),
        "package": peak_memory(
            "-m", "scale_vae_keras.benchmarks.speed.peak_memory", arguments.shape
        ),
    }
    for name, peak in peaks.items():
        print(
            f"{name:8} libraries {peak.imported:6,.0f} MiB   training {peak.trained:6,.0f} MiB   "
            f"ratio {peak.trained / peaks['PyTorch'].trained:.2f}   without libraries "
            f"{peak.trained - peak.imported:6,.0f} MiB"
        )


if __name__ == "__main__":
    main()
