from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf
from child_python import run_python
from py_batches import PyBatches

from scale_vae_keras.callbacks import EpochAverageScale, LatentMonitor, LinearKLAnnealing
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import encode_dataset
from scale_vae_keras.models import LanguageModel, ScaleVAE, TextVAE
from scale_vae_keras.samplers import TopPSampler

KINDS = {
    "int64": lambda ids: ids.astype(np.int64),
    "lists": lambda ids: ids.tolist(),
    "tensor": lambda ids: tf.constant(ids, tf.int64),
    "dataset": lambda ids: tf.data.Dataset.from_tensors(ids.astype(np.int64)),
}
PADDING_ALONE = np.zeros([2, 4], np.int32)


def new(model=TextVAE, **arguments):
    keras.utils.set_random_seed(3)
    sizes = {"embedding_dim": 5, "units": 6, "dropout": 0.0}
    if model is not LanguageModel:
        sizes["latent_dim"] = 2
    vae = model(12, **sizes, **arguments)
    vae.compile(keras.optimizers.SGD(0.5))
    return vae


def fit(vae, data, **arguments):
    shuffle = {"shuffle": False}
    return vae.fit(data, batch_size=8, verbose=0, **shuffle, **arguments)


def weights_of(vae):
    return [np.array(weight) for weight in vae.trainable_weights]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_ids_trains_and_evaluates_alike(sentences, kind):
    ids = sentences(8)
    results = []
    for convert in (lambda ids: tf.data.Dataset.from_tensors(ids), KINDS[kind]):
        vae = new()
        history = fit(vae, convert(ids), epochs=2, validation_data=convert(ids)).history
        results.append((history, vae.evaluate(convert(ids), verbose=0, batch_size=8)))
    (history, values), (expected, expected_values) = results
    for name in expected:
        np.testing.assert_allclose(history[name], expected[name], rtol=1e-6)
    np.testing.assert_allclose(values, expected_values, rtol=1e-6)


@pytest.mark.parametrize("kind", ["int64", "lists", "tensor"])
def test_every_kind_of_ids_is_called_and_encoded_alike(sentences, kind):
    ids = sentences(8)
    vae = new()
    given = KINDS[kind](ids)
    np.testing.assert_array_equal(vae(given).loss, vae(ids).loss)
    np.testing.assert_array_equal(vae.encode(given).mean, vae.encode(ids).mean)
    np.testing.assert_array_equal(vae.log_likelihood(given, 3), vae.log_likelihood(ids, 3))
    np.testing.assert_allclose(
        encode_dataset(vae, given).mean, vae.encode(ids).mean, rtol=1e-5, atol=1e-6
    )


def test_monitor_takes_arrays(sentences):
    ids = sentences(20).astype(np.int64)
    vae = new()
    history = fit(vae, ids, validation_data=ids, callbacks=[LatentMonitor(ids)]).history
    assert np.isfinite(history["mi"]).all()


@pytest.mark.parametrize("model", [TextVAE, ScaleVAE, LanguageModel])
def test_train_on_batch_on_a_new_model_is_a_step_of_fit(sentences, model):
    ids = sentences(16)
    fitted = new(model)
    fit(fitted, tf.data.Dataset.from_tensors(ids), epochs=2)
    before, stepped = None, new(model)
    for _ in range(2):
        logs = stepped.train_on_batch(ids.astype(np.int64), return_dict=True)
        assert before is None or logs["loss"] < before
        before = logs["loss"]
    assert int(stepped.optimizer.iterations) == 2
    for weight, expected in zip(weights_of(stepped), weights_of(fitted), strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-6)


def test_test_on_batch_on_a_new_model_is_evaluate(sentences):
    ids = sentences(8)
    vae = new()
    values = vae.test_on_batch(ids.tolist())
    expected = vae.evaluate(tf.data.Dataset.from_tensors(ids), return_dict=True, verbose=0)
    np.testing.assert_allclose(values, [expected[k] for k in ("loss", "reconstruction", "kl")])
    assert vae.test_on_batch(ids, return_dict=True) == dict(
        zip(("loss", "reconstruction", "kl"), values, strict=True)
    )


def test_weights_of_a_batch(sentences):
    ids = sentences(4)
    vae = new()
    kept = vae.test_on_batch(ids, sample_weight=[1, 1, 0, 0])
    np.testing.assert_allclose(kept[2], np.mean(vae(ids).kl[:2]), rtol=1e-5)


@pytest.mark.parametrize("dtype", [tf.float64, tf.int32])
def test_weights_of_a_batch_in_a_tensor_of_any_type(sentences, dtype):
    ids, weights = sentences(4), [2, 0, 1, 0]
    expected = new().test_on_batch(ids, sample_weight=weights)
    assert new().test_on_batch(ids, sample_weight=tf.constant(weights, dtype)) == expected


