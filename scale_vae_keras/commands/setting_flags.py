"""A flag for each setting of a run."""

import argparse
from collections.abc import Iterable

from scale_vae_keras.models import SYSTEMS
from scale_vae_keras.models.settings import LatentSettings, ModelSettings
from scale_vae_keras.runs.config import RunConfig, every_setting
from scale_vae_keras.settings import Setting, settings_of


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Adds a flag for each setting that a run of any system has; what is not given is None."""
    done = set()
    groups = {
        "every run": settings_of(RunConfig),
        "model": settings_of(ModelSettings),
        "latent code": settings_of(LatentSettings),
    }
    for title, settings in groups.items():
        group = parser.add_argument_group(title)
        for each in settings:
            if each.name not in done:
                done.add(each.name)
                _add(group, each, _described(each))
    summaries = "; ".join(f"{name}: {system.summary}" for name, system in SYSTEMS.items())
    group = parser.add_argument_group("systems and their own settings", summaries)
    for users in _own_settings().values():
        meanings = {}
        for system, each in users.items():
            meanings.setdefault(_described(each), []).append(system)
        text = "; ".join(f"{', '.join(systems)}: {said}" for said, systems in meanings.items())
        _add(group, next(iter(users.values())), text)


def add_named(parser: argparse.ArgumentParser, names: Iterable[str]) -> None:
    """Adds the flags of some settings."""
    for name in names:
        _add(parser, every_setting()[name], _described(every_setting()[name]))


def _own_settings() -> dict[str, dict[str, Setting]]:
    """The settings that some systems alone have: name -> system -> its declaration."""
    users = {}
    for system in SYSTEMS.values():
        declared = {each.name: each for each in settings_of(system.settings)}
        for name in system.own_settings:
            users.setdefault(name, {})[system.name] = declared[name]
    return users


def _described(each):
    if each.default is None:
        return each.help
    shown = each.default
    if each.many:
        shown = ",".join(map(str, shown))
    return f"{each.help} [{str(shown).lower() if each.kind is bool else shown}]"


def _reader(each):
    def read(text):
        return each.read(text)

    # argparse names the type in its message: invalid int values separated by commas, value: 'a'
    read.__name__ = f"{each.kind.__name__} values separated by commas,"
    return read


def _add(group, each, text):
    text = text.replace("%", "%%")
    if each.kind is bool:
        group.add_argument(
            each.flag, action=argparse.BooleanOptionalAction, default=None, help=text
        )
        return
    metavar = "NAME" if each.kind is str else "X" if each.kind is float else "N"
    kind = each.kind
    if each.many:
        metavar, kind = "N,N", _reader(each)
    group.add_argument(each.flag, type=kind, metavar=metavar, help=text)
