"""The commands of `scale-vae`, one file each: its flags beside its body.

A command's module has `add_arguments(parser)` and `run(options)`.
"""

COMMANDS = {
    "quickstart": "Train the plain VAE and Scale-VAE on the built-in reviews, and compare them.",
    "prepare": "Make a corpus of text files, CSV or TSV tables, JSON lines, Parquet or a folder of "
    "texts.",
    "train": "Train a model on a corpus.",
    "evaluate": "Measure runs on a split of their corpus.",
    "generate": "Write sentences from the prior, one per line.",
    "reconstruct": "Write each line of a text anew from its posterior mean.",
    "interpolate": "Write sentences on the line between two sentences.",
    "shift": "Write each line of a text moved along an attribute.",
    "score": "Show how likely each line of a text is, or its oddest lines.",
    "encode": "Save the posteriors of a text's lines.",
    "export": "Write a run as a SavedModel for TensorFlow Serving.",
    "serve": "Serve an exported model: with tensorflow_model_server where it is on PATH, else with "
    "a development server.",
    "request": "Send a request to a served model.",
    "data": "Show the statistics of a corpus.",
    "tune": "Search for the settings of Scale-VAE with KerasTuner; the same command goes on where "
    "it was interrupted.",
    "benchmark": "Compare systems or runs by one measure.",
    "report": "Write one self-contained web page about a run and print where.",
}
"""What each command does, in the order of `scale-vae --help`; its module has its name."""
