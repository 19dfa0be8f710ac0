"""What is made of a corpus once and kept in a folder, for all runs and processes that share it."""

from scale_vae_keras.cache.split_cache import cached_split

__all__ = ["cached_split"]
