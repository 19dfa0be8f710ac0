"""Control of the latent code: attribute vectors, and the search for codes with a property."""

from scale_vae_keras.control.attributes import (
    Parts,
    attribute_direction,
    length_parts,
    shifted,
)
from scale_vae_keras.control.code_control import CodeControl
from scale_vae_keras.control.realism import Realism, realism_bounds
from scale_vae_keras.control.search import Found, Search

__all__ = [
    "CodeControl",
    "Found",
    "Parts",
    "Realism",
    "Search",
    "attribute_direction",
    "length_parts",
    "realism_bounds",
    "shifted",
]
