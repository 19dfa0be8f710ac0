"""Models, calls and settings leave no memory behind; each case in a process of its own."""

import os
import subprocess
import sys

import pytest

START = """
import ctypes, gc, keras, numpy as np, tensorflow as tf
import scale_vae_keras as sv
from scale_vae_keras.evaluation import encode_dataset
from tensorflow.python.framework import ops

class Allocated(ctypes.Structure):
    # struct mallinfo2 of glibc: what is held, without the free pieces between.
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks used free keepcost".split()
    ]

mallinfo = ctypes.CDLL(None).mallinfo2
mallinfo.restype = Allocated

def megabytes():
    gc.collect()
    now = mallinfo()
    return (now.used + now.hblkhd) / 2**20

def check(used):
    print(used)
    # A leak shows each time; a thread may take a buffer of its own at any time, once.
    assert np.median(np.diff(used)) < 0.1, used

ids = np.random.default_rng(0).integers(4, 200, (16, 8))
ids[:, 0], ids[:, -1] = 1, 2
batches = tf.data.Dataset.from_tensors(ids)
"""

TRAINED = """
used = []
for _ in range(10):
    model = sv.TextVAE(20000, latent_dim=4, embedding_dim=128, units=16)
    model.compile(keras.optimizers.SGD(0.1))
    model.fit(batches, shuffle=False, verbose=0)
    del model
    keras.backend.clear_session()
    used.append(megabytes())
check(used)
assert not [name for name in ops.gradient_registry.list() if "CustomGradient" in name]
"""

CALLED = """
model = sv.TextVAE(200, latent_dim=4, embedding_dim=16, units=16)
model.compile(keras.optimizers.SGD(0.1))
model.fit(batches, shuffle=False, verbose=0)
used = []
for _ in range(4):
    for _ in range(10):
        encode_dataset(model, batches)
    used.append(megabytes())
check(used)
"""

SAMPLED = """
model = sv.TextVAE(200, latent_dim=4, embedding_dim=16, units=16)
samplers = lambda x: [
    sv.samplers.TemperatureSampler(x),
    sv.samplers.TopPSampler(x / 9, x),
    sv.samplers.TopKSampler(int(9 * x), x),
]
used = []
for i in range(1, 13):
    for sampler in samplers(0.5 + i / 10):
        model.generate(2, sampler=sampler, max_length=4)
    used.append(megabytes())
check(used)
"""


@pytest.mark.parametrize("code", [TRAINED, CALLED, SAMPLED], ids=["models", "encode", "samplers"])
def test_memory_does_not_grow(code):
    result = subprocess.run(
        [sys.executable, "-c", START + code],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    print(result.stdout)
