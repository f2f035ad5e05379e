"""When to read a frame of a live video, and when to rely on the forecast."""
import math
from typing import Literal, Optional

from .checks import check_choice

ReadMode = Literal['scheduler', 'always_read', 'alternate',
                   'always_forecast', 'change']
Between = Literal['forecast', 'repeat', 'move']
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
      (Fig. 5, "alternates" for 2). With 1.5 two of three are, with 1.25 four
      of five: what adaptive reading has to beat at any share of reads.
    - ``always_forecast``: after the first frame none is read.
    - ``change``: forecast while what has changed since the last read should
      be less than ``threshold``: the change of the read map per frame from
      the read before to the last, see :meth:`note_change`, times the age of
      the last read at the frame in question. Below two reads there is none,
      so the first two frames are read. At 0 every frame is.

    Not in the paper: ``change``, ``between``, ``max_forecasts``, a guard
    against drift in long live streams, and ``cumulative``. A forecast of a
    forecast moves less than the forecast of a frame that was read, so that
    its confidence says too much.

    Where the network does not run between reads, no confidence comes from
    there: ``scheduler`` then reads after one frame, and with ``cumulative``
    goes on with the confidence at the last read.

    Args:
        mode (str): See above.
        threshold (float): p of the paper; by ``change`` the largest change.
        interval (float): Frames from one read to the next by ``alternate``,
            in the mean.
        max_forecasts (int, optional): After so many frames in a row without
            one a frame is read whatever the mode says. By default there is
            no such number, and 3 by ``change``.
        cumulative (bool): Compare the product of the confidences since the
            last read with ``threshold``, not the latest alone.
        between (str): What is shown where a frame is not read: detections
            on its ``'forecast'`` maps, or without running the network
            ``'repeat'`` the last boxes, or ``'move'`` them at the velocity
            from the read before to the last.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(self,
                 mode: ReadMode = 'scheduler',
                 threshold: float = 1.0,
                 interval: float = 2,
                 max_forecasts: Optional[int] = None,
                 cumulative: bool = False,
                 between: Between = 'forecast') -> None:
        check_choice('mode of the policy', mode, ReadMode)
        check_choice('between of the policy', between, Between)
        if not isinstance(threshold, (int, float)) or threshold != threshold:
            raise ValueError(f'threshold must be a number, got {threshold!r}')
        if not isinstance(interval, (int, float)) or \
                not 1 <= interval < math.inf:
            raise ValueError(
                f'interval must be a number from 1 on, got {interval!r}')
        if max_forecasts is not None and (
                not isinstance(max_forecasts, int) or max_forecasts < 0):
            raise ValueError('max_forecasts must be None or a whole number '
                             f'from 0 on, got {max_forecasts!r}')
        self.mode = mode
        self.threshold = threshold
        self.interval = interval
        if mode == 'change' and max_forecasts is None:
            max_forecasts = 3
        self.max_forecasts = max_forecasts
        self.between = between
        self.cumulative = cumulative
        self.reset()

    @property
    def asks_scheduler(self) -> bool:
        """Whether confidences matter."""
        return self.mode == 'scheduler'

    @property
    def asks_change(self) -> bool:
        """Whether changes from read to read matter."""
        return self.mode == 'change'

    @property
    def forecasts(self) -> bool:
        """Whether it needs maps that were forecast."""
        return not self.reads_all and self.between == 'forecast'

    @property
    def reads_all(self) -> bool:
        """Whether nothing that is observed could make it skip a frame."""
        return self.mode == 'always_read' or (
            self.mode == 'scheduler' and self.threshold >= 1) or (
            self.mode == 'change' and self.threshold <= 0)

    def reset(self) -> None:
        """A new video begins."""
        self.frame = 0
        self.run = 0
        self.conf: Optional[float] = None
        self.read_conf: Optional[float] = None
        self.rate: Optional[float] = None
        self.due = False

    def next_op(self) -> str:
        """What to do about the next frame.

        Returns:
            str: ``'read'`` or ``'forecast'``.
        """
        if self.frame == 0 or self.due or not self._wants_forecast():
            return READ
        if self.max_forecasts is not None and self.run >= self.max_forecasts:
            return READ
        return FORECAST

    def _wants_forecast(self) -> bool:
        if self.mode == 'scheduler':
            return self.conf is not None and self.conf > self.threshold
        if self.mode == 'alternate':
            return self._reads_due(self.frame) == \
                self._reads_due(self.frame - 1)
        if self.mode == 'change':
            return self.rate is not None and \
                self.rate * (self.run + 1) < self.threshold
        return self.mode == 'always_forecast'

    def _reads_due(self, frame: int) -> int:
        # A quotient that rounding has left just below a whole number is one.
        return math.floor(frame / self.interval + 1e-9)

    def note_change(self, change: Optional[float]) -> None:
        """A frame is being read; call it before :meth:`observe`, which has
        to be told so, for the new rate says what to do next.

        Args:
            change (float, optional): Change of its map against that of the
                last read, None if there is no last.
        """
        self.rate = None if change is None else change / (self.run + 1)

    def expected_change(self, op: str) -> float:
        """Change since the last read at the frame after this one.

        Args:
            op (str): What is done about this frame.

        Returns:
            float: The product that ``change`` compares; -1 if unknown.
        """
        if self.rate is None:
            return -1.
        return self.rate * (1 if op == READ else self.run + 2)

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
        self.frame += 1
        if op == READ:
            self.run, self.due = 0, False
            self.conf = self.read_conf = conf
            return
        self.run += 1
        if self.cumulative:
            conf = self.read_conf if conf is None else conf
            if conf is not None and self.conf is not None:
                conf *= self.conf
        self.conf = conf

    def skip(self) -> None:
        """A frame that was to be read was passed over: the next one has to
        be. Before the first frame it does not matter."""
        if self.frame:
            self.frame += 1
            self.run += 1
            self.due = True
