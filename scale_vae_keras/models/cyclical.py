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

    kl_cycles: int = setting(4, "cycles of the run", above=0, of_model=False)
    kl_ramp: float = setting(
        0.5, "share of a cycle that is a ramp", least=0, most=1, of_model=False
    )
    kl_cycle_epochs: float = setting(
        0,
        "epochs of a cycle, with a ramp of kl_epochs and the first cycle cut short after one; "
        "0: the run is divided by kl_cycles",
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
    "KL annealing in cycles",
    "Fu et al. (2019)",
    _callbacks,
)
