"""Intervals by drawing whole groups again."""
from typing import Callable, Dict

import numpy as np


def bootstrap_interval(statistic: Callable[[np.ndarray], float],
                       number: int,
                       draws: int = 1000,
                       seed: int = 0,
                       level: float = .95) -> Dict[str, float]:
    """A statistic of groups with its interval (percentile bootstrap).

    Args:
        statistic (Callable): From how often each group counts, (number, )
            integers, to a number; draws for which it is NaN are left out.
        number (int): Of groups.
        draws (int): How often as many groups are drawn, with replacement.
        seed (int): Of the drawing.
        level (float): Probability that the interval holds.

    Returns:
        dict[str, float]: ``value`` of every group once, ``low``, ``high``.
    """
    rng = np.random.default_rng(seed)
    values = [
        statistic(np.bincount(rng.integers(0, number, number),
                              minlength=number)) for _ in range(draws)
    ]
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return dict(value=statistic(np.ones(number, int)), low=float(low),
                high=float(high))
