"""Requests that a server runs before a version takes traffic, and that the exporter checks."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

WARMUP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"

Inputs = dict[str, np.ndarray]


def write_warmup(
    version: str | os.PathLike, model_name: str, requests: Iterable[tuple[str, Inputs]]
) -> None:
    """Writes the warm-up file of a version, a TFRecord file of `PredictionLog`.

    Args:
        version: the folder of the SavedModel.
        model_name: the name in the requests; a server does not compare it with its own.
        requests: signature names with inputs by name.
    """
    path = Path(version) / WARMUP_FILE
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests:
            request = PredictRequest()
            request.model_spec.name = model_name
            request.model_spec.signature_name = signature
            for name, value in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            log = PredictionLog()
            log.predict_log.request.CopyFrom(request)
            writer.write(log.SerializeToString())


def read_warmup(version: str | os.PathLike) -> Iterator[tuple[str, Inputs]]:
    """Signature names with inputs by name, as `write_warmup` wrote them.

    Args:
        version: the folder of the SavedModel.
    """
    for record in tf.data.TFRecordDataset(str(Path(version) / WARMUP_FILE)):
        request = PredictionLog.FromString(record.numpy()).predict_log.request
        yield (
            request.model_spec.signature_name,
            {name: tf.make_ndarray(value) for name, value in request.inputs.items()},
        )
