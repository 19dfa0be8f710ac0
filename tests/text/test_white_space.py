import re
import sys
import unicodedata

import pytest

from scale_vae_keras.text.white_space import has_white_space, is_blank

# PropList.txt of Unicode, White_Space.
WHITE_SPACE = [
    *("\t", "\n", "\v", "\f", "\r", " ", "\x85", "\xa0", "\u1680", "\u2000", "\u2001", "\u2002"),
    *("\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a", "\u2028"),
    *("\u2029", "\u202f", "\u205f", "\u3000"),
]


def test_the_white_space_of_unicode():
    found = [c for c in map(chr, range(sys.maxunicode + 1)) if has_white_space(f"a{c}b")]
    assert found == WHITE_SPACE
    assert all(re.match(r"\s", c) for c in found)
    assert {unicodedata.category(c) for c in found} == {"Cc", "Zs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "blank"), [("", True), (" \u3000\x85", True), (" \u200b", False), ("\x1c", False)]
)
def test_blank_text(text, blank):
    assert is_blank(text) is blank
