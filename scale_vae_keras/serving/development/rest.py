"""The REST interface."""

import asyncio
import json
import logging
import re
import time
import zlib
from urllib.parse import unquote_to_bytes

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from google.protobuf.json_format import MessageToDict, MessageToJson
from grpc import StatusCode
from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataResponse,
    SignatureDefMap,
)
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusResponse

from scale_vae_keras.serving.development import json_tensors
from scale_vae_keras.serving.development.core import DEFAULT_SIGNATURE, Core
from scale_vae_keras.serving.development.messages import metadata_message, status_message
from scale_vae_keras.serving.development.request_error import RequestError, invalid
from scale_vae_keras.serving.development.workers import Workers, shortened
from scale_vae_keras.serving.versions import LARGEST_VERSION

_NAME = "/v1/models/([^/:]+)"
_VERSION = "(?:(?:/versions/([0-9]+))|(?:/labels/([^/:]+)))?"
_PREDICTION = re.compile(f"{_NAME}{_VERSION}:(classify|regress|predict)", re.IGNORECASE)
_STATUS = re.compile(f"/v1/models(?:/([^/:]+))?{_VERSION}(?:/(metadata))?", re.IGNORECASE)
_METRICS_PATH = "/monitoring/prometheus/metrics"
_SECONDS = 30
MAX_BODY = 2**24

HTTP_STATUS = {
    StatusCode.OK: 200,
    StatusCode.INVALID_ARGUMENT: 400,
    StatusCode.FAILED_PRECONDITION: 400,
    StatusCode.OUT_OF_RANGE: 400,
    StatusCode.UNAUTHENTICATED: 401,
    StatusCode.PERMISSION_DENIED: 403,
    StatusCode.NOT_FOUND: 404,
    StatusCode.ALREADY_EXISTS: 409,
    StatusCode.ABORTED: 409,
    StatusCode.RESOURCE_EXHAUSTED: 429,
    StatusCode.CANCELLED: 499,
    StatusCode.UNKNOWN: 500,
    StatusCode.INTERNAL: 500,
    StatusCode.DATA_LOSS: 500,
    StatusCode.UNIMPLEMENTED: 501,
    StatusCode.UNAVAILABLE: 503,
    StatusCode.DEADLINE_EXCEEDED: 504,
}


class _OneLine(logging.Filter):
    """Makes one line of what aiohttp says about requests that are no HTTP, or break off."""

    def filter(self, record):
        problem = record.exc_info and record.exc_info[1]
        if isinstance(problem, HttpProcessingError | ConnectionError):
            reason = " ".join(str(getattr(problem, "message", problem)).split())
            shown = shortened(reason)
            record.msg, record.args, record.exc_info = "REST %s", (f"malformed 400: {shown}",), None
        return True


HTTP_LOG = logging.getLogger("scale_vae_keras.serving.http")
HTTP_LOG.addFilter(_OneLine())


