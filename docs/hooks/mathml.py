"""Equations as MathML, which browsers draw themselves: no script and no network."""

import html
import re

from latex2mathml.converter import convert

_EQUATION = re.compile(
    r'<(span|div) class="arithmatex">\\[(\[](?P<source>.*?)\\[)\]]</\1>', re.DOTALL
)


def on_page_content(page_html: str, **_) -> str:
    """Replaces the equations that `pymdownx.arithmatex` marks.

    Args:
        page_html: the page as the Markdown extensions leave it.
    """

    def mathml(match: re.Match) -> str:
        display = "block" if match[1] == "div" else "inline"
        return convert(html.unescape(match["source"]), display=display)

    return _EQUATION.sub(mathml, page_html)
