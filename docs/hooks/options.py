"""Writes tables of options from the declarations of settings: `python docs/hooks/options.py`."""

from pathlib import Path

from scale_vae_keras.models import SYSTEMS
from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System
from scale_vae_keras.settings import Setting, settings_of

DOCS = Path(__file__).parents[1]
_BEGIN, _END = "<!-- options:begin -->", "<!-- options:end -->"


def _value(value: object) -> str:
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


def with_table(page: str, table: str) -> str:
    """A page with the table between its markers."""
    before, rest = page.split(_BEGIN)
    _, after = rest.split(_END)
    return f"{before}{_BEGIN}\n\n{table}\n\n{_END}{after}"


def pages() -> dict[Path, str]:
    """The table of each page that has one."""
    tables = {DOCS / "systems" / f"{name}.md": system_table(each) for name, each in SYSTEMS.items()}
    return {DOCS / "systems.md": index_table(), **tables}


if __name__ == "__main__":
    for path, table in pages().items():
        page = path.read_text(encoding="utf-8")
        path.write_text(with_table(page, table), encoding="utf-8")
