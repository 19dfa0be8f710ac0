import base64
import csv
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from made_corpora import LINES, labelled
from made_runs import train

import scale_vae_keras as sv
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import Encoded, encode_sentences
from scale_vae_keras.evaluation.evaluate import evaluate_model
from scale_vae_keras.files import write_json
from scale_vae_keras.metrics import EVALUATION
from scale_vae_keras.report import pictures
from scale_vae_keras.report.page import write_report
from scale_vae_keras.report.sentences import describe_lengths, neighbours
from scale_vae_keras.report.traversals import traverse
from scale_vae_keras.text.vocabulary import UNKNOWN_ID

SECTIONS = [
    *("Curves", "Latent map", "Latent dimensions", "Sentences", "Traversals", "Lengths"),
    *("Neighbours", "Metrics", "Settings"),
]
MARKUP = [line.replace("the big house", "<b> & </b>") for line in LINES]
CORPUS = {"lines": labelled(MARKUP, ("<i>", "b"))}
VOID = {"meta", "link", "img"}


class Page(HTMLParser):
    """What a page consists of; fails where tags do not match."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.text = [], [], {}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.text.setdefault(self.open[-1], []).append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def scale(corpus):
    pytest.importorskip("matplotlib", reason="needs the extra plots")
    folder = train(corpus, corpus.parent / "scale", "scale", f_epo=1)
    metrics = evaluate_model(folder.load_model(), folder.encode("test"), samples=3)
    write_json(folder.metrics_path, metrics)
    return folder


@pytest.fixture(scope="module")
def page(scale):
    path = write_report(scale.path)
    assert path == scale.path / "report.html"
    return Page(path.read_text(encoding="utf-8"))


def test_every_section_is_there_and_linked(page):
    assert page.text["h2"] == SECTIONS
    anchors = [f"#{section['id']}" for section in page.all("section")]
    assert [link["href"] for link in page.all("a")] == anchors
    assert page.text["h1"] == ["scale on corpus"]
    assert page.all("html") == [{"lang": "en"}]


def test_it_needs_nothing_from_elsewhere(page):
    assert page.all("script") == []
    sources = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "data", "action")
    ]
    assert sources
    assert all(source.startswith(("data:", "#")) for source in sources)
    [style] = page.text["style"]
    assert "url(" not in style
    assert "@import" not in style


def test_pictures_are_svg_with_alternative_texts(page):
    pictures = page.all("img")
    # eight panels of curves, the map, KL and factor of each dimension, traversals, lengths
    assert len(pictures) == 13
    for picture in pictures:
        assert len(picture["alt"]) > 30
        kind, data = picture["src"].split(",", 1)
        assert kind == "data:image/svg+xml;base64"
        svg = base64.b64decode(data).decode()
        assert "<svg" in svg
        references = re.findall(r'(?:href|src)="([^"]*)"', svg)
        assert all(reference.startswith(("#", "data:")) for reference in references)
    assert "coloured by label (<i>, b)" in pictures[8]["alt"]
    assert "20 validation sentences" in pictures[8]["alt"]


def test_text_is_shown_as_it_is(page):
    shown = page.text["td"]
    assert "one small child sees <b> & </b> ." in MARKUP
    assert [text for text in shown if text in MARKUP and "<b>" in text]
    assert page.all("b") == page.all("i") == []


def test_metrics_with_their_definitions(page, scale):
    metrics = json.loads(scale.metrics_path.read_text())
    shown = page.text["td"]
    for metric in EVALUATION.values():
        assert {metric.name, metric.unit, metric.meaning, metric.bound} - {""} <= set(shown)
    assert f"{metrics['iw_nll']:.3f} ± {metrics['iw_nll_se']:.3f}" in shown
    assert "upper bound in expectation; for Scale-VAE no bound at all" in shown
    assert any("objective_nll is NOT a bound" in line for line in page.text["li"])


def test_the_head_quotes_the_figure_that_chose_the_epoch(page, scale, tmp_path):
    with scale.history_path.open() as file:
        rows = list(csv.DictReader(file))
    best = min(rows, key=lambda row: float(row["val_elbo_nll"]))
    [summary] = [text for text in page.text["p"] if text.startswith("The run scale after 2 epochs")]
    value = f"{float(best['val_elbo_nll']):.2f}"
    assert (
        f"epoch {best['epoch']}, chosen by the negative ELBO: {value} nats per sentence over 20 "
        "validation sentences."
    ) in summary
    by_objective = _summary_of(scale, tmp_path)
    assert "objective, which for Scale-VAE is no bound of the likelihood: " in by_objective
    assert f"{float(rows[int(best['epoch']) - 1]['val_loss']):.2f} nats" in by_objective


def _summary_of(scale, folder):
    """The head of the report on a copy of a run whose epoch the objective chose."""
    copied = shutil.copytree(scale.path, folder / "copy")
    config = (copied / "config.json").read_text()
    (copied / "config.json").write_text(config.replace('"elbo"', '"objective"'))
    written = write_report(copied, data=scale.path.parent / "corpus")
    [summary] = [text for text in Page(written.read_text()).text["p"] if "The run" in text]
    return summary


def test_neighbours_are_the_nearest_other_sentences(page, scale):
    assert [cell["data-label"] for cell in page.all("td")].count("neighbour") == 12
    model, valid = scale.load_model(), scale.encode("valid")
    means = encode_sentences(model, valid).mean
    distance = np.linalg.norm(means - means[0], axis=1)
    nearest = np.argsort(distance, kind="stable")[1:4]
    table = neighbours(scale.tokenizer, valid, encode_sentences(model, valid), np.array([0]))
    assert list(table["sentence"]) == [MARKUP[0]] * 3
    assert list(table["neighbour"]) == [MARKUP[i] for i in nearest]
    assert list(table["distance"]) == [f"{distance[i]:.3f}" for i in nearest]


def test_neighbours_of_a_sentence_with_many_doubles():
    tokenizer = sv.Tokenizer(sv.Vocabulary(["a", "b"]))
    lines = ["a"] * 40 + ["b", "b", "b a", "b b", "a b"]
    valid = sv.data.encode_split(sv.data.corpus_from(lines, lines, lines), "valid", tokenizer)
    means = np.zeros([45, 2], np.float32)
    means[40:, 0] = [1, 1.5, 2, 3, 4]
    table = neighbours(tokenizer, valid, Encoded(*[means] * 4), np.array([0]))
    assert list(table["neighbour"]) == ["b", "b a", "b b"]
    assert list(table["distance"]) == ["1.000", "2.000", "3.000"]


def test_traversals_change_the_most_active_dimensions(page, scale):
    model, valid = scale.load_model(), scale.encode("valid")
    encoded = encode_sentences(model, valid)
    order = np.argsort(-encoded.mean.std(axis=0))
    titles = [text for text in page.text["h3"] if text.startswith("Dimension")]
    assert [int(re.match(r"Dimension (\d+)", title)[1]) for title in titles] == order.tolist()
    code = encoded.mean[[0]].copy()
    code[0, order[0]] = encoded.mean[:, order[0]].mean() + 2 * encoded.mean[:, order[0]].std()
    written = scale.tokenizer.detokenize(model.decode(code).ids).numpy()[0].decode()
    [first, *_] = traverse(model, scale.tokenizer, encoded, 100).examples
    assert first.texts[-1] == written
    [picture] = [each["alt"] for each in page.all("img") if "against the middle" in each["alt"]]
    assert picture.count("dimension ") == 3


def test_lengths_and_unknown_words(page, scale):
    [lengths] = [picture["alt"] for picture in page.all("img") if "prior" in picture["alt"]]
    valid = scale.encode("valid")
    ids = [scale.tokenizer([sentence]).to_tensor().shape[1] - 2 for sentence in MARKUP]
    mean, median = np.mean(ids), np.median(ids)
    assert f"20 validation sentences: mean {mean:.1f}, median {median:.0f}" in lengths
    assert f"longest {max(ids)}; 256 sentences from the prior" in lengths
    note = f"Of {sum(ids)} tokens in 20 validation sentences {valid.unknown / sum(ids):.2%} are"
    assert any(text.startswith(note) for text in page.text["p"])
    tokens = np.where(valid.tokens > UNKNOWN_ID, UNKNOWN_ID, valid.tokens)
    changed = replace(valid, tokens=tokens, truncated=7)
    said = describe_lengths(scale.load_model(), changed, 9).note
    assert "100.00% are unknown" in said
    assert "7 sentences were cut" in said


def test_a_constant_and_a_single_epoch_can_be_seen(monkeypatch):
    drawn = []
    monkeypatch.setattr(pictures, "_svg", lambda figure: drawn.append(figure.axes[0]) or b"")
    panel = pictures.Panel("weight", {"w": "weight"})
    for values in ([1.0, 1.0, 1.0], [0.0, 0.0], [1e-3, 1e-3], [5.0], [1.0, 1.5]):
        index = pd.Index(range(1, len(values) + 1), name="epoch")
        picture = pictures.draw_panel(panel, pd.DataFrame({"w": values}, index, dtype="Float64"))
    limits = [axes.get_ylim() for axes in drawn]
    assert limits[:4] == [(0.5, 1.5), (-1.0, 1.0), (0.0005, 0.0015), (2.5, 7.5)]
    assert limits[4][0] > 0.9
    assert limits[4][1] < 1.6
    single = drawn[3]
    assert single.get_xlim() == (0.5, 1.5)
    assert single.lines[0].get_markersize() == 10
    assert len(single.lines) == 2
    assert picture.description == "Lines over the epochs. weight: 1 in epoch 1, 1.5 in epoch 2."


def test_settings(page):
    shown = page.text["td"]
    assert shown[shown.index("des_std") + 1] == "0.7"
    assert shown[shown.index("method") + 1] == '"scale"'
    assert "beta" not in shown


def test_tables_keep_their_meaning_on_a_narrow_screen(page):
    assert all(cell["data-label"] for cell in page.all("td"))
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all(
        "meta"
    )


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast(scale):
    from scale_vae_keras.report.pictures import _COLOURS

    style = (scale.path / "report.html").read_text().split("</style>")[0]
    texts = set(re.findall(r"[ ;{]color: (#[0-9a-f]{6})", style))
    assert len(texts) == 3
    for background in ("#ffffff", "#f6f8fa"):
        assert all(contrast(text, background) >= 4.5 for text in texts)
    assert all(contrast(line, "#ffffff") >= 4.5 for line in _COLOURS)


def test_the_same_run_gives_the_same_page(scale, tmp_path):
    other = write_report(scale.path, tmp_path / "other.html")
    assert other == tmp_path / "other.html"
    assert other.read_bytes() == (scale.path / "report.html").read_bytes()


def test_a_language_model_that_was_not_evaluated(corpus):
    folder = train(corpus, corpus.parent / "lm", "lm", epochs=1)
    page = Page(write_report(folder.path).read_text(encoding="utf-8"))
    assert page.text["h2"] == SECTIONS
    assert page.text["p"].count("A language model has no latent code.") == 4
    assert f"scale-vae evaluate {folder.path}" in page.text["code"]
    assert len(page.all("img")) == 5
    [summary] = [text for text in page.text["p"] if text.startswith("The run lm")]
    assert "after 1 epoch. " in summary
    assert "epoch 1, chosen by the objective: " in summary


def test_runs_that_cannot_be_reported(scale, tmp_path):
    with pytest.raises(InputError, match="no run folder"):
        write_report(tmp_path / "nowhere")
    kept = scale.metrics_path.read_text()
    scale.metrics_path.write_text('{"iw_nll": 3}')
    with pytest.raises(InputError, match="evaluate again"):
        write_report(scale.path, tmp_path / "page.html")
    scale.metrics_path.write_text(kept)
    kept = scale.history_path.read_bytes()
    scale.history_path.write_bytes(kept.splitlines(keepends=True)[0])
    with pytest.raises(InputError, match=r"history\.csv lacks the best epoch .*train the run on"):
        write_report(scale.path, tmp_path / "page.html")
    scale.history_path.write_bytes(kept)


def test_labels_of_the_map_are_anyones_text():
    pytest.importorskip("matplotlib", reason="needs the extra plots")
    means = np.random.default_rng(0).normal(size=[4, 3])
    svg = pictures.draw_map(means, ["$$", "_pos", "$", "a"]).svg.decode()
    assert all(f"<!-- {label} -->" in svg for label in ("$$", "_pos", "$", "a"))
    assert "<text" not in svg
    chinese = pictures.draw_map(means, ["好评", "_pos", "$$", "差评"]).svg.decode()
    assert all(f">{label}</text>" in chinese for label in ("好评", "_pos", "$$", "差评"))
