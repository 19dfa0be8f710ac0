"""Quality and diversity of what runs generate, Table 5 of the Scale-VAE paper."""

import copy

import numpy as np
import tensorflow as tf

from scale_vae_keras.data.encoded import encode_split
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import condition_of
from scale_vae_keras.evaluation.generation import (
    distinct,
    gram_share,
    open_bleu,
    perplexity,
    reconstruction_bleu,
    self_bleu,
    unigram_entropy,
)
from scale_vae_keras.layers.graphs import graph_of, needs_autograph
from scale_vae_keras.metrics import GENERATION
from scale_vae_keras.metrics.record import SELF_BLEU_SENTENCES
from scale_vae_keras.models.language_model import LanguageModel
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.samplers import Sampler
from scale_vae_keras.samplers.serialization import DEFAULT_SAMPLER
from scale_vae_keras.tables import ComparedRuns
from scale_vae_keras.text.vocabulary import END_ID, PAD_ID, START_ID

_BATCH = 250


def measure_generation(
    run: str,
    language_model: str,
    count: int,
    seed: int,
    sampler: Sampler = DEFAULT_SAMPLER,
    data: str | None = None,
) -> dict[str, float]:
    """Measures sentences from the model's prior, of all labels in turn where it has a condition.

    Args:
        run: the run folder of a text VAE.
        language_model: the run folder of an `lm` with the same vocabulary.
        count: number of sentences.
        seed: seed of the sentences.
        sampler: how tokens are chosen.
        data: where the run's corpus is now, if it has moved.

    Raises:
        InputError: a run is broken, `run` is a language model itself, the language model
            has another vocabulary, or sacreBLEU is not installed.
    """
    open_bleu()
    folder = RunFolder(run, data)
    model, judge = folder.load_text_vae(), load_judge(language_model, folder)
    longest = folder.config.max_length + 1
    test = folder.encode("test").first(count)
    labels = condition_of(model, test)
    turn = model.labels_in_turn(count)
    ids = model.generate(count, seed, sampler, longest, label=turn).ids.numpy()
    known = training_tokens(folder)
    written = [sentence for sentence in token_lists(folder, ids) if sentence]
    scores = {
        "ppl": judged_perplexity(judge, ids),
        **{f"gram_{k}": 100 * gram_share(written, known, k) for k in (2, 3, 4)},
        "entropy": unigram_entropy(written),
        **{f"dist_{k}": 100 * distinct(written, k) for k in (1, 2, 3)},
        "self_bleu": 100 * self_bleu(written[:SELF_BLEU_SENTENCES]),
    }
    copies, originals = [], []
    for start in range(0, test.sentences, _BATCH):
        rows = [
            test.tokens[test.offsets[i] : test.offsets[i + 1]]
            for i in range(start, min(start + _BATCH, test.sentences))
        ]
        batch = tf.ragged.constant(rows, dtype=tf.int32).to_tensor()
        label = None if labels is None else labels[start : start + _BATCH]
        written = model.reconstruct(batch, max_length=longest, label=label).ids
        copies += token_lists(folder, written)
        originals += token_lists(folder, batch)
    return {**scores, "reconstruction_bleu": reconstruction_bleu(copies, originals)}


def training_tokens(folder: RunFolder) -> list[list[str]]:
    """The training text of a run's corpus, whole and uncut, in tokens of the run's tokenizer.

    A word that the tokenizer does not know is `<unk>`, as in sentences that the model writes.

    Args:
        folder: folder of the run.

    Raises:
        InputError: the corpus cannot be read.
    """
    uncut = copy.copy(folder.tokenizer)
    uncut.max_length = None
    train = encode_split(folder.open_corpus(), "train", uncut)
    return [_tokens(folder, ids) for ids in np.split(train.tokens, train.offsets[1:-1])]


def load_judge(language_model: str, folder: RunFolder) -> LanguageModel:
    """The language model that judges what a run writes.

    Args:
        language_model: its run folder.
        folder: folder of the run that is judged.

    Raises:
        InputError: the run is broken, no language model, one of text given a label, or has
            another vocabulary.
    """
    judge = RunFolder(language_model)
    if judge.tokenizer.vocabulary.tokens != folder.tokenizer.vocabulary.tokens:
        raise InputError(f"{language_model} has another vocabulary than {folder.path}")
    model = judge.load_model("float32")
    if not isinstance(model, LanguageModel):
        raise InputError(f"{language_model} is not a language model: train one with --method lm")
    if model.labels:
        raise InputError(
            f"{language_model} is a model of text given a label: train the judge without condition"
        )
    return model


def token_lists(folder: RunFolder, batch: tf.Tensor) -> list[list[str]]:
    """The tokens of each sentence of a batch of ids, without start, end and padding."""
    return [_tokens(folder, ids) for ids in np.asarray(batch)]


def _tokens(folder, ids):
    """The tokens before the first `</s>`, without `<s>` and padding."""
    tokens = folder.tokenizer.vocabulary.tokens
    [ends] = np.nonzero(ids == END_ID)
    ids = ids[: ends[0]] if len(ends) else ids
    return [tokens[i] for i in ids.tolist() if i not in (PAD_ID, START_ID)]


def judged_perplexity(judge: LanguageModel, ids: np.ndarray) -> float:
    """Perplexity of sentences as samplers write them, without a start, under a language model."""

    def make():
        ids = tf.TensorSpec([None, None], tf.int32)
        return tf.function(
            judge.log_likelihood,
            input_signature=[ids],
            autograph=needs_autograph(judge, judge.decoder),
        ).get_concrete_function()

    ids = np.pad(ids, [(0, 0), (1, 0)], constant_values=START_ID)
    batches = (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))
    score = graph_of(judge, "log_likelihood", make)
    log_likelihood = np.concatenate([score(tf.constant(batch)) for batch in batches])
    return perplexity(log_likelihood, int(np.count_nonzero(ids)) - len(ids))


def generation_table(scores: dict[str, dict[str, float]]) -> ComparedRuns:
    """Measures of several runs side by side."""
    figures = {
        run: {name: metric.show(mine[name]) for name, metric in GENERATION.items()}
        for run, mine in scores.items()
    }
    about = {name: ("", metric.explanation) for name, metric in GENERATION.items()}
    return ComparedRuns(figures, about, "measure")
