"""Likelihood and information of all systems under one protocol."""
