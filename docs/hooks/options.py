"""Writes tables of options and presets from their declarations: `python docs/hooks/options.py`."""

from pathlib import Path

from scale_vae_keras.models import SYSTEMS
from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.presets import PRESETS
from scale_vae_keras.settings import Setting, settings_of

DOCS = Path(__file__).parents[1]


def _value(value: object) -> str:
    if value is None:
        return "the model's own"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _own(system: System) -> list[Setting]:
    """Those of the system alone, and those that it gives another default."""
    common = {each.name: each.default for each in settings_of(LatentSettings)}
    return [
        each
        for each in settings_of(system.settings)
        if each.name in system.own_settings or each.default != common[each.name]
    ]


def _annealing(system: System) -> list[Setting]:
    """Those of the KL weight, where the system anneals it."""
    if system.fixed.get("kl_epochs") == 0:
        return []
    names = {"kl_start", "kl_epochs"} - set(system.fixed) - {each.name for each in _own(system)}
    return [each for each in settings_of(system.settings) if each.name in names]


def system_table(system: System) -> str:
    """The table of a system's page."""
    rows = [
        f"| `{each.name}` | {_value(each.default)} | {_values(each)} | {each.help} |"
        for each in [*_own(system), *_annealing(system)]
    ]
    if not rows:
        return "None of its own."
    return "\n".join(["| option | default | values | meaning |", "|---|---|---|---|", *rows])


def _values(setting: Setting) -> str:
    if setting.kind is bool:
        return "yes, no"
    limits = setting.limits
    return limits.names if limits.choices else str(limits).removesuffix(" and finite")


def index_table() -> str:
    """The table of all systems."""
    rows = []
    for system in SYSTEMS.values():
        options = ", ".join(f"`{each.name}` [{_value(each.default)}]" for each in _own(system))
        rows.append(
            f"| [`{system.name}`](systems/{system.name}.md) | `{system.model.__name__}` "
            f"| {system.paper} | {system.summary} | {options} |"
        )
    head = "| `--method` | class | paper | what it is | options [default] |"
    return "\n".join([head, "|---|---|---|---|---|", *rows])


def preset_table() -> str:
    """The table of what presets set, as far as Scale-VAE has it, and BN-VAE's epsilon."""
    names = dict.fromkeys(["optimizer", *(name for each in PRESETS.values() for name in each)])
    runs = {
        method: [configure("reviews", method, preset) for preset in PRESETS]
        for method in ("scale", "bn")
    }
    rows = []
    for name in names:
        method = "scale" if hasattr(runs["scale"][0], name) else "bn"
        label = f"`{name}`" if method == "scale" else f"`{name}` of `bn` and `du`"
        values = [_value(getattr(run, name)) for run in runs[method]]
        rows.append(f"| {label} | {' | '.join(values)} |")
    return "\n".join([f"| | {' | '.join(PRESETS)} |", "|---" * (1 + len(PRESETS)) + "|", *rows])


def with_table(page: str, table: str, kind: str = "options") -> str:
    """A page with the table between the markers of its kind."""
    begin, end = f"<!-- {kind}:begin -->", f"<!-- {kind}:end -->"
    before, rest = page.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n\n{table}\n\n{end}{after}"


def pages() -> dict[Path, dict[str, str]]:
    """The tables of each page that has some, by kind."""
    tables = {
        DOCS / "systems" / f"{name}.md": {"options": system_table(each)}
        for name, each in SYSTEMS.items()
    }
    return {DOCS / "systems.md": {"options": index_table(), "presets": preset_table()}, **tables}


if __name__ == "__main__":
    for path, tables in pages().items():
        page = path.read_text(encoding="utf-8")
        for kind, table in tables.items():
            page = with_table(page, table, kind)
        path.write_text(page, encoding="utf-8")
