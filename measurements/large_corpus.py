"""Measures memory, start and ordering of training on more sentences than anybody has at hand.

    python measurements/large_corpus.py --cache DIR --sentences 20000000

Writes the sentences into a cache as random ids, without any text, and trains preset `small` on them
in a process of its own: a second run, as it finds its corpus tokenised. Epochs are cut after some
steps; each has the order of all sentences, and what follows an epoch. The memory is that above what
the process has when the libraries are imported, at its highest: its own, which no other can have,
and all of it with those pages of files that are mapped just then.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EPOCHS = 2
BLOCK = 1 << 18
WORDS = 10
VOCABULARY = 8_000


def memory(process: int) -> dict[str, int]:
    """Resident memory of a process in MiB: its own, and all of it."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    values = dict(line.split(":", 1) for line in lines)
    return {name: int(values[name].split()[0]) >> 10 for name in ("RssAnon", "VmRSS", "VmHWM")}


def train(cache: str, sentences: int, steps: int) -> None:
    """Prints what a run of some steps an epoch took, and memory as soon as there is something."""
    import numpy as np
    import tensorflow as tf

    from scale_vae_keras.cache.made_once import made_once
    from scale_vae_keras.cache.split_cache import split_key, write_blocks
    from scale_vae_keras.data import batches as batches_module
    from scale_vae_keras.data.corpus import BuiltInCorpus
    from scale_vae_keras.data.encoded_blocks import EncodedBlock
    from scale_vae_keras.runs import train as train_module
    from scale_vae_keras.runs.config import configure
    from scale_vae_keras.text.labelled_text import LabelledText
    from scale_vae_keras.text.tokenizer import Tokenizer
    from scale_vae_keras.text.vocabulary import Vocabulary

    tf.constant(0)
    print(json.dumps({"imported": memory(os.getpid()), "at": time.time()}), flush=True)
    words = Path(cache) / "vocab.txt"

    class Simulated(BuiltInCorpus):
        vocabulary_path = words

        def fingerprint(self):
            return f"simulated {sentences}"

        def lines(self, split):
            raise AssertionError("the text is read")

    def blocks(count):
        random = np.random.default_rng(count)
        for first in range(0, count, BLOCK):
            lengths = random.integers(3, 2 * WORDS - 2, min(BLOCK, count - first)) + 2
            ends = np.cumsum(lengths)
            tokens = random.zipf(1.3, ends[-1]).clip(max=VOCABULARY - 4).astype(np.int32) + 3
            tokens[ends - lengths], tokens[ends - 1] = 1, 2
            yield EncodedBlock(tokens, lengths, 5 * lengths, [], 0, 0)

    corpus = Simulated("simulated", lambda split: [LabelledText(None, "a")])
    config = configure("simulated", "scale", "small", tokenizer="words", epochs=EPOCHS)
    tokenizer = Tokenizer(Vocabulary.from_file(words), "words", config.max_length)
    for split, count in (("train", sentences), ("valid", 10_000)):
        key = split_key(corpus, split, tokenizer, corpus.fingerprint())
        made_once(
            cache, key, lambda folder, count=count: write_blocks(blocks(count), False, folder)
        )
    if steps == 0:
        return

    ordering, first_step, processor, plan = [], [], [], batches_module._plan
    make = train_module.training_batches

    def timed_plan(*arguments):
        started = time.thread_time()
        found = plan(*arguments)
        ordering.append(time.thread_time() - started)
        return found

    class Clock(train_module.StepProfile):
        def __init__(self):
            super().__init__("unused", 1, 1)

        def on_train_batch_end(self, batch, logs=None):
            first_step.append(time.time())
            processor.append(time.process_time())

        def on_train_batch_begin(self, batch, logs=None):
            pass

        on_train_begin = on_train_end = lambda self, logs=None: None

    batches_module._plan = timed_plan
    train_module.training_batches = lambda *given, **named: make(*given, **named).take(steps)
    with tempfile.TemporaryDirectory() as scratch:
        run = train_module.Run.start(config, Path(scratch) / "run", corpus, cache)
        run.fit(verbose=0, profile=Clock())
    print(
        json.dumps(
            {
                "first step": first_step[0],
                "processor": processor[0],
                "ordering": ordering,
                "step": float(np.median(np.diff(processor))),
                "sentences": run.train.sentences,
                "tokens": run.train.words,
                "batch": config.batch_size,
            }
        ),
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", required=True, metavar="DIR")
    parser.add_argument("--sentences", type=int, default=20_000_000, metavar="N")
    parser.add_argument("--steps", type=int, default=150, metavar="N", help="of an epoch")
    parser.add_argument("--child", action="store_true", help="what this script runs itself with")
    arguments = parser.parse_args()
    Path(arguments.cache).mkdir(parents=True, exist_ok=True)
    words = Path(arguments.cache) / "vocab.txt"
    words.write_text("".join(f"w{number}\n" for number in range(VOCABULARY - 4)))
    if arguments.child:
        train(arguments.cache, arguments.sentences, arguments.steps)
        return
    command = [sys.executable, __file__, "--cache", arguments.cache, "--child"]
    command += ["--sentences", str(arguments.sentences), "--steps"]
    started = time.time()
    subprocess.run([*command, "0"], check=True, stdout=subprocess.DEVNULL)
    print(f"the cache: {time.time() - started:.1f} s", flush=True)
    started = time.time()
    child = subprocess.Popen([*command, str(arguments.steps)], stdout=subprocess.PIPE, text=True)
    imported = json.loads(child.stdout.readline())
    peaks = imported["imported"]
    libraries = dict(peaks)
    while child.poll() is None:
        try:
            now = memory(child.pid)
        except (OSError, KeyError):
            break
        peaks = {name: max(peaks[name], now[name]) for name in peaks}
        time.sleep(0.02)
    found = json.loads(child.communicate()[0].splitlines()[-1])
    ids = 4 * found["sentences"] / 2**20
    epoch = found["step"] * found["sentences"] / found["batch"]
    own = peaks["RssAnon"] - libraries["RssAnon"]
    print(
        f"{found['sentences']:,} sentences, {found['tokens']:,} tokens; the order of an epoch has "
        f"{ids:.0f} MiB\n"
        f"libraries: {libraries['VmRSS']} MiB, of them {libraries['RssAnon']} the process's own\n"
        f"highest above them: {own} MiB its own, {peaks['VmRSS'] - libraries['VmRSS']} MiB with "
        f"mapped pages; 1.5 times the order and 500 MB is {1.5 * ids + 477:.0f} MiB\n"
        f"start: {found['first step'] - started:.1f} s to the end of the first step, "
        f"{imported['at'] - started:.1f} s of it imports; {found['processor']:.1f} s of the "
        "processor\n"
        f"processor time: ordering {', '.join(f'{each:.1f}' for each in found['ordering'])} s an "
        f"epoch; at {1000 * found['step']:.0f} ms a step an epoch takes {epoch / 3600:.1f} h: "
        f"{max(found['ordering']) / epoch:.3%}"
    )


if __name__ == "__main__":
    main()
