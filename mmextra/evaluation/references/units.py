"""Units of measured and printed numbers, and their conversion."""
from typing import Dict, Optional, Tuple

from mmextra.utils.checks import check_choice

# unit: (quantity, how many of it make one base unit of the quantity)
UNITS: Dict[str, Tuple[str, float]] = {
    'fraction': ('share', 1),
    'percent': ('share', 100),
    's': ('time', 60),
    'ms': ('time', 60_000),
    'min': ('time', 1),
    'params': ('parameters', 1),
    'params_m': ('parameters', 1e-6),
    'fps': ('speed', 1),
    'count': ('count', 1),
    'number': ('number', 1),
}


def _unit(unit: str) -> Tuple[str, float]:
    return UNITS[check_choice('unit', unit, UNITS)]


def same_quantity(unit: str, other: str) -> bool:
    """Whether two units measure the same quantity."""
    return _unit(unit)[0] == _unit(other)[0]


def convert_unit(value: float, unit: str, target: str) -> float:
    """Express a value in another unit; every conversion happens here.

    Args:
        value (float): The value.
        unit (str): Its unit, a key of ``UNITS``.
        target (str): The unit wanted.

    Returns:
        float: The value in ``target``.

    Raises:
        ValueError: If a unit is unknown or the two measure different
            quantities.
    """
    if not same_quantity(unit, target):
        raise ValueError(f'cannot convert {unit} to {target}')
    if unit == target:
        return value
    return value * (_unit(target)[1] / _unit(unit)[1])


def format_value(value: Optional[float], unit: Optional[str]) -> str:
    """A measured value as text, with the digits that its unit deserves.

    Args:
        value (float, optional): The value; None gives ``'n/a'``.
        unit (str, optional): Its unit; None if it is not known.

    Returns:
        str: The text, without the unit.
    """
    if value is None:
        return 'n/a'
    digits = {'percent': '.2f', 'params_m': '.2f', 'fraction': '.4f'}
    return format(value, digits.get(unit or '', '.4g'))


def format_printed(value: float, unit: str) -> str:
    """A paper's number as text, about as the paper prints it.

    Args:
        value (float): The number.
        unit (str): Its unit.

    Returns:
        str: The text; a percentage keeps its first decimal if that is 0.
    """
    text = f'{value:g}'
    return f'{text}.0' if unit == 'percent' and '.' not in text else text
