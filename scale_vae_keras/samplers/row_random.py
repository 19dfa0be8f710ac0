"""Random numbers that belong to a row and not to its batch, as the samplers use them."""

from scale_vae_keras.layers.row_random import row_normals, row_seeds, row_uniforms

__all__ = ["row_normals", "row_seeds", "row_uniforms"]
