"""What both protocols share: finding a version, checking inputs, request counts by outcome."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import numpy as np
from grpc import StatusCode
from tensorflow.core.framework.tensor_pb2 import TensorProto

from scale_vae_keras.serving.development.request_error import RequestError, invalid
from scale_vae_keras.serving.development.servable import Servable
from scale_vae_keras.serving.development.served_model import ServedModel
from scale_vae_keras.serving.development.tensor_protos import array_from_proto
from scale_vae_keras.serving.rest_transport import MODEL_HEADER

DEFAULT_SIGNATURE = "serving_default"
_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
"""What the value of a label holds in Prometheus' text format."""


class Core:
    """The served model, and request counts by outcome.

    Args:
        model: the served model.

    Attributes:
        headers: what every answer carries: the name of the model, for clients that do not know it.
    """

    def __init__(self, model: ServedModel):
        self.model = model
        self.headers = {MODEL_HEADER: quote(model.name, safe="")}
        self._requests: Counter[str] = Counter()

    def find(self, name: str, version: int | None = None, label: str | None = None) -> Servable:
        """The version that a request asks for.

        Raises:
            RequestError: the name is missing, or there is no such model, version or label.
        """
        if not name:
            raise invalid("ModelSpec has no name specified.")
        if name != self.model.name:
            if label is not None:
                raise invalid(f"Unrecognized servable version label: {label}")
            wanted = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise self._not_found(f"Servable not found for request: {wanted}")
        return self.model.find(version, label)

    def status(self, name: str, version: int | None = None):
        """What became of the versions of a model, see `ServedModel.status`.

        Raises:
            RequestError: there is no such model or version.
        """
        if name != self.model.name:
            which = "any versions" if version is None else f"version {version}"
            raise self._not_found(f"Could not find {which} of model {name}")
        return self.model.status(version)

    def _not_found(self, message):
        return RequestError(
            StatusCode.NOT_FOUND, f"{message}; the model of this server is {self.model.name}"
        )

    def count(self, name: str, code: StatusCode) -> None:
        """Counts a request for prediction; unknown models are not told apart."""
        if name == self.model.name:
            self._requests[code.name] += 1

    def metrics(self) -> str:
        """The counters in Prometheus' text format."""
        metric = ":tensorflow:serving:request_count"
        name = self.model.name.translate(_ESCAPED)
        lines = [f"# TYPE {metric} counter"]
        lines += [
            f'{metric}{{model_name="{name}",status="{code}"}} {count}'
            for code, count in sorted(self._requests.items())
        ]
        return "\n".join(lines) + "\n"


def predict_protos(
    servable: Servable,
    signature_name: str,
    protos: Mapping[str, TensorProto],
    outputs: Sequence[str],
    seconds: float,
) -> dict[str, np.ndarray]:
    """Runs a signature on tensors that a client sent; left-out inputs get their defaults.

    Raises:
        RequestError: the signature or an input is not known, an input is missing or broken, or the
            run fails, see `Servable.predict`.
    """
    signature = servable.signature(signature_name)
    known, sent = set(signature.inputs), set(protos)
    if len(sent) > len(known) or (len(sent) < len(known) and not signature.defaults):
        raise invalid(
            f"input size does not match signature: {len(sent)}!={len(known)}. Sent extra: "
            f"{{{','.join(sorted(sent - known))}}}. Missing but required: "
            f"{{{','.join(sorted(known - sent))}}}."
        )
    absent = sorted(known - sent - set(signature.defaults))
    if absent or sent - known:
        raise invalid(
            f"Signature input alias: {', '.join(absent)} not found in the request; it has "
            f"{{{','.join(sorted(sent))}}}"
        )
    given = {**signature.defaults, **protos}
    inputs = {
        name: array_from_proto(given[name], name, signature.inputs[name].dtype, place)
        for place, name in enumerate(sorted(known))
    }
    return servable.predict(signature_name, inputs, outputs, seconds)


def within(seconds: float | None, most: float) -> float:
    """The time a request may take: what its caller allows, and no more than `most`."""
    return most if seconds is None or math.isnan(seconds) else min(seconds, most)
