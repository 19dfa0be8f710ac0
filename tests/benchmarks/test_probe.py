"""What a probe of a run is refused for."""

import made_runs
import pytest
from made_corpora import LINES, labelled

from scale_vae_keras.benchmarks.probe import probe_run
from scale_vae_keras.errors import InputError

CORPUS = {"lines": labelled(LINES, ["a", "b"])}


def test_an_encoder_that_reads_the_label_is_not_probed(corpus, tmp_path):
    settings = {"condition": "label", "condition_encoder": True}
    run = made_runs.start(corpus, tmp_path / "run", **settings)
    made_runs.save_untrained(run)
    with pytest.raises(InputError, match=r"encoder of .*run reads the label: its codes hold what"):
        probe_run(str(tmp_path / "run"), repeats=1)
