"""The record of every figure, in the order of a report.

A figure is one entry here; tables, pages and logs read names, units, meanings and digits from it.
"""

from scale_vae_keras.metrics.metric import Metric

SELF_BLEU_SENTENCES = 1_000
"""How many generated sentences are compared with each other."""

_SENTENCE = "nats per sentence"


def _by_name(*metrics: Metric) -> dict[str, Metric]:
    return {metric.name: metric for metric in metrics}


EVALUATION = _by_name(
    Metric(
        "iw_nll",
        _SENTENCE,
        "negative log-likelihood, importance weighted",
        "upper bound in expectation; exact for a language model",
        better="smaller",
    ),
    Metric("elbo_nll", _SENTENCE, "negative ELBO", "upper bound in expectation", better="smaller"),
    Metric(
        "objective_nll",
        _SENTENCE,
        "reconstruction + kl, minus the paper's objective",
        "upper bound in expectation; for Scale-VAE no bound at all",
    ),
    Metric("ppl", "per token", "perplexity, from iw_nll", "upper bound in expectation", "smaller"),
    Metric(
        "bits_per_byte",
        "bits per byte",
        "iw_nll in bits, per UTF-8 byte of the text",
        "upper bound in expectation",
        better="smaller",
        digits=3,
    ),
    Metric("reconstruction", _SENTENCE, "-log p(x|z)", "estimate, at samples z of q-hat"),
    Metric("kl", _SENTENCE, "KL(q || N(0, I)) of the encoder's posterior q"),
    Metric("kl_scaled_prior", _SENTENCE, "KL(q-hat || N(0, f-bar^2))"),
    Metric("kl_standard_prior", _SENTENCE, "KL(q-hat || N(0, I))"),
    Metric(
        "mi",
        "nats",
        "mutual information of sentence and z, whole set",
        "estimate, at most mi_cap",
        better="larger",
    ),
    Metric("mi_cap", "nats", "most that mi can show"),
    Metric("mi_upper", "nats", "upper bound of the information", "upper bound in expectation"),
    Metric(
        "mi_batch",
        "nats",
        "mutual information of sentence and z, within batches",
        "estimate, at most mi_batch_cap",
        better="larger",
    ),
    Metric("mi_batch_cap", "nats", "most that mi_batch can show"),
    Metric(
        "au",
        "units",
        "active units of q-hat, which the decoder samples from",
        better="larger",
        digits=0,
    ),
    Metric("au_unscaled", "units", "active units of q", better="larger", digits=0),
    Metric("mpd", "nats", "mutual posterior divergence", digits=1),
    Metric("mpd_bound", "nats", "its lower bound", "lower bound", digits=1),
    Metric("factor", "", "f-bar: min, mean, max"),
    Metric("ess", "samples", "effective importance samples", better="larger", digits=0),
    Metric("iw_samples", "samples", "importance samples", digits=0),
    Metric("sentences", "", "that were measured", digits=0),
    Metric("tokens", "", "predicted, </s> counted", digits=0),
    Metric("prior", "", "that the likelihood is declared for"),
)
"""What `evaluate_model` returns. q is the posterior of the encoder, q-hat the one that the decoder
samples from."""

OF_RUN = _by_name(Metric("split", "", "of the corpus, that was measured"))
"""What `evaluate_run` adds for a run."""

LABELS = _by_name(
    Metric("condition", "", "what every likelihood is given: p(text | label)"),
    Metric(
        "label_accuracy",
        "",
        "share of sentences whose label the classifier finds",
        better="larger",
        digits=3,
    ),
    Metric("label_majority", "", "share of the most frequent label", digits=3),
)
"""What `evaluate_model` returns in addition for a model with a condition."""

TRAINING = _by_name(
    Metric(
        "loss",
        _SENTENCE,
        "what training minimises; in validation with the weight of the KL after annealing",
        EVALUATION["objective_nll"].bound,
        better="smaller",
    ),
    Metric(
        "perplexity",
        "per token",
        "perplexity, from elbo_nll",
        "upper bound in expectation; exact for a language model",
        better="smaller",
    ),
    Metric("kl_weight", "", "weight of the KL in the last step of the epoch"),
    Metric("learning_rate", "", "learning rate in the last step of the epoch"),
    Metric(
        "gradient_norm", "", "before clipping, mean over the epoch's steps that were not skipped"
    ),
    Metric("gradient_norm_max", "", "before clipping, the largest of the epoch"),
    Metric(
        "tokens_per_second",
        "",
        "predicted tokens of the training sentences per second of wall time, validation left out",
    ),
    Metric(
        "skipped_steps",
        "",
        "steps left out since the start because a gradient was not finite",
        better="smaller",
        digits=0,
    ),
    Metric("factor_min", "", "smallest f-bar of a latent dimension"),
    Metric("factor_mean", "", "mean of f-bar over the latent dimensions"),
    Metric("factor_max", "", "largest f-bar of a latent dimension"),
)
"""What an epoch logs in addition to figures of `EVALUATION`."""

