"""gRPC with the stubs of tensorflow-serving-api."""

from pathlib import Path
from urllib.parse import unquote

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.framework.types_pb2 import DataType
from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataRequest,
    SignatureDefMap,
)
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from scale_vae_keras.errors import InputError
from scale_vae_keras.serving.rest_transport import MODEL_HEADER
from scale_vae_keras.serving.serving_error import ServingError

# A server that was gone is found again within a second, and the client's second try is one: left
# alone, gRPC waits a second, and after a long absence two minutes, and tells the old failure again.
_OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.enable_http_proxy", 0),
)


class GrpcTransport:
    """One model of a server, over gRPC.

    Args:
        address: `HOST:PORT`.
        secure: whether to use TLS.
        certificates: file with the certificates to trust; those of the system when None.
        model: name of the model; None until it is known.
        version: its number, or None.
        label: label of its version, or None.
    """

    def __init__(
        self,
        address: str,
        secure: bool,
        certificates: str | None,
        model: str | None,
        version: int | None,
        label: str | None,
    ):
        if secure:
            trusted = None if certificates is None else Path(certificates).read_bytes()
            credentials = grpc.ssl_channel_credentials(trusted)
            self._channel = grpc.secure_channel(address, credentials, _OPTIONS)
        else:
            self._channel = grpc.insecure_channel(address, _OPTIONS)
        self._stub = PredictionServiceStub(self._channel)
        self._spec = ModelSpec(name=model)  # without a name where it is None
        if version is not None:
            self._spec.version.value = version
        if label is not None:
            self._spec.version_label = label

    def predict(
        self, signature: str, inputs: dict[str, list], types: dict, timeout: float
    ) -> dict[str, list]:
        """Runs a signature.

        Args:
            signature: its name.
            inputs: one element per row each.
            types: data types of its `inputs` and `outputs`.
            timeout: time limit in seconds.

        Raises:
            InputError: a value has not the type of its input.
            ServingError: the server answered with an error, or did not answer.
        """
        request = PredictRequest(model_spec=self._spec)
        request.model_spec.signature_name = signature
        for name, value in inputs.items():
            try:
                tensor = tf.make_tensor_proto(value, DataType.Value(types["inputs"][name]))
            except (TypeError, ValueError, OverflowError) as error:
                raise InputError(f"{name} cannot be sent: {error}") from error
            request.inputs[name].CopyFrom(tensor)
        response = self._call(self._stub.Predict, request, timeout)
        return {name: _to_list(tf.make_ndarray(value)) for name, value in response.outputs.items()}

    def signatures(self, timeout: float) -> dict[str, dict[str, dict[str, str]]]:
        """Types of the inputs and outputs of every signature.

        Raises:
            ServingError: the server answered with an error, or did not answer.
        """
        request = GetModelMetadataRequest(model_spec=self._spec, metadata_field=["signature_def"])
        response = self._call(self._stub.GetModelMetadata, request, timeout)
        signatures = SignatureDefMap()
        response.metadata["signature_def"].Unpack(signatures)
        return {
            name: {
                side: {key: DataType.Name(info.dtype) for key, info in infos.items()}
                for side, infos in (("inputs", signature.inputs), ("outputs", signature.outputs))
            }
            for name, signature in signatures.signature_def.items()
            if signature.inputs
        }

    @property
    def model(self) -> str | None:
        """Name of the model, or None."""
        return self._spec.name or None

    @model.setter
    def model(self, name: str | None) -> None:
        self._spec.name = name or ""

    def served_model(self, timeout: float) -> str | None:
        """The name of the model that a development server has; None of another server.

        Raises:
            ServingError: the server did not answer.
        """
        method = ModelServiceStub(self._channel).GetModelStatus
        try:
            self._call(method, GetModelStatusRequest(), timeout)
        except ServingError as error:
            if error.code != "INVALID_ARGUMENT":
                raise
            said = dict(error.__cause__.trailing_metadata() or ())
            return unquote(said[MODEL_HEADER]) if MODEL_HEADER in said else None
        return None

    def close(self) -> None:
        """Closes the channel."""
        self._channel.close()

    @staticmethod
    def _call(method, request, timeout):
        try:
            return method(request, timeout=max(timeout, 1e-3))
        except grpc.RpcError as error:
            raise ServingError(error.code().name, error.details()) from error


def _to_list(array: np.ndarray) -> list:
    if array.dtype == object:
        return [text.decode(errors="replace") for text in array.tolist()]
    return array.tolist()
