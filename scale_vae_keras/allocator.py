"""How the C library's allocator treats the memory of tensors."""

import ctypes
import functools
import os

_TRIM_THRESHOLD = -1
_MMAP_MAX = -4
_KEPT_BYTES = 2**30
_OWN_VARIABLES = (
    "MALLOC_TRIM_THRESHOLD_",
    "MALLOC_MMAP_MAX_",
    "MALLOC_MMAP_THRESHOLD_",
    "GLIBC_TUNABLES",
)


@functools.cache
def keep_freed_memory() -> bool:
    """Lets the process keep up to 1 GiB of the memory that operations have freed.

    glibc returns the memory of a large tensor to the system as soon as an operation frees it, and
    the next one that asks for as much has every page of it cleared again. Without oneDNN training
    spends up to half of its time so, see docs/performance.md.

    Nothing is changed where the environment sets glibc's own MALLOC_TRIM_THRESHOLD_,
    MALLOC_MMAP_MAX_, MALLOC_MMAP_THRESHOLD_ or GLIBC_TUNABLES, or where the C library is another.

    Returns:
        Whether it does so from now on.
    """
    if any(name in os.environ for name in _OWN_VARIABLES):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_MAX, 0) and mallopt(_TRIM_THRESHOLD, _KEPT_BYTES))
