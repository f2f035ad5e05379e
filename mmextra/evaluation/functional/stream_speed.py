"""Speed of a detector that does not read every frame."""


def fps_model(t_backbone: float, t_step: float,
              forecast_ratio: float) -> float:
    """Frames per second at a share of forecasts.

    Args:
        t_backbone (float): Time that only a read costs, milliseconds.
        t_step (float): Time that every frame costs, milliseconds.
        forecast_ratio (float): Share of frames that are not read, 0 to 1.

    Returns:
        float: ``1000 / (t_step + (1 - f) t_backbone)``.
    """
    return 1000 / (t_step + (1 - forecast_ratio) * t_backbone)


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
