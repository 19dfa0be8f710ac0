"""Strategies for choosing the next token."""

from scale_vae_keras.samplers.beam_sampler import BeamSampler
from scale_vae_keras.samplers.greedy_sampler import GreedySampler
from scale_vae_keras.samplers.sampler import Sampler, Sentences
from scale_vae_keras.samplers.serialization import get
from scale_vae_keras.samplers.temperature_sampler import TemperatureSampler
from scale_vae_keras.samplers.top_k_sampler import TopKSampler
from scale_vae_keras.samplers.top_p_sampler import TopPSampler

__all__ = [
    "BeamSampler",
    "GreedySampler",
    "Sampler",
    "Sentences",
    "TemperatureSampler",
    "TopKSampler",
    "TopPSampler",
    "get",
]
