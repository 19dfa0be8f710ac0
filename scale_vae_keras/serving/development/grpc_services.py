"""The gRPC interface."""

import time

import grpc
from grpc import StatusCode
from tensorflow_serving.apis import (
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)
from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataRequest,
    GetModelMetadataResponse,
)
from tensorflow_serving.apis.get_model_status_pb2 import (
    GetModelStatusRequest,
    GetModelStatusResponse,
)
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse

from scale_vae_keras.serving.development.core import (
    DEFAULT_SIGNATURE,
    Core,
    predict_protos,
    within,
)
from scale_vae_keras.serving.development.messages import metadata_message, status_message
from scale_vae_keras.serving.development.request_error import RequestError, invalid
from scale_vae_keras.serving.development.tensor_protos import proto_from_array
from scale_vae_keras.serving.development.workers import Workers

_SECONDS = 3600


def _version(spec: ModelSpec) -> int | None:
    return spec.version.value if spec.HasField("version") else None


def _label(spec: ModelSpec) -> str | None:
    return spec.version_label if spec.WhichOneof("version_choice") == "version_label" else None


def _checked_spec(request) -> ModelSpec:
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    return request.model_spec


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """`Predict` and `GetModelMetadata`; the other methods are not implemented.

    Args:
        core: the served model.
        workers: where requests run.
    """

    def __init__(self, core: Core, workers: Workers):
        self._core = core
        self._workers = workers

    async def Predict(self, request: PredictRequest, context) -> PredictResponse:  # noqa: N802
        """Runs a signature of a version."""
        deadline = time.monotonic() + within(context.time_remaining(), _SECONDS)
        code = StatusCode.CANCELLED
        try:
            response = await self._workers.run(self._predict, request, deadline)
            code = StatusCode.OK
            return response
        except RequestError as error:
            code = error.code
            raise
        finally:
            self._core.count(request.model_spec.name, code)

    def _predict(self, request, deadline):
        spec = _checked_spec(request)
        servable = self._core.find(spec.name, _version(spec), _label(spec))
        signature = spec.signature_name or DEFAULT_SIGNATURE
        outputs = predict_protos(
            servable,
            signature,
            request.inputs,
            list(request.output_filter),
            deadline - time.monotonic(),
        )
        response = PredictResponse()
        response.model_spec.name = spec.name
        response.model_spec.version.value = servable.version
        response.model_spec.signature_name = signature
        for name, array in outputs.items():
            response.outputs[name].CopyFrom(proto_from_array(array))
        return response

    async def GetModelMetadata(  # noqa: N802
        self, request: GetModelMetadataRequest, context
    ) -> GetModelMetadataResponse:
        """The signatures of a version."""
        spec = _checked_spec(request)
        if not request.metadata_field:
            raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != "signature_def":
                raise invalid(f"Metadata field {field} is not supported")
        return metadata_message(self._core, spec.name, _version(spec), _label(spec))


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """`GetModelStatus`; the configuration is checked as a server would, but cannot be reloaded.

    Args:
        core: the served model.
    """

    def __init__(self, core: Core):
        self._core = core

    async def GetModelStatus(  # noqa: N802
        self, request: GetModelStatusRequest, context
    ) -> GetModelStatusResponse:
        """The states of the versions of a model."""
        spec = _checked_spec(request)
        return status_message(self._core, spec.name, _version(spec))

    async def HandleReloadConfigRequest(self, request: ReloadConfigRequest, context):  # noqa: N802
        """Refuses every configuration."""
        if request.config.WhichOneof("config") != "model_config_list":
            raise invalid(
                "ServerModelConfig type not supported by HandleReloadConfigRequest. Only "
                "ModelConfigList is currently supported"
            )
        names = set()
        for config in request.config.model_config_list.config:
            if config.name in names:
                raise invalid(f"Model {config.name} appears multiple times in config list")
            names.add(config.name)
            if not config.base_path.startswith("/"):
                raise invalid(
                    f"Expected model {config.name} to have an absolute path or URI; got "
                    f"base_path()={config.base_path}"
                )
            if config.model_platform != "tensorflow":
                raise invalid(f"unknown platform of {config.name}: {config.model_platform}")
        raise RequestError(
            StatusCode.UNIMPLEMENTED, "the development server cannot reload its configuration"
        )


def add_services(server: grpc.aio.Server, core: Core, workers: Workers) -> None:
    """Adds the prediction and the model service to a server."""
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(core, workers), server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(core), server)
