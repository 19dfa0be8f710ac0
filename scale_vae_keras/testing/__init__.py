"""Checks for custom decoders, encoders and priors."""

from scale_vae_keras.testing.decoder_checks import check_decoder
from scale_vae_keras.testing.encoder_checks import check_encoder
from scale_vae_keras.testing.prior_checks import check_prior

__all__ = ["check_decoder", "check_encoder", "check_prior"]
