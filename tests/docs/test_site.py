"""The site builds without network or warnings, holds all it needs, and covers every system."""

import os
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from scale_vae_keras.models import SYSTEMS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
EACH = pytest.mark.parametrize("name", SYSTEMS)
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
        ("priors", "LearnedMixturePrior"),
        ("sv", "TextModel"),
    ],
)
def test_the_reference_has_the_public_names(site, page, name):
    text = (site / "reference" / f"{page}.html").read_text(encoding="utf-8")
    assert re.search(rf'id="scale_vae_keras\.[\w.]*{name}"', text)


def test_the_reference_has_every_name_of_the_package(site):
    stub = (ROOT / "scale_vae_keras" / "__init__.pyi").read_text(encoding="utf-8")
    pages = "\n".join(page.read_text(encoding="utf-8") for page in site.glob("reference/*.html"))
    shown = set(re.findall(r'id="scale_vae_keras\.[\w.]*?(\w+)"', pages))
    names = set(re.findall(r"\b(\w+) as \1\b", stub))
    rooms = set(re.findall(r"from scale_vae_keras import (\w+)", stub))
    assert len(names - rooms) > 20
    assert names - rooms - shown == set()
    index = (DOCS / "reference" / "index.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`sv\.(\w+)`", index)) - {"NAME"} == rooms


@pytest.mark.parametrize("room", ["callbacks", "layers", "serving", "tuning"])
def test_the_reference_has_every_name_of_the_stub(room):
    stub = (ROOT / "scale_vae_keras" / room / "__init__.pyi").read_text(encoding="utf-8")
    page = (DOCS / "reference" / f"{room}.md").read_text(encoding="utf-8")
    listed = re.findall(r"^::: scale_vae_keras\.[\w.]+\.(\w+)$", page, re.MULTILINE)
    assert sorted(listed) == sorted(re.findall(r"\b(\w+) as \1\b", stub))


@EACH
def test_a_system_has_a_page(name):
    text = (DOCS / "systems" / f"{name}.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == list(SECTIONS)
    assert f"--method {name}" in text


def test_the_tables_of_options_are_those_of_the_declarations():
    script = runpy.run_path(str(DOCS / "hooks" / "options.py"))
    for path, tables in script["pages"]().items():
        page = path.read_text(encoding="utf-8")
        for kind, table in tables.items():
            assert page == script["with_table"](page, table, kind), (
                "run python docs/hooks/options.py"
            )


def test_a_table_has_the_options_of_its_system():
    table = runpy.run_path(str(DOCS / "hooks" / "options.py"))["system_table"]
    assert "| `des_std` | 0.7 | positive |" in table(SYSTEMS["scale"])
    assert table(SYSTEMS["lm"]) == "None of its own."
    for system in SYSTEMS.values():
        assert all(f"| `{name}` |" in table(system) for name in system.own_settings)


def test_there_is_no_page_without_a_system():
    assert {page.stem for page in (DOCS / "systems").glob("*.md")} == set(SYSTEMS)


def test_links_of_the_readme_lead_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)", text)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_extras_that_pages_and_messages_name_exist():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    files = [ROOT / "README.md", *DOCS.rglob("*.md"), *(ROOT / "scale_vae_keras").rglob("*.py")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    named = re.findall(r"'(?:\.|scale-vae-keras)\[([a-z,]+)\]'", text)
    extras = {extra for names in named for extra in names.split(",")}
    assert len(extras) > 8
    assert extras - project["optional-dependencies"].keys() == set()


def test_files_that_pages_name_exist():
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    named = set(re.findall(r"\b(?:tests|measurements|scale_vae_keras)/[\w/]+\.(?:py|json)\b", text))
    assert len(named) > 15
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_architecture_page_has_the_floors_of_the_test():
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    rooms = page[page.index("| room |") : page.index("`tests/` mirrors")].splitlines()
    shown = [set(re.findall(r"`(\w+)`", line.split("|")[1])) for line in rooms if "| `" in line]
    assert shown == runpy.run_path(str(ROOT / "tests" / "test_architecture.py"))["FLOORS"]


def test_the_architecture_page_has_the_private_names():
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    page = page[page.index("## Private names") :]
    test = runpy.run_path(str(ROOT / "tests" / "test_private_names.py"))
    for names in (test["KERAS"], test["TENSORFLOW"], test["KERAS_TUNER"], test["PRIVATE_MODULES"]):
        assert [name for name in sorted(names) if name not in page] == []
