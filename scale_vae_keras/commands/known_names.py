"""Checks a command line, as far as possible before TensorFlow is imported.

The names of flags, settings, methods and presets are read from the sources, as text.
"""

import ast
from collections.abc import Iterable, Sequence
from functools import cache

from scale_vae_keras.commands.sketch import (
    HelpAskedFor,
    Sketch,
    known_benchmarks,
    known_settings,
    sketch_of,
    sources,
)
from scale_vae_keras.errors import InputError, did_you_mean
from scale_vae_keras.settings import method_and_settings


def check_words(words: Sequence[str]) -> None:
    """Refuses unknown names, missing arguments, and values of another type.

    What only the command's own parser can tell is left to it.

    Args:
        words: those of a command line.

    Raises:
        InputError: something is wrong; gives the nearest name where one is unknown.
    """
    place = next((n for n, word in enumerate(words) if not word.startswith("-")), None)
    if place is None:
        return
    command, *words = words[place:]
    benchmark = None
    if command == "benchmark" and not {"-h", "--help"} & set(words[:1]):
        benchmark = _benchmark(words)
        words = words[words.index(benchmark) + 1 :]
    sketch = sketch_of(command, benchmark)
    if sketch is None or (command == "benchmark" and benchmark is None):
        return
    _check_flags(sketch, words)
    try:
        options, _ = sketch.parse_known_args(words)
    except HelpAskedFor:
        return
    _check_names(options)


def _benchmark(words):
    names = known_benchmarks()
    name = next((word for word in words if not word.startswith("-")), None)
    if name is None:
        raise InputError(
            "the following arguments are required: NAME; see scale-vae benchmark --help"
        )
    if names and name not in names:
        raise InputError(
            f"unknown benchmark {name!r}: choose {', '.join(names)}{did_you_mean(name, names)}; "
            "see scale-vae benchmark --help"
        )
    return name


def _check_flags(sketch: Sketch, words: Sequence[str]) -> None:
    """Refuses a misspelt flag before anything that is missing for that reason."""
    flags = sketch.flags()
    for word in words[: words.index("--")] if "--" in words else words:
        flag = word.partition("=")[0]
        if flag.startswith("--") and not any(known.startswith(flag) for known in flags):
            raise InputError(
                f"unrecognized arguments: {flag}{did_you_mean(flag, flags)}; see {sketch.prog} "
                "--help"
            )


def _check_names(options) -> None:
    given = vars(options)
    if given.get("method") is not None:
        _check("method", given["method"], known_methods())
    if given.get("preset") is not None:
        _check("preset", given["preset"], known_presets())
    for system in given.get("methods") or ():
        method, own = method_and_settings(system)
        _check("method", method, (*known_methods(), "all"))
        _check_settings(own)
    _check_settings(given.get("settings") or ())
    _check_settings(given.get("fix") or ())


def _check(kind, name, known):
    if len(known) > 1 and name not in known:
        raise InputError(
            f"unknown {kind} {name!r}: choose {', '.join(known)}{did_you_mean(name, known)}"
        )


def _check_settings(texts: Iterable[str]) -> None:
    for text in texts:
        name = text.partition("=")[0]
        if name not in known_settings():
            raise InputError(
                f"{text!r} is not a setting: write name=value, for instance epochs=6"
                f"{did_you_mean(name, known_settings())}"
            )
        if "=" not in text:
            raise InputError(f"{text!r} has no value: write name=value, for instance epochs=6")


@cache
def known_methods() -> tuple[str, ...]:
    """The names of the systems, in the order of `SYSTEMS`; none where there are no sources.

    Names that systems had earlier come last.
    """
    order, names, earlier = (), {}, []
    for path, tree in sources("models/*.py"):
        for node in ast.walk(tree):
            if not isinstance(node, ast.Assign):
                continue
            target = node.targets[0].id if isinstance(node.targets[0], ast.Name) else ""
            if target == "SYSTEM" and isinstance(node.value, ast.Call):
                names[path.stem] = _first_text(node.value)
            elif target == "_SYSTEMS" and path.name == "__init__.py":
                order = [each.id for each in node.value.elts]
            elif target == "EARLIER_NAMES":
                earlier = list(ast.literal_eval(node.value))
    return (*(names[module] for module in order if names.get(module)), *earlier)


def known_presets() -> tuple[str, ...]:
    """The names of the presets."""
    from scale_vae_keras.runs.presets import PRESETS

    return tuple(PRESETS)


def _first_text(call: ast.Call) -> str:
    values: Iterable[ast.expr] = [*call.args, *(each.value for each in call.keywords)]
    return next((v.value for v in values if isinstance(v, ast.Constant)), "")
