"""Whether a stock TensorFlow Serving can run a SavedModel."""

import os
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from scale_vae_keras.errors import InputError

TEXT_OPERATIONS = frozenset(
    {
        "CaseFoldUTF8",
        "FastWordpieceTokenizeWithOffsets",
        "NormalizeUTF8",
        "RegexSplitWithOffsets",
        "SentencepieceOp",
        "SentencepieceTokenizeOp",
        "TFText>FastWordpieceDetokenize",
        "TFText>WhitespaceTokenizeWithOffsetsV2",
        "UnicodeScriptTokenizeWithOffsets",
    }
)
_NEEDS_PYTHON = frozenset({"EagerPyFunc", "PyFunc", "PyFuncStateless"})
_NEEDS_GPU = "Cudnn"
_NEEDS_XLA = "Xla"


def check_portable(version: str | os.PathLike) -> None:
    """Refuses what a stock server on a CPU cannot run.

    Its XLA is switched off, it has no Python, and it knows the operations of core TensorFlow and of
    TensorFlow Text.

    Args:
        version: the folder of the SavedModel.

    Raises:
        InputError: a function is compiled with XLA, or an operation is not known to the server.
    """
    saved_model = SavedModel.FromString((Path(version) / "saved_model.pb").read_bytes())
    for meta_graph in saved_model.meta_graphs:
        library = meta_graph.graph_def.library
        for function in library.function:
            if function.attr["_XlaMustCompile"].b:
                raise _compiled(function.signature.name)
        for node in _nodes(meta_graph.graph_def):
            if "_XlaMustCompile" in node.attr and node.attr["_XlaMustCompile"].b:
                raise _compiled(node.name)
            if not _known(node.op):
                raise InputError(
                    f"a stock TensorFlow Serving cannot run the operation {node.op} ({node.name}): "
                    "write the model with core TensorFlow operations for the CPU"
                )


def _nodes(graph) -> Iterator[NodeDef]:
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def _known(operation: str) -> bool:
    if operation in _NEEDS_PYTHON or operation.startswith((_NEEDS_GPU, _NEEDS_XLA)):
        return False
    return operation in TEXT_OPERATIONS or hasattr(tf.raw_ops, operation)


def _compiled(name: str) -> InputError:
    return InputError(
        f"{name} is compiled with XLA, which a stock TensorFlow Serving refuses to run: leave "
        "jit_compile out"
    )
