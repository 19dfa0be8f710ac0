"""How sentences are written from a prior by default; for clients too, which need no TensorFlow."""

TEMPERATURE = 1.0
TOP_P = 0.9