COMPARISON = _by_name(
    Metric(
        "above_lm",
        _SENTENCE,
        "iw_nll less that of the lm of the same seed, tokenizer and length, by sentence",
        "upper bound in expectation",
        better="smaller",
    ),
)
"""Of a system beside the language model in a benchmark."""

COST = _by_name(
    Metric("epochs", "epochs", "trained", digits=0),
    Metric("best_epoch", "", "epoch of the model that is kept", digits=0),
    Metric("seconds", "s", "wall time of training", better="smaller", digits=0),
    Metric("cpu_seconds", "s", "processor time of training", better="smaller", digits=0),
    Metric("steps_to_best", "steps", "steps to the best epoch", better="smaller", digits=0),
    Metric(
        "cpu_seconds_to_best", "s", "processor time to the best epoch", better="smaller", digits=0
    ),
)
"""What training a run took."""

DIMENSION = _by_name(
    Metric("kl", "nats", "KL that is charged"),
    Metric("factor", "", "factor f-bar"),
    Metric("mean_variance", "", "variance of the means that the decoder sees"),
    Metric("variance", "", "mean posterior variance"),
)
"""Of one latent dimension, see `dimension_table`."""

GENERATION = _by_name(
    Metric("ppl", "by token", "perplexity under the language model", better="smaller"),
    Metric("gram_2", "%", "% of 2-grams that occur in the training text", better="larger"),
    Metric("gram_3", "%", "% of 3-grams", better="larger"),
    Metric("gram_4", "%", "% of 4-grams", better="larger"),
    Metric("entropy", "nats", "of the unigrams", better="larger"),
    Metric("dist_1", "%", "% different 1-grams of all", better="larger"),
    Metric("dist_2", "%", "% different 2-grams of all", better="larger"),
    Metric("dist_3", "%", "% different 3-grams of all", better="larger"),
    Metric(
        "self_bleu",
        "%",
        f"of the first {SELF_BLEU_SENTENCES:,} sentences against each other",
        better="smaller",
    ),
    Metric(
        "reconstruction_bleu", "", "of greedy reconstructions of the test sentences", "", "larger"
    ),
)
"""Of sentences from the prior and of reconstructions."""

PROBE = _by_name(
    Metric(
        "accuracy",
        "%",
        "of a linear classifier of the label on the means",
        better="larger",
        digits=1,
    ),
)
"""Of a classifier on the latent code."""

CONTROL = _by_name(
    Metric("success", "%", "% that the classifier takes for the target", "", "larger", 1),
    Metric(
        "success_length", "%", "% so along the part of the vector that length explains", digits=1
    ),
    Metric("success_rest", "%", "% so along the rest of the vector", "", "larger", 1),
    Metric("length_share", "%", "% of the effect that length alone explains", "", "smaller", 1),
    Metric("bleu", "", "of what is written to the sentence that was moved", "", "larger", 1),
    Metric("ppl", "by token", "perplexity under the language model", better="smaller"),
    Metric("words", "", "mean tokens of what is written", digits=1),
)
"""Of sentences that are moved along an attribute vector."""

STRUCTURE = _by_name(
    Metric("mig", "", "mutual information gap of the factors", "", "larger", 3),
    Metric("disentanglement", "", "DCI disentanglement", "", "larger", 3),
    Metric("completeness", "", "DCI completeness", "", "larger", 3),
    Metric(
        "informativeness",
        "%",
        "% of factor values that a forest finds in the means",
        "",
        "larger",
        1,
    ),
    Metric(
        "z_diff", "%", "% of fixed factors that a linear classifier finds (z-diff)", "", "larger", 1
    ),
)
"""Of the means of sentences whose factors are known, see `structure`."""

LATENT_SPACE = _by_name(
    Metric("accuracy", "%", "of a linear classifier of the component on the means", "", "larger"),
    Metric("silhouette", "", "of the components in the map, at most 1", better="larger"),
    Metric(
        "holes",
        "nats",
        "KL of the aggregated posterior to the generator's prior",
        better="smaller",
    ),
    Metric("mi", "nats", "mutual information of sentence and code", EVALUATION["mi"].bound),
    EVALUATION["elbo_nll"],
    Metric("spread", "", "standard deviation of the means, mean over the dimensions"),
    Metric("factor", "", "f-bar, mean over the dimensions"),
)
"""Of a map of the latent code."""
