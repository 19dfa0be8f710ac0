"""One loaded version of a model."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_text  # noqa: F401 - registers its operations
from grpc import StatusCode
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef, TensorInfo

from scale_vae_keras.serving.development.request_error import RequestError, invalid
from scale_vae_keras.serving.serving_error import refusal
from scale_vae_keras.serving.warmup import WARMUP_FILE, read_warmup

_CODES = {code.value[0]: code for code in StatusCode}
_PREDICT = "tensorflow/serving/predict"
_WARMUP_SECONDS = 600


class Servable:
    """A SavedModel in a session of its own.

    Loading runs its warm-up requests.

    Args:
        path: the folder of the version.
        version: its number.

    Raises:
        RequestError: the version cannot be loaded, or a warm-up request fails.
    """

    def __init__(self, path: str | os.PathLike, version: int):
        self.version = version
        graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=graph)
        try:
            with graph.as_default():
                meta_graph = tf.compat.v1.saved_model.load(
                    self._session, [tf.saved_model.SERVING], str(path)
                )
            self.signatures: Mapping[str, SignatureDef] = dict(meta_graph.signature_def)
            if (Path(path) / WARMUP_FILE).exists():
                for signature, inputs in read_warmup(path):
                    self.predict(signature, inputs, (), _WARMUP_SECONDS)
        except RequestError:
            raise
        except Exception as error:  # a broken file can fail anywhere in its reader
            raise RequestError(_code(error), _first_line(error)) from error

    def signature(self, name: str) -> SignatureDef:
        """The signature for prediction of that name.

        Raises:
            RequestError: there is none.
        """
        if name not in self.signatures:
            raise RequestError(
                StatusCode.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.'
            )
        signature = self.signatures[name]
        if signature.method_name != _PREDICT:
            raise RequestError(
                StatusCode.INTERNAL,
                f"Expected prediction signature method_name to be {_PREDICT}. Was: "
                f"{signature.method_name}",
            )
        return signature

    def predict(
        self,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        outputs: Sequence[str],
        seconds: float,
    ) -> dict[str, np.ndarray]:
        """Runs a signature.

        Args:
            signature_name: its name.
            inputs: an array of the right type for every input of the signature.
            outputs: names of the wanted outputs; all when empty.
            seconds: time that it may take.

        Raises:
            RequestError: an output is not known or named twice, an array has a shape that does not
                fit, the time is over, or the model refuses the inputs.
        """
        signature = self.signature(signature_name)
        for name in outputs:
            if name not in signature.outputs:
                raise invalid(f"output tensor alias not found in signature: {name}")
        if len(set(outputs)) < len(outputs):
            raise invalid(f"duplicate output tensor alias: {', '.join(outputs)}")
        if seconds <= 0:
            raise RequestError(StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded")
        for name, value in inputs.items():
            _check_shape(name, value, signature.inputs[name])
        try:
            return self._session.run(
                {name: signature.outputs[name].name for name in outputs or signature.outputs},
                {signature.inputs[name].name: value for name, value in inputs.items()},
                tf.compat.v1.RunOptions(timeout_in_ms=max(1, int(seconds * 1000))),
            )
        except tf.errors.OpError as error:
            raise RequestError(_code(error), refusal(error.message)) from error


def _code(error: Exception) -> StatusCode:
    if isinstance(error, tf.errors.OpError):
        return _CODES[error.error_code]
    return StatusCode.UNKNOWN


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _check_shape(name: str, value: np.ndarray, info: TensorInfo) -> None:
    shape = tf.TensorShape(info.tensor_shape)
    if not shape.is_compatible_with(value.shape):
        raise invalid(f"{name} must have shape {shape}, got {tf.TensorShape(value.shape)}")
