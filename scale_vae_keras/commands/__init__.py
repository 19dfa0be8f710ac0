"""The commands of `scale-vae`, one file each with flags and body.

A command's module has `add_arguments(parser)` and `run(options)`.
"""

COMMANDS = {
    "quickstart": "Train the plain VAE and Scale-VAE on the built-in reviews, and compare them.",
    "prepare": "Make a corpus from text files, CSV or TSV tables, JSON lines, Parquet files or "
    "folders of texts.",
    "train": "Train a model on a corpus.",
    "evaluate": "Measure runs on a split of their corpus.",
    "generate": "Write sentences from the prior, one per line.",
    "reconstruct": "Reconstruct each line of a text from its posterior mean.",
    "interpolate": "Write sentences between two sentences, by interpolating their codes.",
    "shift": "Rewrite each line of a text with an attribute changed.",
    "score": "Show how likely each line of a text is, or its oddest lines.",
    "encode": "Save the posterior of each line of a text.",
    "export": "Export a run as a SavedModel for TensorFlow Serving.",
    "serve": "Serve an exported model with tensorflow_model_server if it is on PATH, else with a "
    "development server.",
    "request": "Send a request to a served model.",
    "data": "Show the statistics of a corpus.",
    "tune": "Search for settings of Scale-VAE with KerasTuner; the same command resumes an "
    "interrupted search.",
    "benchmark": "Compare systems or runs by one measure.",
    "report": "Write a self-contained web page about a run and print its path.",
}
"""What each command does, in the order of `scale-vae --help`; its module has its name."""
