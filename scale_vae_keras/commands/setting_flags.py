"""A flag for each setting of a run."""

import argparse
from collections.abc import Iterable

from scale_vae_keras.models import SYSTEMS
from scale_vae_keras.models.settings import LatentSettings, ModelSettings
from scale_vae_keras.runs.config import RunConfig, configure, every_setting, usual_preset
from scale_vae_keras.settings import Setting, settings_of


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Adds a flag for each setting that a run of any system has; what is not given is None.

    A help text ends with the value of a run without further flags, that of Scale-VAE where all
    systems have the setting.
    """
    done = set()
    usual = _usual_run("scale")
    groups = {
        "every run": settings_of(RunConfig),
        "model": settings_of(ModelSettings),
        "latent code": settings_of(LatentSettings),
    }
    for title, settings in groups.items():
        group = parser.add_argument_group(title, "in brackets the value where no flag is given")
        for each in settings:
            if each.name not in done:
                done.add(each.name)
                _add(group, each, _described(each, getattr(usual, each.name)))
    summaries = "; ".join(f"{name}: {system.summary}" for name, system in SYSTEMS.items())
    group = parser.add_argument_group("systems and their own settings", summaries)
    for users in _own_settings().values():
        meanings = {}
        for system, each in users.items():
            usual = getattr(_usual_run(system), each.name)
            meanings.setdefault(_described(each, usual), []).append(system)
        text = "; ".join(f"{', '.join(systems)}: {said}" for said, systems in meanings.items())
        _add(group, next(iter(users.values())), text)


def add_named(parser: argparse.ArgumentParser, names: Iterable[str]) -> None:
    """Adds the flags of some settings."""
    for name in names:
        each = every_setting()[name]
        _add(parser, each, _described(each, each.default))


def _usual_run(method: str) -> RunConfig:
    return configure("reviews", method, usual_preset(method))


def _own_settings() -> dict[str, dict[str, Setting]]:
    """The settings that some systems alone have: name -> system -> its declaration."""
    users = {}
    for system in SYSTEMS.values():
        declared = {each.name: each for each in settings_of(system.settings)}
        for name in system.own_settings:
            users.setdefault(name, {})[system.name] = declared[name]
    return users


def _described(each, shown):
    if shown is None:
        return each.help
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
