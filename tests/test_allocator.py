"""The memory that a freed tensor leaves is kept, unless the environment says otherwise."""

import json
import os
import platform
import subprocess
import sys

import pytest

# The faults of writing 40 MB ten times, each time into memory that is freed afterwards.
FAULTS = """
import ctypes, json, resource, sys
from scale_vae_keras.allocator import keep_freed_memory

kept = sys.argv[1] == "keep" and keep_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
faults = []
for _ in range(10):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = libc.malloc(40_000_000)
    ctypes.memset(block, 1, 40_000_000)
    libc.free(block)
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(json.dumps([kept, faults]))
"""

OWN = {
    "MALLOC_TRIM_THRESHOLD_": "33554432",
    "MALLOC_MMAP_MAX_": "33554432",
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "GLIBC_TUNABLES": "",
}

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="no glibc")


def kept_and_faults(how, **environment):
    clean = {name: value for name, value in os.environ.items() if name not in OWN}
    command = [sys.executable, "-c", FAULTS, how]
    ran = subprocess.run(command, env=clean | environment, capture_output=True, check=True)
    return json.loads(ran.stdout)


def test_freed_memory_is_used_again_without_faults():
    kept, faults = kept_and_faults("keep")
    assert kept
    assert faults[0] > 15  # 40 MB are 9,766 pages, or 20 huge ones
    assert max(faults[1:]) < 10


def test_glibc_alone_clears_it_each_time():
    kept, faults = kept_and_faults("leave")
    assert not kept
    assert min(faults) > 15


@pytest.mark.parametrize("name", OWN)
def test_the_environment_has_the_last_word(name):
    kept, _ = kept_and_faults("keep", **{name: OWN[name]})
    assert not kept
