"""Runs signatures of a SavedModel with nothing but TensorFlow and TensorFlow Text.

python run_saved_model.py VERSION INPUTS OUTPUTS, files of arrays by "signature/name"
"""

import sys

import numpy as np
import tensorflow as tf
import tensorflow_text  # noqa: F401 - registers its operations
from tensor_files import read_arrays, write_arrays

version, inputs_path, outputs_path = sys.argv[1:]
requests = {}
for key, value in read_arrays(inputs_path).items():
    signature, name = key.split("/")
    requests.setdefault(signature, {})[name] = tf.constant(value)
signatures = tf.saved_model.load(version).signatures
answers = {
    f"{signature}/{name}": value.numpy()
    for signature, inputs in requests.items()
    for name, value in signatures[signature](**inputs).items()
}
write_arrays(outputs_path, {"tensorflow": np.array(tf.__version__), **answers})
