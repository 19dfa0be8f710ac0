"""The plain VAE with a KL weight that is annealed in cycles."""

from dataclasses import dataclass

from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System
from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.schedules.cyclical_kl_annealing import CyclicalKLAnnealing
from scale_vae_keras.settings import setting


@dataclass(frozen=True)
class CyclicalSettings(LatentSettings):
    """Settings of the cyclical schedule."""

    kl_cycles: int = setting(4, "number of cycles in the run", above=0, of_model=False)
    kl_ramp: float = setting(
        0.5, "share of each cycle during which the KL weight rises", least=0, most=1, of_model=False
    )
    kl_cycle_epochs: float = setting(
        0,
        "length of a cycle in epochs, kl_epochs of them a ramp, the first cycle being cut short "
        "after one epoch; 0 divides the run into kl_cycles cycles instead",
        least=0,
        of_model=False,
    )


def _callbacks(config, *_):
    if config.kl_cycle_epochs:
        return [
            CyclicalKLAnnealing(
                config.kl_cycle_epochs, config.kl_epochs, config.kl_start, first_epochs=1
            )
        ]
    cycle = config.epochs / config.kl_cycles
    return [CyclicalKLAnnealing(cycle, config.kl_ramp * cycle, config.kl_start)]


SYSTEM = System(
    "cyclical",
    TextVAE,
    CyclicalSettings,
    "plain VAE whose KL weight is annealed anew in each cycle",
    "Fu et al. (2019)",
    _callbacks,
)
