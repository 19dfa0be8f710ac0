"""Rows a second and latency of `generate`: served over gRPC and REST, and in Python.

python measurements/serving.py [--requests N] [--vocabulary N] [--units N] [--decoder NAME]

Every path writes the same sentences from the same seeds with random weights, one request after the
other, so only ratios within one run mean anything. "token loop" runs the same decoder one token at
a time from Python.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

import scale_vae_keras as sv
from scale_vae_keras.samplers import TemperatureSampler
from scale_vae_keras.samplers.row_random import row_normals, row_seeds, row_uniforms
from scale_vae_keras.serving import Client
from scale_vae_keras.serving.exporter import publish
from scale_vae_keras.text.vocabulary import END_ID, START_ID

ROWS = (1, 8, 64)
MAX_LENGTH = 16
WARM_UP = 2
START = """
import sys
from scale_vae_keras.serving import serve
serve(sys.argv[1], rest_port=0, grpc_port=0)
"""


def build(vocabulary: int, units: int, decoder: str) -> tuple[sv.ScaleVAE, sv.Tokenizer]:
    keras.utils.set_random_seed(0)
    words = sv.Vocabulary(f"w{number}" for number in range(vocabulary - 4))
    model = sv.ScaleVAE(
        vocabulary,
        embedding_dim=units // 2,
        units=units,
        decoder=decoder,
        decoder_initializer_range=0.3,
    )
    model.build((None, None))
    return model, sv.Tokenizer(words, "words", MAX_LENGTH - 1)


def token_loop(model: sv.ScaleVAE, tokenizer: sv.Tokenizer, rows: int) -> None:
    seeds = tf.constant(row_seeds(rows, 0))
    z = model.decoder_input(row_normals(seeds, model.latent_dim))
    uniforms = row_uniforms(seeds, MAX_LENGTH)
    sampler, decoder = TemperatureSampler(), model.decoder
    context, state = decoder.context(z), decoder.initial_state(z, MAX_LENGTH)
    token, ended, written = tf.fill([rows], START_ID), np.zeros(rows, bool), []
    for step in range(MAX_LENGTH):
        logits, state = decoder.step(token, state, context)
        token = sampler.next_token(logits, uniforms[:, step])
        written.append(token)
        ended |= token.numpy() == END_ID
        if ended.all():
            break
    tokenizer.detokenize(tf.stack(written, axis=1)).numpy()


def in_python(model: sv.ScaleVAE, tokenizer: sv.Tokenizer, rows: int) -> None:
    written = model.generate(rows, 0, TemperatureSampler(), MAX_LENGTH)
    tokenizer.detokenize(written.ids).numpy()


def served(client: Client, rows: int) -> None:
    client.request(
        "generate", seed=row_seeds(rows, 0).tolist(), temperature=[1.0] * rows, top_p=[1.0] * rows
    )


def measure(paths: dict, requests: int) -> dict[tuple[str, int], np.ndarray]:
    """Seconds of each request, by path and number of rows; the paths take turns."""
    seconds = {(path, rows): [] for path in paths for rows in ROWS}
    for repetition in range(WARM_UP + requests):
        for (path, rows), durations in seconds.items():
            started = time.perf_counter()
            paths[path](rows)
            if repetition >= WARM_UP:
                durations.append(time.perf_counter() - started)
    return {key: np.array(durations) for key, durations in seconds.items()}


def show(seconds: dict[tuple[str, int], np.ndarray]) -> None:
    table = Table(title="generate")
    for column in (
        "path",
        "rows",
        "rows/s",
        "p50 ms",
        "p99 ms",
        "rows/s of Python's",
        "of 1 row's",
    ):
        table.add_column(column, justify="left" if column == "path" else "right")
    rate = {(path, rows): rows / np.median(d) for (path, rows), d in seconds.items()}
    for (path, rows), durations in seconds.items():
        p50, p99 = np.percentile(1000 * durations, [50, 99])
        table.add_row(
            path,
            str(rows),
            f"{rate[path, rows]:.0f}",
            f"{p50:.1f}",
            f"{p99:.1f}",
            f"{rate[path, rows] / rate['Python', rows]:.2f}",
            f"{rate[path, rows] / rate[path, 1]:.1f}",
        )
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=50)
    parser.add_argument("--vocabulary", type=int, default=8000)
    parser.add_argument("--units", type=int, default=256)
    parser.add_argument("--decoder", default="lstm")
    options = parser.parse_args()
    model, tokenizer = build(options.vocabulary, options.units, options.decoder)
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch) / "model"
        publish(model, tokenizer, MAX_LENGTH, directory)
        server = subprocess.Popen(
            [sys.executable, "-c", START, str(directory)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            banner = server.stdout.readline()
            rest, grpc = re.search(r"(http://[\d.:]+)/.* gRPC ([\d.:]+)", banner).groups()
            with Client(grpc, "model") as by_grpc, Client(rest, "model") as by_rest:
                seconds = measure(
                    {
                        "Python": lambda rows: in_python(model, tokenizer, rows),
                        "gRPC": lambda rows: served(by_grpc, rows),
                        "REST": lambda rows: served(by_rest, rows),
                        "token loop": lambda rows: token_loop(model, tokenizer, rows),
                    },
                    options.requests,
                )
        finally:
            server.terminate()
            server.wait()
    show(seconds)


if __name__ == "__main__":
    main()
