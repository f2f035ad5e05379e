from dataclasses import dataclass, field
from typing import Literal, Optional

import pytest

from mmextra.utils.checks import (
    check_choice,
    check_keys,
    enumerate_choices,
    literal_values,
    settings_from_cfg,
)

Colour = Literal['red', 'green', 'blue']


def test_a_legal_value_comes_back():
    assert check_choice('colour', 'red', Colour) == 'red'
    assert check_choice('colour', None, Optional[Colour]) is None
    assert check_choice('depth', 18, {18: 'a', 34: 'b'}) == 18


@pytest.mark.parametrize('value, choices, text', [
    ('gren', Colour, "colour must be one of 'red', 'green' or 'blue', got "
     "'gren'; did you mean 'green'?"),
    ('RED', ('red', 'blue'), "colour must be one of 'red' or 'blue', got "
     "'RED'; did you mean 'red'?"),
    ('x', Optional[Colour], "colour must be one of 'red', 'green', 'blue' or "
     "None, got 'x'"),
    (3, (1, 2), 'colour must be one of 1 or 2, got 3'),
    # What equals a legal value but is another thing is none.
    (True, (1, 2), 'colour must be one of 1 or 2, got True'),
    (None, ('red', ), "colour must be one of 'red', got None"),
    (['red'], Colour, "colour must be one of 'red', 'green' or 'blue', got "
     "['red']"),
])
def test_another_value_is_refused(value, choices, text):
    with pytest.raises(ValueError) as caught:
        check_choice('colour', value, choices)
    assert str(caught.value).startswith(text)
    if 'did you mean' not in text:
        assert str(caught.value) in (
            text, f"{text}; did you mean 'red'?")


def test_a_remedy_is_told():
    with pytest.raises(ValueError, match='got 9; it counts stages$'):
        check_choice('stages', 9, range(3), 'it counts stages')


def test_unknown_fields_are_refused_by_name():
    check_keys('cfg', ['a'], ['a', 'b'])
    with pytest.raises(ValueError, match="^cfg: unknown field 'tow'; legal "
                       r"are one, two; did you mean 'two'\?$"):
        check_keys('cfg', ['one', 'tow'], ['one', 'two'])
    with pytest.raises(KeyError, match='put it elsewhere'):
        check_keys('cfg', ['z'], ['a'], 'put it elsewhere', KeyError)


def test_values_of_types():
    assert literal_values(Colour) == ('red', 'green', 'blue')
    assert literal_values(Optional[Literal[1, 2]]) == (1, 2, None)
    assert literal_values(('a', 'b')) == () == literal_values(str)
    assert enumerate_choices(['a']) == "'a'"


@dataclass
class Settings:
    low: float
    high: float = 1.
    names: list = field(default_factory=list)


def test_settings_from_a_dict():
    assert settings_from_cfg(Settings, dict(low=0.), 'cfg') == Settings(0.)
    with pytest.raises(ValueError, match="cfg lacks 'low'"):
        settings_from_cfg(Settings, dict(high=2.), 'cfg')
    with pytest.raises(ValueError, match="cfg: unknown field 'hihg'.*'high'"):
        settings_from_cfg(Settings, dict(low=0., hihg=2.), 'cfg')