@pytest.mark.parametrize("weights", [[2.0], [1.0, 1.0], [1.0] * 5, 2.0])
def test_one_weight_for_each_sentence(sentences, weights):
    for method in (new().train_on_batch, new().test_on_batch):
        with pytest.raises(InputError, match="4 sentences and sample_weight of shape"):
            method(sentences(4), sample_weight=weights)


@pytest.mark.parametrize("seed", [2**31, -(2**31) - 1, 0.5])
def test_seeds_are_those_of_int32(seed):
    with pytest.raises(InputError, match="seed must be a whole number from -2,147,483,648 to"):
        new(seed=seed)


def test_sizes_of_numpy():
    sizes = {"embedding_dim": np.int64(5), "units": np.int32(6), "latent_dim": 2.0}
    vae = TextVAE(np.int64(12), **sizes, heads=np.int64(1), encoder="transformer")
    assert vae.get_config() == TextVAE.from_config(vae.get_config()).get_config()
    assert vae.encode([[1, 5, 2]]).mean.shape == (1, 2)
    with pytest.raises(InputError, match="vocabulary_size must be a whole number from 1 to"):
        TextVAE(12.5, latent_dim=2)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_share_validates(sentences, weighted):
    """The last sentences do, as Keras has it, also where only every second epoch is validated."""
    ids = sentences(8)
    weights = np.linspace(0.5, 2, 8)
    parts = [{"sample_weight": part} if weighted else {} for part in (weights, weights[:6])]
    last = (ids[6:], None, weights[6:]) if weighted else ids[6:]
    once = {"epochs": 2, "validation_freq": 2}
    expected = fit(new(), ids[:6], validation_data=last, **parts[1], **once).history
    split = new()
    assert fit(split, ids, validation_split=0.25, **parts[0], **once).history == expected
    assert split.validates
    with pytest.raises(InputError, match="leaves no sentence to a part of 8"):
        fit(split, ids, validation_split=0.99)


def test_what_an_interrupted_fit_leaves(sentences):
    """No schedule: a step of one's own has the weight that is set."""

    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    vae = new()
    with pytest.raises(KeyboardInterrupt):
        fit(vae, sentences(8), callbacks=[LinearKLAnnealing(epochs=4), Interrupt()])
    vae.kl_weight.assign(0.75)
    vae.train_on_batch(sentences(8))
    assert float(vae.kl_weight) == 0.75


def test_an_empty_list_of_metrics():
    new().compile("adam", metrics=[])


def test_on_batch_refuses_what_fit_refuses(sentences):
    vae = new()
    for method in (vae.train_on_batch, vae.test_on_batch):
        with pytest.raises(InputError, match="a target y"):
            method(sentences(4), sentences(4))
        with pytest.raises(InputError, match="all padding"):
            method(PADDING_ALONE)
    with pytest.raises(InputError, match="class_weight"):
        vae.train_on_batch(sentences(4), class_weight={0: 1.0})
    with pytest.raises(InputError, match="compile"):
        TextVAE(12, latent_dim=2, embedding_dim=5, units=6).train_on_batch(sentences(4))


@pytest.mark.parametrize(
    "use",
    [
        lambda vae: vae.generate(2, max_length=4),
        lambda vae: vae.encode([[1, 5, 2]]),
        lambda vae: vae.decode([[0.0, 1.0]], "beam", max_length=4),
        lambda vae: vae.log_likelihood([[1, 5, 2]], samples=2),
        lambda vae: vae.reconstruct([[1, 5, 2]], "greedy", max_length=4),
        lambda vae: vae.interpolate([[1, 5, 2]], [[1, 6, 2]], 3, max_length=4),
        lambda vae: vae.summary(print_fn=lambda *args, **kwargs: None),
        lambda vae: vae.evaluate(np.array([[1, 5, 2]]), verbose=0),
        lambda vae: vae([[1, 5, 2]]),
    ],
    ids=[
        *("generate", "encode", "decode", "score", "reconstruct", "interpolate"),
        *("summary", "evaluate", "call"),
    ],
)
def test_built_on_demand(use):
    vae = new(ScaleVAE)
    assert not vae.built
    use(vae)
    assert vae.built


@pytest.mark.parametrize("model", [TextVAE, LanguageModel])
@pytest.mark.parametrize("pooling", ["last", "max", "mean"])
def test_a_row_of_padding_alone_is_said_by_fit_and_evaluate(model, pooling):
    vae = new(model, **({"pooling": pooling} if model is TextVAE else {}))
    for data in (PADDING_ALONE, tf.data.Dataset.from_tensors(PADDING_ALONE), iter([PADDING_ALONE])):
        with pytest.raises(InputError, match="all padding"):
            fit(vae, data)
    with pytest.raises(InputError, match="all padding"):
        vae.evaluate(PADDING_ALONE, verbose=0)
    with pytest.raises(InputError, match="all padding"):
        vae(PADDING_ALONE)