class RestInterface:
    """Answers `/v1/models/...` as TensorFlow Serving does.

    Args:
        core: the served model.
        workers: where requests run.
    """

    def __init__(self, core: Core, workers: Workers):
        self._core = core
        self._workers = workers

    def application(self) -> web.Application:
        """The application that handles every path and method."""
        application = web.Application(client_max_size=MAX_BODY)
        application.router.add_route("*", "/{path:.*}", self._handle)
        return application

    async def _handle(self, request: web.Request) -> web.Response:
        started = time.monotonic()
        status = HTTP_STATUS[StatusCode.CANCELLED]  # what it is if this is left by an exception
        try:
            response = await self._answer(request)
            response.headers.update(self._core.headers)
            status = response.status
            return response
        finally:
            self._workers.log(f"REST {request.method} {request.raw_path}", str(status), started)

    async def _answer(self, request):
        path = request.raw_path
        if path == _METRICS_PATH:
            return web.Response(text=self._core.metrics())
        if not path.lower().startswith("/v1/"):
            return web.Response(
                status=404, text="<html><body>Not Found</body></html>", content_type="text/html"
            )
        if request.method == "OPTIONS":
            return _preflight(request)
        try:
            body = await self._process(request.method, path, request)
        except RequestError as error:
            return _refusal(error.message, HTTP_STATUS[error.code])
        return web.Response(body=body, content_type="application/json")

    async def _process(self, method, path, request) -> bytes:
        pattern = {"POST": _PREDICTION, "GET": _STATUS}.get(method)
        match = pattern and pattern.fullmatch(path)
        if not match:
            raise invalid(f"Malformed request: {method} {path}")
        name, version, label, verb = match.groups()
        name, label = _decoded(name), _decoded(label)
        if version is not None:
            version = int(version.lstrip("0")[:20] or 0)
            if version > LARGEST_VERSION:
                raise invalid(f"Failed to convert version: {match[2][:40]} to numeric.")
        if method == "GET":
            return self._describe(name, version, label, verb)
        if verb not in ("predict", "classify", "regress"):
            raise invalid(f"Malformed request: {method} {path}")
        body = _unpacked(await _read(request), request.headers.get("Content-Encoding", ""))
        if verb != "predict":
            return await self._workers.run(self._classify, name, version, label, verb, body)
        return await self._predict(name, version, label, body)

    async def _predict(self, name, version, label, body):
        code = StatusCode.CANCELLED
        deadline = time.monotonic() + _SECONDS
        try:
            answer = await self._workers.run(self._run, name, version, label, body, deadline)
            code = StatusCode.OK
            return answer
        except RequestError as error:
            code = error.code
            raise
        finally:
            self._core.count(name, code)

    def _run(self, name, version, label, body, deadline) -> bytes:
        document = json_tensors.parse_object(body)
        signature = json_tensors.signature_name(document) or DEFAULT_SIGNATURE
        servable = self._core.find(name, version, label)
        if signature not in servable.signatures:
            raise invalid(f'Serving signature name: "{signature}" not found in signature def')
        infos = servable.signatures[signature].inputs
        if not infos:
            raise invalid(f"Failed to get input map for signature: {signature}")
        inputs, row_form = json_tensors.parse_inputs(document, infos)
        outputs = servable.predict(signature, inputs, (), deadline - time.monotonic())
        return json_tensors.to_json(outputs, row_form)

    def _classify(self, name, version, label, verb, body):
        document = json_tensors.parse_object(body)
        signature = json_tensors.signature_name(document) or DEFAULT_SIGNATURE
        examples = document.get("examples")
        if not isinstance(examples, list) or not examples:
            raise invalid(
                f"When method is {verb}, key 'examples' is expected to be a list with values"
            )
        servable = self._core.find(name, version, label)
        if signature not in servable.signatures:
            raise invalid(f"No signature was found with the name: {signature}")
        found = servable.signatures[signature].method_name
        if found != f"tensorflow/serving/{verb}":
            raise invalid(
                f"Expected {verb} signature method_name to be tensorflow/serving/{verb}. "
                f"Was: {found}"
            )
        raise RequestError(StatusCode.UNIMPLEMENTED, f"the development server has no {verb}")

    def _describe(self, name, version, label, verb) -> bytes:
        if not name:
            raise invalid("Missing model name in request.")
        if verb == "metadata":
            return _metadata_json(metadata_message(self._core, name, version, label))
        message: GetModelStatusResponse = status_message(self._core, name, version)
        return MessageToJson(message, always_print_fields_with_no_presence=True).encode()


def _metadata_json(message: GetModelMetadataResponse) -> bytes:
    signatures = SignatureDefMap()
    message.metadata["signature_def"].Unpack(signatures)
    form = {
        "always_print_fields_with_no_presence": True,
        "preserving_proto_field_name": True,
    }
    return json.dumps(
        {
            "model_spec": MessageToDict(message.model_spec, **form),
            "metadata": {"signature_def": MessageToDict(signatures, **form)},
        },
        indent=1,
    ).encode()


def _decoded(part: str | None) -> str | None:
    return part and unquote_to_bytes(part).decode(errors="replace")


async def _read(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(_SECONDS):
            return await request.read()
    except TimeoutError as error:
        raise RequestError(
            StatusCode.DEADLINE_EXCEEDED, f"the body did not come within {_SECONDS} seconds"
        ) from error
    except web.HTTPRequestEntityTooLarge as error:
        raise _too_large() from error
    except ConnectionError as error:
        raise RequestError(StatusCode.CANCELLED, "the client is gone") from error
    except (asyncio.IncompleteReadError, web.HTTPException, ValueError) as error:
        raise invalid(f"the body cannot be read: {error}") from error


def _unpacked(body: bytes, encoding: str) -> bytes:
    if encoding.strip().lower() != "gzip":
        return body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(body, MAX_BODY + 1)
    except zlib.error:
        return b""
    if len(unpacked) > MAX_BODY:
        raise _too_large()
    return unpacked if unpacker.eof else b""


def _too_large() -> RequestError:
    return RequestError(StatusCode.RESOURCE_EXHAUSTED, f"the body is larger than {MAX_BODY} bytes")


def _preflight(request: web.Request) -> web.Response:
    if re.search("https?://", request.headers.get("Origin", "")):
        return web.Response(status=200)
    return _refusal("Origin header is missing in CORS preflight", 400)


def _refusal(message: str, status: int) -> web.Response:
    # Without a character set, as TensorFlow Serving writes it.
    body = json.dumps({"error": message}).encode()
    return web.Response(body=body, status=status, content_type="application/json")
