"""The objective of a search."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scale_vae_keras.errors import InputError
from scale_vae_keras.metrics import EVALUATION

_DIRECTIONS = {
    name: "max" if EVALUATION[name].better == "larger" else "min"
    for name in ("elbo_nll", "objective_nll", "mi")
}
_COMBINATION = re.compile(r"elbo_nll\s*-\s*([0-9]*\.?[0-9]+)\s*\*\s*mi")


@dataclass(frozen=True)
class SearchObjective:
    """A figure of the validation sentences that is to be small or large.

    - "elbo_nll": the negative ELBO under the trial's prior, which sentences are drawn from:
      reconstruction + KL(N(f mu, sigma^2) || prior). An upper bound of the negative
      log-likelihood, so models with different factors and priors can be ranked by it.
    - "objective_nll": the paper's, reconstruction + KL(N(mu, sigma^2) || N(0, I)). Under the
      paper's prior f-bar * z it is below `elbo_nll` by
      `sum_d [log f_d - sigma_d^2 (1 - 1 / f_d^2) / 2]`. It bounds nothing: a larger `des_std`
      lowers it even where the model of the sentences is no better.
    - "mi": the mutual information of sentence and code, which is to be large; no larger than the
      log of the number of sentences.
    - "elbo_nll-W*mi", with W in (0, 1]: `elbo_nll` with W nats less charged for each nat of
      information. Since the KL in it is the information plus KL(aggregated posterior || prior),
      information that the decoder does not use is never rewarded.

    Attributes:
        name: as above.
        direction: "min" or "max".
        weight: W, zero for the others.
    """

    name: str
    direction: str
    weight: float = 0.0

    def value(self, metrics: Mapping[str, float]) -> float:
        """The figure, in nats per sentence.

        Args:
            metrics: `elbo_nll`, `objective_nll` and `mi`, as `evaluate_model` gives them.
        """
        if self.weight:
            return metrics["elbo_nll"] - self.weight * metrics["mi"]
        return metrics[self.name]


def search_objective(name: str) -> SearchObjective:
    """The objective of that name, see `SearchObjective`.

    Raises:
        InputError: there is none.
    """
    if name in _DIRECTIONS:
        return SearchObjective(name, _DIRECTIONS[name])
    combination = _COMBINATION.fullmatch(name.strip())
    if not combination:
        raise InputError(
            f"unknown objective {name!r}: choose {', '.join(_DIRECTIONS)} or elbo_nll-W*mi, for "
            "instance elbo_nll-0.5*mi"
        )
    weight = float(combination.group(1))
    if not 0 < weight <= 1:
        raise InputError(
            f"the weight of mi must be above 0 and at most 1, got {weight:g}: beyond 1 information "
            "that the decoder does not use would be rewarded"
        )
    return SearchObjective(f"elbo_nll-{weight:g}*mi", "min", weight)
