"""Encoders and decoders by name or as objects, and the Transformers among them."""
