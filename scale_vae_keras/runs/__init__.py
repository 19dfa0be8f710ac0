"""A run: settings, systems, run folder, training, evaluation."""
