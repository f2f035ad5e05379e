"""Detection on live video that reads only the frames it needs."""
import time
from typing import Any, Dict, Iterator, Optional, Tuple

import numpy as np

from .drawing import draw
from .folder import ExportedFolder
from .images import Prepared, prepare, read_image
from .postprocess import finish
from .read_policy import FORECAST, READ, ReadPolicy
from .results import Detections


class StreamDetector:
    """Detects on frames as they come, and says beforehand if it needs one.

    As ``mmextra.apis.StreamDetector``, by two graphs: one reads a frame,
    the other detects from the maps that were forecast for it.

    Args:
        exported (ExportedFolder): The model.
        policy (dict or ReadPolicy, optional): Changes to the model's
            policy, for example ``dict(threshold=0.5)``, or another one.

    Raises:
        ValueError: If the folder is of another task, or the policy needs
            forecasts that the model does not make.
    """

    task = 'stream'

    def __init__(self, exported: ExportedFolder, policy: Any = None) -> None:
        if exported.meta['task'] != self.task:
            raise ValueError(
                f'{exported.path} is of the task {exported.meta["task"]!r}, '
                'not of a stream; use mmextra_runtime.load')
        self.exported = exported
        self.meta = exported.meta
        self.classes = tuple(exported.classes)
        own = self.meta['stream']
        self.policy_settings = policy
        if not isinstance(policy, ReadPolicy):
            self.policy_settings = {**own['policy'], **(policy or {})}
            policy = ReadPolicy(**self.policy_settings)
        if not policy.reads_all:
            if 'forecast' not in exported.graphs:
                raise ValueError(
                    'the model does not forecast, so every frame is read; '
                    "set policy=dict(mode='always_read')")
            if policy.asks_scheduler and not own['scheduler']:
                raise ValueError(
                    "policy mode 'scheduler' needs a scheduler, which the "
                    "model has not; take mode='alternate'")
        self.policy = policy
        self._counts = dict(reads=0, forecasts=0)
        self._seconds = 0.
        self.reset()

    @property
    def needs_frame(self) -> bool:
        """Whether the next :meth:`step` needs its frame; known before that
        frame exists."""
        return self._pending is None or self.policy.next_op() == READ

    @property
    def stats(self) -> Dict[str, float]:
        """``frames``, ``reads`` and ``forecasts`` since the beginning,
        ``ratio`` of forecasts, and ``fps`` of the model with its
        preprocessing, without the source."""
        frames = sum(self._counts.values())
        return dict(
            frames=frames,
            **self._counts,
            ratio=self._counts['forecasts'] / max(frames, 1),
            fps=frames / self._seconds if self._seconds else 0.)

    def reset(self) -> None:
        """A new video begins; its first frame is needed."""
        self.policy.reset()
        # One place of zeros: the graph spreads it over the map.
        self._states = {
            name: np.zeros((1, channels, 1, 1), np.float32)
            for name, channels in self.meta['stream']['states'].items()}
        self._pending: Optional[Dict[str, np.ndarray]] = None
        self._read: Optional[np.ndarray] = None
        self._metas: Optional[Prepared] = None
        self._shape: Optional[Tuple[int, ...]] = None
        self._frame_index = 0

    def step(self, frame: Any = None,
             force_read: bool = False) -> Detections:
        """Detect on the next frame.

        Args:
            frame (np.ndarray or str, optional): (h, w, 3) uint8 BGR, or a
                file. Not looked at unless it is needed. A frame of another
                size begins a new video.
            force_read (bool): Read it though it is not needed.

        Returns:
            Detections: In pixels of the last frame read; ``info`` has
            ``frame_index``, ``is_forecast``, ``forecast_conf`` (for the
            next frame; None if the policy asks no scheduler) and
            ``latency_ms``.

        Raises:
            ValueError: If the frame is needed and not given, or unusable.
        """
        begin = time.perf_counter()
        if frame is not None:
            frame = read_image(frame)
            if self._shape not in (None, frame.shape):
                self.reset()
            self._shape = frame.shape
        read = force_read or self.needs_frame
        if read and frame is None:
            raise ValueError(
                f'frame {self._frame_index} is needed (needs_frame is True) '
                'but was not given; a forecast is there only after a step '
                'whose policy chose it')
        if read:
            self._metas = prepare(frame, self.meta['preprocess'])
            outputs = self.exported.graphs['read'](
                image=self._metas.blob,
                img_shape=np.array(self._metas.img_shape, np.int64),
                **self._states)
            self._read = outputs.get('read_map')
        else:
            outputs = self.exported.graphs['forecast'](
                img_shape=np.array(self._metas.img_shape, np.int64),
                read_map=self._read, **self._pending, **self._states)
        result = self._observe(outputs, READ if read else FORECAST)
        seconds = time.perf_counter() - begin
        result.info.update(frame_index=self._frame_index,
                           latency_ms=1000 * seconds)
        self._frame_index += 1
        self._seconds += seconds
        self._counts['reads' if read else 'forecasts'] += 1
        return result

    def _observe(self, outputs: Dict[str, np.ndarray],
                 op: str) -> Detections:
        """Note state and forecast, and make boxes of the outputs."""
        conf = None
        if self.policy.asks_scheduler and 'conf' in outputs:
            conf = float(outputs['conf'])
        self.policy.observe(conf, op)
        self._states = {name: outputs[f'next_{name}']
                        for name in self._states}
        self._pending = None
        if self.policy.next_op() == FORECAST:
            self._pending = {
                name[len('next_'):]: value for name, value in outputs.items()
                if name.startswith('next_map_')}
        boxes, scores, labels, _ = finish(
            outputs['boxes'], outputs['scores'], outputs['labels'],
            self.meta['test'], self._metas.scale, self._metas.ori_shape)
        return Detections(
            boxes, scores, labels, self.classes,
            info=dict(is_forecast=op == FORECAST, forecast_conf=conf))

    def run(self, source: Any
            ) -> Iterator[Tuple[Optional[np.ndarray], Detections]]:
        """Detect on all frames of a source, from its beginning.

        Args:
            source (Any): With ``read()`` and ``grab()`` as
                ``cv2.VideoCapture``, or an iterable of frames.

        Yields:
            tuple: The frame, None if it was not needed, and the result.
        """
        frames = None if hasattr(source, 'grab') else iter(source)
        self.reset()
        while True:
            needed = self.needs_frame
            if frames is not None:
                frame = next(frames, None)
                there = frame is not None
            elif needed:
                there, frame = source.read()
            else:
                there, frame = source.grab(), None
            if not there:
                return
            frame = frame if needed else None
            yield frame, self.step(frame)

    def draw(self, image: np.ndarray, found: Detections,
             score_thr: float = 0.3) -> np.ndarray:
        """The frame with its boxes, see :func:`~.drawing.draw`."""
        return draw(read_image(image), found, score_thr)
