"""Parses command lines, with one-line errors."""

import argparse
import re

from scale_vae_keras.errors import did_you_mean


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line, with the nearest name and the help to read.

    Flags are not abbreviated: commands look for what was typed.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, allow_abbrev=False, **kwargs)

    def parse_known_args(self, args=None, namespace=None):
        """Refuses what is left over here, so that the message names the help of this command."""
        namespace, left = super().parse_known_args(args, namespace)
        if len(left) == 1 and left[0][:1] != "-" and getattr(namespace, "file", "") is None:
            # argparse takes an optional FILE for left out where flags stand before it.
            namespace.file = left.pop()
        if left:
            flags = re.findall(r"--[a-z][a-z0-9-]*", self.format_usage())
            self.error(f"unrecognized arguments: {' '.join(left)}{did_you_mean(left[0], flags)}")
        return namespace, left

    def error(self, message):
        """One line, as for every other mistake."""
        self.exit(2, f"error: {complaint(self, message)}\n")


def complaint(parser: argparse.ArgumentParser, message: str) -> str:
    """A parser's message, with the nearest name where one is unknown, and the help to read."""
    choice = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
    if choice:
        message += did_you_mean(choice[1], re.split(r",\s*", choice[2].replace("'", "")))
    return f"{message}; see {parser.prog} --help"
