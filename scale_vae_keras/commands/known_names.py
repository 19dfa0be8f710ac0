"""Names on a command line that nothing in the package has, found before TensorFlow is imported.

Flags, settings, methods and presets are declared beside what they belong to, in files that import
TensorFlow, which takes seconds. Their names are therefore read from the sources, as text.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from scale_vae_keras.errors import InputError, did_you_mean

_PACKAGE = Path(__file__).resolve().parents[1]
_NAMED = {"--method": "method", "--preset": "preset"}


def check_names(words: Sequence[str]) -> None:
    """Refuses a flag that no command has, and an unknown method or preset.

    What is invalid for the command alone is left to its parser.

    Args:
        words: those of a command line.

    Raises:
        InputError: a name is unknown; gives the nearest.
    """
    options = words[: words.index("--")] if "--" in words else words
    for place, word in enumerate(options):
        flag, equals, value = word.partition("=")
        if not flag.startswith("--"):
            continue
        flags = known_flags()
        if flags and not any(known.startswith(flag) for known in flags):
            plain = [each for each in words if not each.startswith("-")]
            command = " ".join(plain[: 2 if plain[:1] == ["benchmark"] else 1])
            raise InputError(
                f"unrecognized arguments: {flag}{did_you_mean(flag, sorted(flags))}; see "
                f"scale-vae {command} --help"
            )
        if flag in _NAMED and (equals or place + 1 < len(options)):
            _check(_NAMED[flag], value if equals else options[place + 1])


def _check(kind, name):
    known = known_methods() if kind == "method" else known_presets()
    if known and name not in known:
        raise InputError(
            f"unknown {kind} {name!r}: choose {', '.join(known)}{did_you_mean(name, known)}"
        )


@cache
def known_methods() -> tuple[str, ...]:
    """The names of the systems, in the order of `SYSTEMS`; none where there are no sources.

    Names that systems had earlier come last.
    """
    order, names, earlier = (), {}, []
    for path, tree in _sources("models/*.py"):
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


@cache
def known_flags() -> frozenset[str]:
    """The flags of all commands, those of settings included; none where there are no sources."""
    flags = {"--help", "--version", "--debug"}
    for _, tree in _sources("commands/**/*.py"):
        for node in _calls(tree, "add_argument"):
            flags |= {
                each.value
                for each in node.args
                if isinstance(each, ast.Constant) and str(each.value).startswith("--")
            }
    settings = list(_settings())
    if not settings:
        return frozenset()
    for name in settings:
        flags |= {f"--{name.replace('_', '-')}", f"--no-{name.replace('_', '-')}"}
    return frozenset(flags)


def _settings() -> Iterator[str]:
    for _, tree in _sources("**/*.py", having=" = setting("):
        for node in ast.walk(tree):
            if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Call):
                called = node.value.func
                if isinstance(called, ast.Name) and called.id == "setting":
                    yield node.target.id


def _sources(pattern: str, having: str = "") -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(_PACKAGE.glob(pattern)):
        text = path.read_text(encoding="utf-8")
        if having in text:
            yield path, ast.parse(text)


def _calls(tree: ast.Module, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr == name:
            yield node


def _first_text(call: ast.Call) -> str:
    values: Iterable[ast.expr] = [*call.args, *(each.value for each in call.keywords)]
    return next((v.value for v in values if isinstance(v, ast.Constant)), "")
