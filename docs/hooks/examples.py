"""Examples of docstrings as code."""

import re

import griffe


class Examples(griffe.Extension):
    """Reads the section `Example:` as griffe reads `Examples:`, whose lines with `>>>` are code."""

    def on_instance(self, *, obj: griffe.Object, **_) -> None:
        """Renames the section of one object's docstring."""
        if obj.docstring:
            value = obj.docstring.value
            obj.docstring.value = re.sub(r"^Example:$", "Examples:", value, flags=re.MULTILINE)
