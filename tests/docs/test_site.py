"""The site builds without network or warnings, holds all it needs, and covers every system."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from scale_vae_keras.runs.method_presets import METHOD_PRESETS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SYSTEMS = pytest.mark.parametrize("name", METHOD_PRESETS)
SECTIONS = (
    *("What it is for", "Generative process", "Objective", "Options"),
    *("In Python", "On the command line", "What was measured"),
)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    nowhere = "http://127.0.0.1:9"
    build = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "http_proxy": nowhere, "https_proxy": nowhere},
        capture_output=True,
        text=True,
    )
    assert build.returncode == 0, build.stderr
    return folder


def test_pages_load_nothing_from_the_network(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        text = page.read_text(encoding="utf-8")
        tags = re.findall(r"<(?:script|img|iframe|source)\b[^>]*>|<link\b[^>]*>", text)
        loaded = [tag for tag in tags if re.search(r'(?:src|href)="?(?:https?:)?//', tag)]
        assert not loaded, page


def test_equations_are_mathml(site):
    page = (site / "systems" / "scale.html").read_text(encoding="utf-8")
    assert page.count("<math ") >= 8
    assert "arithmatex" not in page
    assert "<mfrac>" in page


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("models", "ScaleVAE"),
        ("layers", "PosteriorScale"),
        ("callbacks", "EpochAverageScale"),
        ("samplers", "TopPSampler"),
        ("evaluation", "evaluate_model"),
        ("data", "open_corpus"),
        ("text", "Tokenizer"),
        ("serving", "Client"),
        ("tuning", "ScaleVAEHyperModel"),
    ],
)
def test_the_reference_has_the_public_names(site, page, name):
    text = (site / "reference" / f"{page}.html").read_text(encoding="utf-8")
    assert re.search(rf'id="scale_vae_keras\.[\w.]*{name}"', text)


@SYSTEMS
def test_a_system_has_a_page(name):
    text = (DOCS / "systems" / f"{name}.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == list(SECTIONS)
    assert f"--method {name}" in text
    options = text[text.index("<!-- options:begin -->") : text.index("<!-- options:end -->")]
    for option in METHOD_PRESETS[name].settings:
        assert f"`{option}`" in options


@SYSTEMS
def test_the_index_has_the_system(name):
    index = (DOCS / "systems.md").read_text(encoding="utf-8")
    (row,) = [line for line in index.splitlines() if line.startswith(f"| [`{name}`]")]
    assert f"systems/{name}.md" in row
    for option in METHOD_PRESETS[name].settings:
        assert f"`{option}`" in row


def test_there_is_no_page_without_a_system():
    assert {page.stem for page in (DOCS / "systems").glob("*.md")} == set(METHOD_PRESETS)


def test_links_of_the_readme_lead_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)", text)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
