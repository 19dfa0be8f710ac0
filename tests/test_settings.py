import math
from dataclasses import dataclass

import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.settings import Range, Settings, check, setting, settings_of


@dataclass(frozen=True)
class Example(Settings):
    size: int = setting(4, "a size", above=0)
    share: float = setting(0.5, "a share", least=0, below=1)
    weight: float = setting(1.0, "a weight", most=1)
    kind: str = setting("a", "a kind", choices=("a", "b"))
    mode: str = setting("x", "a mode", choices=("x", "y", "z"))
    ddof: int = setting(1, "a number", choices=(0, 1))
    on: bool = setting(True, "a switch")
    limit: int | None = setting(None, "a limit", least=5)
    sizes: tuple[int, ...] = setting((1, 2), "sizes", above=0)
    seed: int = setting(3, "a seed", least=0, below=8, search=Range(1, 2), of_model=False)


@dataclass(frozen=True)
class Derived(Example):
    share: float = setting(0.25, "another share", least=0, most=1)
    more: float = setting(2.0, "more", least=0)


def test_a_declaration_is_read_back_whole():
    declared = {each.name: each for each in settings_of(Derived)}
    assert list(declared) == [
        *("size", "share", "weight", "kind", "mode", "ddof", "on", "limit", "sizes", "seed", "more")
    ]
    assert (declared["share"].default, declared["share"].help) == (0.25, "another share")
    assert (declared["limit"].kind, declared["limit"].optional) == (int, True)
    assert (declared["sizes"].kind, declared["sizes"].many) == (int, True)
    assert (declared["seed"].search, declared["seed"].of_model) == (Range(1, 2), False)
    assert declared["size"].of_model
    assert declared["sizes"].flag == "--sizes"
    assert Derived.share == 0.25


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 0}, "size must be positive, got 0"),
        ({"size": 2.5}, "size must be a whole number, got 2.5"),
        ({"size": math.inf}, "size must be positive, got inf"),
        ({"size": True}, "size must be a whole number, got True"),
        ({"share": 1.0}, "share must be at least 0 and below 1, got 1.0"),
        ({"share": math.nan}, "share must be at least 0 and below 1, got nan"),
        ({"share": "0.5"}, "share must be a number, got '0.5'"),
        ({"weight": 1.5}, "weight must be at most 1, got 1.5"),
        ({"kind": "c"}, "kind must be a or b, got 'c'"),
        ({"mode": "c"}, "mode must be one of x, y, z, got 'c'"),
        ({"ddof": 2}, "ddof must be 0 or 1, got 2"),
        ({"on": 1}, "on must be true or false, got 1"),
        ({"limit": 4}, "limit must be at least 5, got 4"),
        ({"sizes": (1, 0)}, "sizes must be positive, got 0"),
        ({"sizes": ()}, "sizes must be a whole number, got"),
        ({"seed": -1}, "seed must be at least 0 and below 8, got -1"),
        ({"size": None}, "size must be a whole number, got None"),
    ],
)
def test_refused(values, message):
    with pytest.raises(InputError) as caught:
        Example(**values)
    assert message in str(caught.value)
    with pytest.raises(InputError):
        check(Example, **values)


def test_allowed():
    Example(limit=None, sizes=(3,), weight=-5, share=0)
    Example(size=2.0)
    with pytest.raises(InputError, match="share must be from 0 to 1, got 2"):
        Derived(share=2)
    with pytest.raises(InputError, match="more must be at least 0 and finite, got inf"):
        Derived(more=math.inf)


def test_values_from_text():
    declared = {each.name: each for each in settings_of(Example)}
    assert declared["size"].read("7") == 7
    assert declared["share"].read("1") == 1.0
    assert isinstance(declared["share"].read("1"), float)
    assert declared["on"].read("false") is False
    assert declared["sizes"].read("1,4") == (1, 4)
    assert declared["limit"].read("9") == 9
    for name, text in (("size", "2.5"), ("on", "yes"), ("sizes", "1,,2"), ("share", "much")):
        with pytest.raises(InputError, match=f"{name} cannot be '{text}'"):
            declared[name].read(text)
