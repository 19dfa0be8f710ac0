"""A stock server compares no shapes with the signature, so the graph must."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.config_pb2 import CallableOptions

LATENT = 4
SEED = np.array([1, 2], np.int64)
ONES = np.ones(2, np.float32)
CODES = np.zeros([2, LATENT], np.float32)
TEXT = np.array([b"a", b"b"], object)


def asked(seed, temperature, top_p=ONES):
    return {"seed": seed, "temperature": temperature, "top_p": np.asarray(top_p, np.float32)}


def shifted(vector, amount):
    return {"text": TEXT, "vector": vector, "amount": np.float32(amount)}


@pytest.fixture(scope="module")
def run(models):
    """Runs a signature as a server does: fed by name, without a look at shapes."""
    graph = tf.Graph()
    with graph.as_default(), tf.compat.v1.Session(graph=graph) as session:
        meta_graph = tf.compat.v1.saved_model.load(session, ["serve"], str(models / "1"))

        def run(name, inputs):
            signature = meta_graph.signature_def[name]
            options = CallableOptions(
                feed=[signature.inputs[key].name for key in inputs],
                fetch=[info.name for info in signature.outputs.values()],
            )
            outputs = session._make_callable_from_options(options)(*inputs.values())
            return dict(zip(signature.outputs, outputs, strict=True))

        yield run


@pytest.mark.parametrize(
    ("signature", "inputs", "message"),
    [
        ("generate", asked(SEED[0], ONES), r"seed must have shape \[rows\]"),
        ("generate", asked(SEED[None], ONES), r"seed must have shape \[rows\]"),
        ("generate", asked(SEED, ONES[0]), "temperature must have shape"),
        ("generate", asked(SEED, ONES[:1]), "same number of rows in seed and"),
        ("generate", asked(SEED[:0], ONES[:0], ONES[:0]), "at least 1 and at most 64"),
        (
            "generate",
            asked(np.zeros(65, np.int64), np.ones(65, np.float32), np.ones(65, np.float32)),
            "at least 1 and at most 64 rows",
        ),
        ("generate", asked(SEED, 0 * ONES), "temperature must be above 0"),
        ("generate", asked(SEED, -ONES), "temperature must be above 0"),
        ("generate", asked(SEED, np.nan * ONES), "temperature must be above 0"),
        ("generate", asked(SEED, np.inf * ONES), "temperature must be above 0"),
        ("generate", asked(SEED, ONES, ONES[0]), "top_p must have shape"),
        ("generate", asked(SEED, ONES, ONES[:1]), "same number of rows in seed and temperature"),
        ("generate", asked(SEED, ONES, 0 * ONES), "top_p must be above 0 and at most 1"),
        ("generate", asked(SEED, ONES, [0.5, 1.01]), "top_p must be above 0 and at most 1"),
        ("generate", asked(SEED, ONES, np.nan * ONES), "top_p must be above 0 and at most 1"),
        ("decode", {"z": CODES[:, :3]}, r"z must have shape \[rows, 4\]"),
        ("decode", {"z": CODES[0]}, r"z must have shape \[rows, 4\]"),
        ("decode", {"z": CODES[None]}, r"z must have shape \[rows, 4\]"),
        ("decode", {"z": CODES[:0]}, "at least 1 and at most 64 rows"),
        ("decode", {"z": CODES + np.float32(np.nan)}, "z must be finite"),
        ("beam", {"z": CODES - np.float32(np.inf)}, "z must be finite"),
        ("decode", {"z": CODES + np.float32(3e38)}, r"z must be within ±1,000,000 in every row"),
        ("beam", {"z": CODES - np.float32(1000001)}, "z must be within"),
        ("encode", {"text": TEXT[None]}, r"text must have shape \[rows\]"),
        ("encode", {"text": TEXT[:0]}, "at least 1 and at most 64 rows"),
        ("reconstruct", {"text": np.array(b"a", object)}, r"text must have shape \[rows\]"),
        ("score", {"text": TEXT, "seed": SEED[:1]}, "same number of rows in text and seed"),
        ("interpolate", {"start": TEXT, "end": TEXT[:1], "alpha": ONES}, "same number of rows"),
        ("interpolate", {"start": TEXT, "end": TEXT, "alpha": 2 * ONES}, r"alpha must be in \[0,"),
        ("interpolate", {"start": TEXT, "end": TEXT, "alpha": np.nan * ONES}, "alpha must be in"),
        ("shift", shifted(CODES[:1], ONES), "same number of rows in text and vector and amount"),
        ("shift", shifted(CODES[:, :3], ONES), r"vector must have shape \[rows, 4\]"),
        ("shift", shifted(CODES, CODES), r"amount must have shape \[rows\]"),
        ("shift", shifted(CODES + np.float32(np.nan), ONES), "vector must be finite"),
        ("shift", shifted(CODES, np.inf * ONES), "amount must be finite"),
        ("shift", shifted(CODES + np.float32(2), ONES * 1e6), "lead to must be within ±1,000,000"),
        ("shift", shifted(CODES + np.float32(3e38), 3 * ONES), "lead to must be within"),
    ],
)
def test_bad_inputs_are_refused_with_a_clear_message(run, signature, inputs, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run(signature, inputs)


def test_good_inputs_are_not_refused(run):
    assert len(run("generate", asked(SEED, ONES))["text"]) == 2
    assert len(run("interpolate", {"start": TEXT, "end": TEXT, "alpha": ONES})["text"]) == 2
    assert len(run("shift", shifted(CODES + 1, -ONES))["text"]) == 2


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_codes_are_read(run, sign):
    codes = CODES + np.float32(sign * 1e6)
    assert len(run("decode", {"z": codes})["text"]) == 2
    assert np.isfinite(run("beam", {"z": codes})["log_probability"]).all()


def test_the_largest_request_is_answered(run):
    seeds = np.arange(64) + np.iinfo(np.int64).min
    outputs = run("generate", asked(seeds, np.ones(64, np.float32), np.ones(64, np.float32)))
    assert len(outputs["text"]) == 64
