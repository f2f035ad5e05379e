"""Speed of a detector that does not read every frame."""
from typing import Optional


def fps_model(t_backbone: float, t_step: float, forecast_ratio: float,
              t_between: Optional[float] = None) -> float:
    """Frames per second at a share of forecasts.

    Args:
        t_backbone (float): Time that only a read costs, milliseconds.
        t_step (float): Time that every frame costs, milliseconds.
        forecast_ratio (float): Share of frames that are not read, 0 to 1.
        t_between (float, optional): Time of a frame that is not read, if it
            is not ``t_step``.

    Returns:
        float: ``1000 / ((1 - f) (t_backbone + t_step) + f t_between)``.
    """
    t_between = t_step if t_between is None else t_between
    return 1000 / ((1 - forecast_ratio) * (t_backbone + t_step) +
                   forecast_ratio * t_between)


def break_even_ratio(t_backbone: float, t_step: float,
                     t_other: float) -> float:
    """Share of forecasts from which on another detector is slower.

    Args:
        t_backbone (float): See :func:`fps_model`.
        t_step (float): See there.
        t_other (float): Time per frame of the other, milliseconds.

    Returns:
        float: The share; above 1 if there is none, below 0 if the other is
        slower in any case.
    """
    return 1 - (t_other - t_step) / t_backbone
