"""Refusing values and keys that nobody knows, with those that are legal."""
import dataclasses
import difflib
from typing import (
    Any,
    Iterable,
    List,
    Mapping,
    Tuple,
    Type,
    TypeVar,
    get_args,
)

T = TypeVar('T')
# Less alike than this, a suggestion misleads.
LIKENESS = 0.5


def enumerate_choices(choices: Iterable[Any]) -> str:
    """``'a', 'b' or 'c'``, each as Python writes it."""
    shown = [repr(each) for each in choices]
    if len(shown) < 2:
        return ''.join(shown)
    return f'{", ".join(shown[:-1])} or {shown[-1]}'


def nearest(value: Any, choices: Iterable[Any]) -> str:
    """What was probably meant, as the end of a sentence.

    Args:
        value (Any): What was given.
        choices (Iterable): What is legal.

    Returns:
        str: ``"; did you mean 'b'?"``, or nothing if none is alike.
    """
    legal = {str(each).lower(): each for each in choices}
    found = difflib.get_close_matches(
        str(value).lower(), legal, 1, cutoff=LIKENESS)
    return f'; did you mean {legal[found[0]]!r}?' if found else ''


def check_choice(name: str, value: T, choices: Any, remedy: str = '') -> T:
    """Refuse a value outside of a closed set.

    Args:
        name (str): Of the argument, for the text.
        value (Any): What was given.
        choices (Iterable or type): What is legal: values, or a ``Literal``
            (also one of an ``Optional``).
        remedy (str): What else to tell.

    Returns:
        Any: ``value``.

    Raises:
        ValueError: If it is none of them; the text lists them and names the
            one that is most alike.
    """
    legal = literal_values(choices) or tuple(choices)
    if any(type(value) is type(each) and value == each for each in legal):
        return value
    raise ValueError(
        f'{name} must be one of {enumerate_choices(legal)}, got {value!r}'
        f'{remedy and "; " + remedy}{nearest(value, legal)}')


def literal_values(kind: Any) -> Tuple[Any, ...]:
    """Values of a ``Literal`` or of a union that holds some.

    Args:
        kind (Any): A type, or anything else.

    Returns:
        tuple: The values; empty if it is no such type.
    """
    values: List[Any] = []
    for each in get_args(kind):
        if each is type(None):
            values.append(None)
        else:
            values.extend(literal_values(each) or (each, ))
    return tuple(values)


def check_keys(name: str, given: Iterable[str], legal: Iterable[str],
               remedy: str = '', error: Type[Exception] = ValueError) -> None:
    """Refuse keys that nobody reads.

    Args:
        name (str): Whose keys, for the text.
        given (Iterable[str]): The keys.
        legal (Iterable[str]): Those that are read.
        remedy (str): What else to tell.
        error (type): What to raise.

    Raises:
        ValueError: If one is not legal; the text lists the legal ones and
            names the one that is most alike.
    """
    legal = tuple(legal)
    for key in given:
        if key not in legal:
            raise error(
                f'{name}: unknown field {key!r}; legal are '
                f'{", ".join(map(str, legal))}{remedy and "; " + remedy}'
                f'{nearest(key, legal)}')


def settings_from_cfg(kind: Type[T], cfg: Mapping[str, Any],
                      name: str) -> T:
    """A dataclass of settings from the dict of a config.

    Args:
        kind (type): The dataclass; its fields are the legal keys.
        cfg (Mapping): The dict.
        name (str): Of the config's key, for the text.

    Returns:
        Any: An instance of ``kind``.

    Raises:
        ValueError: If a key is unknown or a field without default is absent.
    """
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]
    check_keys(name, cfg, [field.name for field in fields])
    absent = [field.name for field in fields if field.name not in cfg
              and field.default is dataclasses.MISSING
              and field.default_factory is dataclasses.MISSING]
    if absent:
        raise ValueError(f'{name} lacks {", ".join(map(repr, absent))}')
    return kind(**cfg)
