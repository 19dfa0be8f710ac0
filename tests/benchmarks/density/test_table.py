import pandas as pd

from scale_vae_keras.benchmarks.density.table import density_markdown

METRICS = {
    "ppl": 3.0,
    "elbo_nll": 40.0,
    "objective_nll": 39.0,
    "reconstruction": 38.0,
    "kl_scaled_prior": 2.0,
    "au_unscaled": 1,
    "mpd": 4.0,
    "ess": 9.0,
    "sentences": 20,
    "iw_samples": 10,
    "generator": "scaled",
    "epochs": 8,
    "version": "0.1.0",
    "corpus_fingerprint": "abcdef0123456789",
    "command": "scale-vae benchmark density",
}


def row(system, seed, iw_nll, kl, mi, au, best_epoch=8, cpu_seconds_to_best=100, **more):
    own = {
        "system": system,
        "seed": seed,
        "iw_nll": iw_nll,
        "kl": kl,
        "mi": mi,
        "au": au,
        "best_epoch": best_epoch,
        "cpu_seconds_to_best": cpu_seconds_to_best,
        **more,
    }
    return {**METRICS, **own}


def shown(rows):
    return density_markdown(pd.DataFrame(rows))


ROWS = [
    row("vae", 1, 37.0, 0.5, 0.4, 2, iw_nll_se=0.25),
    row("scale", 1, 39.0, 5.0, 7.0, 32, cpu_seconds_to_best=80),
    row("scale", 2, 40.0, 6.0, 8.0, 32, cpu_seconds_to_best=100),
    row("lstm-lm", 1, 36.0, 0.0, None, None, iw_nll_se=0.1),
]


def cells(text):
    """Cells of each table's lines by first cell."""
    tables = [part.splitlines() for part in text.split("\n\n") if part.startswith("|")]
    return [
        {
            line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]]
            for line in table
        }
        for table in tables
    ]


def test_rows_are_means_over_seeds_the_best_likelihood_first():
    table, _ = cells(shown(ROWS))
    assert list(table) == ["system", "---", "lstm-lm", "vae", "scale"]
    column = table["system"].index
    scale = table["scale"]
    assert scale[column("seeds")] == "2"
    assert scale[column("iw_nll")] == "39.50 ± 0.71"
    assert scale[column("mi")] == "7.50 ± 0.71"
    assert scale[column("time to best, vae = 1")] == "0.90"
    assert table["vae"][column("iw_nll")] == "37.00 ± 0.25"
    assert table["vae"][column("epochs (best)")] == "8 (8)"
    assert table["lstm-lm"][column("mi")] == "-"


def test_steps_are_shown_where_a_run_recorded_them():
    table, _ = cells(shown([*ROWS[1:], {**ROWS[0], "steps_to_best": 2400}]))
    column = table["system"].index("steps to best")
    assert (table["vae"][column], table["scale"][column]) == ("2400", "-")
    table, _ = cells(shown(ROWS))
    assert "steps to best" not in table["system"]


def test_orders_are_compared_with_the_papers():
    # The paper has NLL scale < lstm-lm < vae; here lstm-lm < vae < scale.
    _, table = cells(shown(ROWS))
    column = table["system"].index
    assert [
        table[name][column("order of iw_nll agrees")] for name in ("lstm-lm", "vae", "scale")
    ] == [
        "1 of 2",
        "1 of 2",
        "0 of 2",
    ]
    assert table["scale"][column("NLL: paper")] == "353.7"
    assert table["scale"][column("order of mi agrees")] == "1 of 1"
    assert table["lstm-lm"][column("order of mi agrees")] == "-"


def test_a_system_has_the_papers_row_of_its_settings():
    own = {"scale:des_std=0.8": 38.0, "scale:des_std=0.9": 37.5, "scale:des_std=1.1": 37.2}
    rows = [row(system, 1, nll, 5.0, 7.0, 32) for system, nll in own.items()]
    first, second = cells(shown([*ROWS, *rows]))
    assert "scale:des_std=0.8" in first
    published = {name: line[0] for name, line in second.items() if name.startswith("scale")}
    assert published == {
        "scale": "353.7",
        "scale:des_std=0.9": "351.7",
        "scale:des_std=1.1": "349.9",
    }


def test_a_table_says_where_it_comes_from():
    text = shown(ROWS)
    assert text.startswith('20 test sentences, 10 importance samples, generator "scaled"; version')
    assert "corpus abcdef012345." in text
    assert "\n    scale-vae benchmark density\n" in text


def test_measures_of_structure_stand_there_where_a_row_has_them():
    assert "mig" not in shown(ROWS)
    rows = [
        row("vae", 1, 37.0, 0.5, 0.4, 2, mig=0.25, z_diff=50.0),
        row("vae", 2, 37.0, 0.5, 0.4, 2, mig=0.75, z_diff=60.0),
        row("lstm-lm", 1, 36.0, 0.0, None, None),
    ]
    table = cells(shown(rows))[0]
    places = [table["system"].index(name) for name in ("mig", "z_diff")]
    assert [table["vae"][place] for place in places] == ["0.500 ± 0.354", "55.0 ± 7.1"]
    assert [table["lstm-lm"][place] for place in places] == ["-", "-"]
    assert "completeness" not in table["system"]


def test_a_language_model_has_one_sample_and_no_generator():
    lm = row("lm", 1, 36.0, 0.0, None, None, iw_samples=1, generator="standard")
    assert shown([lm, *ROWS]).startswith('20 test sentences, 10 importance samples, generator "sc')
    both = [lm, *ROWS, row("bn", 1, 38.0, 1.0, 2.0, 3, generator="fitted-full")]
    assert '10 importance samples, generators "scaled", "fitted-full"; version' in shown(both)
    assert shown([lm]).startswith('20 test sentences, 1 importance samples, generator "standard"')