def test_text_is_sent_to_the_tokenizer():
    vae = new()
    for use in (vae.encode, vae.evaluate, vae.fit, vae.train_on_batch):
        with pytest.raises(InputError, match=r"tokenise them first.*sv\.load"):
            use(["a text"])


@pytest.mark.parametrize("name", ["greedy", "temperature", "top_k", "top_p", "beam"])
def test_samplers_by_name(name):
    vae = new()
    assert vae.generate(2, sampler=name, max_length=4).ids.shape[0] == 2
    with pytest.raises(InputError, match="sampler must be one of"):
        vae.generate(2, sampler=name + "s")


def test_graphs_are_made_once(sentences):
    vae = new()
    for ids in (sentences(8), sentences(5, seed=1)):
        encode_dataset(vae, ids)
    for p in (0.5, 0.9):
        for temperature in (0.7, 1.3, 1.0):
            vae.generate(2, sampler=TopPSampler(p, temperature), max_length=4)
    assert len(vae._graphs) == 3


def test_export_takes_int32_ids(sentences, tmp_path):
    ids = sentences(4)
    vae = new(ScaleVAE)
    vae.export(tmp_path / "exported", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "exported"))
    (specification,) = served.signatures["serving_default"].structured_input_signature[1].values()
    assert specification.dtype == tf.int32
    expected = vae(ids)
    for value, right in zip(served.serve(tf.constant(ids)), expected, strict=True):
        np.testing.assert_allclose(value, right, rtol=1e-5, atol=1e-6)
    vae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    loaded.export(tmp_path / "again", verbose=False)
    with pytest.raises(InputError, match=r"sv\.serving\.export"):
        vae.export(tmp_path / "other", format="onnx")


REPLICAS = """
import keras
import numpy as np
import tensorflow as tf
from scale_vae_keras.layers.replica import host_value
from scale_vae_keras.models import ScaleVAE

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def new():
    keras.utils.set_random_seed(3)
    vae = ScaleVAE(
        12, latent_dim=2, embedding_dim=5, units=6, min_factor_batch=4,
        decoder_initializer_range=0.5
    )
    vae.compile(keras.optimizers.SGD(0.5))
    return vae


def trained(vae):
    return [vae.train_on_batch(ids) for _ in range(3)], vae.test_on_batch(ids), vae.get_weights()


ids = np.array([[1, 5, 6, 2], [1, 7, 2, 0], [1, 8, 9, 2], [1, 4, 2, 0], [1, 10, 11, 2]], "int64")
one = trained(new())
with strategy.scope():
    vae = new()
two = trained(vae)
assert vae.distribute_strategy.num_replicas_in_sync == 2
assert int(host_value(vae.optimizer.iterations)) == 3
for part, expected in zip(keras.tree.flatten(two), keras.tree.flatten(one), strict=True):
    np.testing.assert_allclose(part, expected, rtol=1e-4, atol=1e-5)
"""


def test_on_batch_under_a_strategy():
    run_python(REPLICAS)


def test_a_system_of_ones_own_is_averaged(sentences):
    vae = new(ScaleVAE, min_factor_batch=4)
    fit(vae, sentences(16).tolist(), epochs=2, callbacks=[EpochAverageScale()])
    assert float(vae.posterior_scale.in_effect) == 1.0


def test_generators_of_ids_alone_and_what_is_wrong_with_a_later_batch(sentences):
    ids = sentences(8)
    expected = new()
    fit(expected, tf.data.Dataset.from_tensors(ids))
    vae = new()
    vae.fit(iter([ids]), steps_per_epoch=1, shuffle=False, verbose=0)
    for found, right in zip(weights_of(vae), weights_of(expected), strict=True):
        np.testing.assert_array_equal(found, right)
    with pytest.raises(InputError, match=r"^invalid batch: a row is all padding[^\n]*$"):
        vae.fit(iter([ids, PADDING_ALONE]), steps_per_epoch=2, shuffle=False, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"z": np.zeros([0, 2])}, r"z must have shape \[batch, 2\], got \(0, 2\)"),
        ({"z": np.zeros([3, 2]), "seeds": [1, 2]}, r"seeds must have shape \[3\], one each, got"),
    ],
)
def test_what_is_not_decoded(arguments, message):
    with pytest.raises(InputError, match=message):
        new().decode(**arguments)


@pytest.mark.parametrize("method", ["predict", "predict_on_batch"])
def test_predict_refuses_what_evaluate_refuses(sentences, method):
    vae, ids = new(), sentences(4)
    terms = getattr(vae, method)(ids.astype(np.int64))
    np.testing.assert_allclose(terms.loss, vae(ids).loss, rtol=1e-5)
    wrong = ids.copy()
    wrong[:, 0] = 5
    with pytest.raises(InputError, match="does not begin with <s>"):
        getattr(vae, method)(wrong)


