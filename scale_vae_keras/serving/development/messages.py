"""Answers about a model that both protocols give."""

from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataResponse,
    SignatureDefMap,
)
from tensorflow_serving.apis.get_model_status_pb2 import (
    GetModelStatusResponse,
    ModelVersionStatus,
)

from scale_vae_keras.serving.development.core import Core


def status_message(core: Core, name: str, version: int | None = None) -> GetModelStatusResponse:
    """The states of the versions of a model, the newest first.

    Raises:
        RequestError: there is no such model or version.
    """
    message = GetModelStatusResponse()
    for number, status in core.status(name, version).items():
        entry = message.model_version_status.add(
            version=number, state=ModelVersionStatus.State.Value(status.state)
        )
        entry.status.error_code = status.code
        entry.status.error_message = status.message
    return message


def metadata_message(
    core: Core, name: str, version: int | None = None, label: str | None = None
) -> GetModelMetadataResponse:
    """The signatures of a version.

    Raises:
        RequestError: there is no such model, version or label.
    """
    servable = core.find(name, version, label)
    message = GetModelMetadataResponse()
    message.model_spec.name = name
    message.model_spec.version.value = servable.version
    signatures = SignatureDefMap()
    for key, signature in servable.signatures.items():
        signatures.signature_def[key].CopyFrom(signature)
    message.metadata["signature_def"].Pack(signatures)
    return message
