"""Runs: settings, training, and what the commands do."""