def test_predict_checks_the_batches_of_a_dataset(sentences):
    ids = sentences(4)
    wrong = np.where(ids == 2, 5, ids)
    data = tf.data.Dataset.from_tensor_slices(np.concatenate([ids, wrong])).batch(4)
    with pytest.raises(InputError, match="does not end with </s>"):
        new().predict(data, verbose=0)


def test_weights_in_columns_follow_weights_in_rows(sentences):
    ids, vae, weights = sentences(4), new(), np.array([1.0, 0.0, 2.0, 0.5])
    rows = vae.evaluate(ids, sample_weight=weights, verbose=0)
    assert vae.evaluate(ids, sample_weight=weights[:, None], verbose=0) == rows
    for shape in ([-1], [-1, 1]):
        batch = tf.data.Dataset.from_tensors((ids, weights.reshape(shape)))
        data = batch.map(lambda ids, weights: (ids, None, weights))
        assert vae.evaluate(data, verbose=0) == rows


@pytest.mark.parametrize("weights", [[1.0], [1.0] * 3, [[1.0]]])
def test_a_batch_has_a_weight_for_each_sentence(sentences, weights):
    data = tf.data.Dataset.from_tensors((sentences(4), tf.constant(weights)))
    with pytest.raises(InputError, match="one weight for each sentence"):
        new().evaluate(data.map(lambda ids, weights: (ids, None, weights)), verbose=0)


def test_weights_go_with_arrays(sentences):
    batches = iter([sentences(4)])
    with pytest.raises(InputError, match=r"let the batches be \(ids, None, sample_weight\)"):
        new().fit(batches, sample_weight=np.ones(4), shuffle=False, verbose=0)


def test_threads_build_a_new_model_once(sentences):
    vae = new()
    with ThreadPoolExecutor(4) as threads:
        written = list(threads.map(lambda seed: vae.generate(1, seed=seed).ids, range(4)))
    assert len(written) == 4
    assert len(vae.weights) == len(set(map(id, vae.weights)))
    fit(vae, sentences(8))


class Shifted(TextVAE):
    def decoder_input(self, prior_sample):
        return 2 * prior_sample


def test_an_own_factor_needs_the_prior_that_reads_it():
    with pytest.raises(InputError, match=r'only read by the prior "scaled".*is "standard"'):
        new(Shifted)
    vae = new(Shifted, prior="scaled")
    plain = new(prior="standard")
    np.testing.assert_allclose(vae.generate(3, seed=1).z, 2 * plain.generate(3, seed=1).z)


@pytest.mark.parametrize("steps", [1, 2])
def test_a_generator_of_weights_without_targets(sentences, steps):
    ids, weights = sentences(16), np.float32(np.arange(16) % 3)
    batches = [(ids[:8], None, weights[:8]), (ids[8:], None, weights[8:])]
    expected = new()
    history = fit(expected, ids, sample_weight=weights).history
    vae = new()
    vae.compile(keras.optimizers.SGD(0.5), steps_per_execution=steps)
    found = vae.fit(iter(batches), shuffle=False, verbose=0, steps_per_epoch=2).history
    for name, right in history.items():
        np.testing.assert_allclose(found[name], right, rtol=1e-6)
    for part, right in zip(weights_of(vae), weights_of(expected), strict=True):
        np.testing.assert_allclose(part, right, rtol=1e-5, atol=1e-7)
    values = expected.evaluate(ids, sample_weight=weights, batch_size=8, verbose=0)
    found = vae.evaluate(iter(batches), verbose=0, steps=2)
    np.testing.assert_allclose(found, values, rtol=1e-6)
    with pytest.raises(InputError, match=r"^Keras reads no None from a PyDataset, as in \(ids, No"):
        vae.fit(PyBatches(*batches), verbose=0)


def test_steps_that_keras_would_exceed_are_refused(sentences):
    ids = sentences(16)
    vae = new()
    vae.compile("sgd", steps_per_execution=3)
    data = tf.data.Dataset.from_tensor_slices(ids).repeat().batch(4)
    with pytest.raises(InputError, match=r"^steps_per_epoch=4 is no multiple of steps_per_execu"):
        vae.fit(data, steps_per_epoch=4, verbose=0)
    with pytest.raises(InputError, match=r"^validation_steps=2 is no multiple of"):
        vae.fit(ids, validation_data=data, validation_steps=2, verbose=0)
    with pytest.raises(InputError, match=r"^steps=1 is no multiple of"):
        vae.evaluate(data, steps=1, verbose=0)
    vae.fit(data, steps_per_epoch=6, shuffle=False, verbose=0)
    assert int(vae.optimizer.iterations) == 6
