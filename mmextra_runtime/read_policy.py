"""When to read a frame of a live video, and when to rely on the forecast."""
from typing import Literal, Optional

from .checks import check_choice

ReadMode = Literal['scheduler', 'always_read', 'alternate', 'always_forecast']
READ, FORECAST = 'read', 'forecast'


class ReadPolicy:
    """Decides, before the next frame exists, whether it is needed.

    For every frame ask :meth:`next_op` (any number of times), do it, and
    tell the scheduler's confidence to :meth:`observe`. The first frame of
    a video is always read (Section 3.5).

    - ``scheduler``: forecast if the confidence exceeds ``threshold``
      (Section 3.2). The comparison is strict: a softmax can be 1 exactly,
      and p = 1 must read every frame. Below 0 every frame is forecast.
    - ``always_read``: as the name says; no scheduler is asked.
    - ``alternate``: every ``interval``-th frame is read, the first included
      (Fig. 5, "alternates" for 2).
    - ``always_forecast``: after the first frame none is read.

    Not in the paper: ``max_forecasts``, a guard against drift in long live
    streams, and ``cumulative``. A forecast of a forecast moves less than the
    forecast of a frame that was read, so that its confidence says too much.

    Args:
        mode (str): See above.
        threshold (float): p of the paper.
        interval (int): Frames from one read to the next by ``alternate``.
        max_forecasts (int, optional): After so many forecasts in a row a
            frame is read whatever the mode says.
        cumulative (bool): Compare the product of the confidences since the
            last read with ``threshold``, not the latest alone.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(self,
                 mode: ReadMode = 'scheduler',
                 threshold: float = 1.0,
                 interval: int = 2,
                 max_forecasts: Optional[int] = None,
                 cumulative: bool = False) -> None:
        check_choice('mode of the policy', mode, ReadMode)
        if not isinstance(threshold, (int, float)) or threshold != threshold:
            raise ValueError(f'threshold must be a number, got {threshold!r}')
        if not isinstance(interval, int) or interval < 1:
            raise ValueError(
                f'interval must be a whole number from 1 on, got {interval}')
        if max_forecasts is not None and (
                not isinstance(max_forecasts, int) or max_forecasts < 0):
            raise ValueError('max_forecasts must be None or a whole number '
                             f'from 0 on, got {max_forecasts!r}')
        self.mode = mode
        self.threshold = threshold
        self.interval = interval
        self.max_forecasts = max_forecasts
        self.cumulative = cumulative
        self.reset()

    @property
    def asks_scheduler(self) -> bool:
        """Whether confidences matter."""
        return self.mode == 'scheduler'

    @property
    def reads_all(self) -> bool:
        """Whether no confidence could make it forecast."""
        return self.mode == 'always_read' or (
            self.mode == 'scheduler' and self.threshold >= 1)

    def reset(self) -> None:
        """A new video begins."""
        self.frame = 0
        self.run = 0
        self.conf: Optional[float] = None

    def next_op(self) -> str:
        """What to do about the next frame.

        Returns:
            str: ``'read'`` or ``'forecast'``.
        """
        if self.frame == 0 or not self._wants_forecast():
            return READ
        if self.max_forecasts is not None and self.run >= self.max_forecasts:
            return READ
        return FORECAST

    def _wants_forecast(self) -> bool:
        if self.mode == 'scheduler':
            return self.conf is not None and self.conf > self.threshold
        if self.mode == 'alternate':
            return self.frame % self.interval != 0
        return self.mode == 'always_forecast'

    def observe(self, conf: Optional[float] = None,
                op: Optional[str] = None) -> None:
        """The frame is done.

        Args:
            conf (float, optional): The scheduler's confidence in the
                forecast for the following frame.
            op (str, optional): What was done, if it was not
                :meth:`next_op`, for example a read out of turn.
        """
        op = self.next_op() if op is None else op
        self.run = self.run + 1 if op == FORECAST else 0
        self.frame += 1
        if self.cumulative and op == FORECAST and \
                conf is not None and self.conf is not None:
            conf *= self.conf
        self.conf = conf
