"""The flags of a command, read from its source instead of importing it.

Flags are declared beside what they belong to, in files that import TensorFlow, which takes seconds.
A sketch has every flag and argument of a command, how many values each takes, whether it is
required, and choices and types that are written out in the source; other choices and types it lets
pass. What it refuses is refused at once, with the words of the parser itself.
"""

import argparse
import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from scale_vae_keras.commands.parser import complaint
from scale_vae_keras.errors import InputError

_PACKAGE = Path(__file__).resolve().parents[1]
_TYPES = {"int": int, "float": float}
_KEPT = ("nargs", "required", "action", "dest", "metavar", "choices", "default")


class HelpAskedFor(Exception):  # noqa: N818
    """The words ask for help, which the parser itself gives."""


class Sketch(argparse.ArgumentParser):
    """A parser that a command's source gave; it raises `InputError` for what it refuses."""

    def flags(self) -> list[str]:
        """All flags of two dashes."""
        return ["--help", *re.findall(r"--[a-z][a-z0-9-]*", self.format_usage())]

    def error(self, message):
        """Refuses the words."""
        raise InputError(complaint(self, message))


class _Help(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        """Ends the parsing."""
        raise HelpAskedFor


def sketch_of(command: str, benchmark: str | None = None) -> Sketch | None:
    """The sketch of a command, or of one benchmark.

    Args:
        command: its name.
        benchmark: that of the benchmark, where the command is `benchmark`.

    Returns:
        The sketch; None where there are no sources.
    """
    name = command if benchmark is None else f"{command}/{benchmark}"
    path = _PACKAGE / "commands" / f"{name}.py"
    if not path.is_file() or not known_settings():
        return None
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prog = " ".join(["scale-vae", *name.split("/")])
    sketch = Sketch(prog=prog, add_help=False, allow_abbrev=False)
    sketch.add_argument("-h", "--help", nargs=0, action=_Help)
    _follow(_function(tree, "add_arguments"), tree, sketch)
    return sketch


def known_benchmarks() -> tuple[str, ...]:
    """The names of the benchmarks, in the order of the command's help."""
    for _, tree in sources("commands/benchmark/__init__.py"):
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
                return tuple(key.value for key in node.value.keys)
    return ()


@cache
def known_settings() -> dict[str, bool]:
    """The settings of runs, and whether each is true or false; none where there are no sources."""
    found = {}
    for _, tree in sources("**/*.py", having=" = setting("):
        for node in ast.walk(tree):
            if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Call):
                called = node.value.func
                if isinstance(called, ast.Name) and called.id == "setting":
                    found[node.target.id] = ast.unparse(node.annotation) == "bool"
    return found


def sources(pattern: str, having: str = "") -> Iterator[tuple[Path, ast.Module]]:
    """The files of the package that match and hold some text, parsed."""
    for path in sorted(_PACKAGE.glob(pattern)):
        text = path.read_text(encoding="utf-8")
        if having in text:
            yield path, ast.parse(text)


def _follow(function, tree, parser):
    """Does what a function that adds arguments does, as far as its source tells."""
    places = {function.args.args[0].arg: parser}
    for statement in function.body:
        call = getattr(statement, "value", None)
        if not isinstance(call, ast.Call):
            continue
        called = call.func
        if isinstance(called, ast.Name):
            _follow_helper(called.id, call, tree, places[call.args[0].id])
        elif called.attr == "add_argument":
            names = [ast.literal_eval(each) for each in call.args]
            places[called.value.id].add_argument(*names, **_kept(call))
        elif called.attr == "add_mutually_exclusive_group":
            group = places[called.value.id].add_mutually_exclusive_group(**_kept(call))
            places[statement.targets[0].id] = group
        elif called.attr == "add_argument_group":
            places[statement.targets[0].id] = places[called.value.id].add_argument_group()


def _follow_helper(name, call, tree, parser):
    if name == "add_settings":
        for setting, switch in known_settings().items():
            _add_setting(parser, setting, switch)
    elif name == "add_named":
        for setting in _constant(tree, call.args[1].id):
            _add_setting(parser, setting, known_settings()[setting])
    else:
        for _, each in sources("commands/**/*.py", having=f"def {name}("):
            _follow(_function(each, name), each, parser)


def _add_setting(parser, name, switch):
    flag = f"--{name.replace('_', '-')}"
    if switch:
        parser.add_argument(flag, action=argparse.BooleanOptionalAction)
    else:
        parser.add_argument(flag)


def _kept(call):
    kept = {}
    for keyword in call.keywords:
        value = keyword.value
        if keyword.arg == "type" and isinstance(value, ast.Name) and value.id in _TYPES:
            kept["type"] = _TYPES[value.id]
        elif keyword.arg in _KEPT:
            try:
                kept[keyword.arg] = ast.literal_eval(value)
            except ValueError:
                continue
    return kept


def _function(tree, name) -> ast.FunctionDef:
    return next(
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name
    )


def _constant(tree, name):
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == name:
            return ast.literal_eval(node.value)
    raise LookupError(name)
