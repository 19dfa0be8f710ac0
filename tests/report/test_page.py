import base64
import json
import re
from html.parser import HTMLParser

import pytest
from tiny_runs import SENTENCES, train, write_corpus

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.evaluate import evaluate_model
from scale_vae_keras.files import write_json
from scale_vae_keras.metrics import EVALUATION
from scale_vae_keras.report.page import write_report

SECTIONS = ["Curves", "Latent map", "Latent dimensions", "Sentences", "Metrics", "Settings"]
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
def corpus(tmp_path_factory):
    pytest.importorskip("matplotlib", reason="needs the extra plots")
    return write_corpus(tmp_path_factory.mktemp("report") / "corpus")


@pytest.fixture(scope="module")
def scale(corpus):
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
    # eight panels of curves, the map, KL and factor of each dimension
    assert len(pictures) == 11
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
    assert "one small child sees <b> & </b> ." in SENTENCES
    assert [text for text in shown if text in SENTENCES and "<b>" in text]
    assert page.all("b") == page.all("i") == []


def test_metrics_with_their_definitions(page, scale):
    metrics = json.loads(scale.metrics_path.read_text())
    shown = page.text["td"]
    for metric in EVALUATION.values():
        assert {metric.name, metric.unit, metric.meaning, metric.bound} - {""} <= set(shown)
    assert f"{metrics['iw_nll']:.3f} ± {metrics['iw_nll_se']:.3f}" in shown
    assert "upper bound, but for Scale-VAE no bound of anything" in shown
    assert any("objective_nll is NOT a bound" in line for line in page.text["li"])


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
    assert page.text["p"].count("A language model has no latent code.") == 2
    assert f"scale-vae evaluate {folder.path}" in page.text["code"]
    assert len(page.all("img")) == 4


def test_runs_that_cannot_be_reported(scale, tmp_path):
    with pytest.raises(InputError, match="no run folder"):
        write_report(tmp_path / "nowhere")
    kept = scale.metrics_path.read_text()
    scale.metrics_path.write_text('{"iw_nll": 3}')
    with pytest.raises(InputError, match="evaluate again"):
        write_report(scale.path, tmp_path / "page.html")
    scale.metrics_path.write_text(kept)
