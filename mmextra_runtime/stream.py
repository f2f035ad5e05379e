"""Detection on live video that reads only the frames it needs."""
import time
from typing import Any, Dict, Iterator, Optional, Tuple

import numpy as np

from .box_motion import BoxMotion, map_change
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
            if policy.forecasts and 'forecast' not in exported.graphs:
                raise ValueError(
                    'the model does not forecast; set policy='
                    "dict(mode='always_read'), or show the last boxes where "
                    "a frame is not read by between='repeat' or 'move'")
            if policy.asks_change and 'read_map' not in \
                    exported.graphs['read'].outputs:
                raise ValueError(
                    "policy mode 'change' compares maps, which this folder "
                    'does not give; export the model again')
            if policy.asks_scheduler and not own['scheduler']:
                raise ValueError(
                    "policy mode 'scheduler' needs a scheduler, which the "
                    "model has not; take mode='alternate'")
        self.policy = policy
        self._counts = dict(reads=0, forecasts=0)
        self._skipped = 0
        self._seconds = 0.
        self.reset()

    @property
    def needs_frame(self) -> bool:
        """Whether the next :meth:`step` needs its frame; known before that
        frame exists."""
        return not self._has_next or self.policy.next_op() == READ

    @property
    def _has_next(self) -> bool:
        """Whether there is anything to show if the next frame is not
        read."""
        source: Any = self._ahead if self.policy.between == 'forecast' \
            else self._shown
        return source is not None

    @property
    def stats(self) -> Dict[str, float]:
        """``frames``, ``reads`` and ``forecasts`` since the beginning,
        ``ratio`` of forecasts, ``skipped`` frames, which are none of the
        ``frames``, and ``fps`` of the model with its preprocessing, without
        the source."""
        frames = sum(self._counts.values())
        return dict(
            frames=frames,
            **self._counts,
            ratio=self._counts['forecasts'] / max(frames, 1),
            skipped=self._skipped,
            fps=frames / self._seconds if self._seconds else 0.)

    def reset(self) -> None:
        """A new video begins; its first frame is needed."""
        self.policy.reset()
        # One place of zeros: the graph spreads it over the map.
        self._states = {
            name: np.zeros((1, channels, 1, 1), np.float32)
            for name, channels in self.meta['stream']['states'].items()}
        self._ahead: Optional[Dict[str, np.ndarray]] = None
        self._shown: Optional[Detections] = None
        self._motion = BoxMotion()
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
        result = self._read_frame(frame) if read else self._not_read()
        seconds = time.perf_counter() - begin
        result.info.update(frame_index=self._frame_index,
                           latency_ms=1000 * seconds)
        self._frame_index += 1
        self._seconds += seconds
        self._counts['reads' if read else 'forecasts'] += 1
        return result

    def _read_frame(self, frame: np.ndarray) -> Detections:
        self._metas = prepare(frame, self.meta['preprocess'])
        outputs = self.exported.graphs['read'](
            image=self._metas.blob,
            img_shape=np.array(self._metas.img_shape, np.int64),
            **self._states)
        read_map = outputs.get('read_map')
        if self.policy.asks_change:
            self.policy.note_change(
                None if self._read is None else
                map_change(read_map, self._read))
        self._read = read_map
        conf = self._take_in(outputs)
        found = self._finish(outputs)
        if self.policy.between != 'forecast':
            self._shown = found
            # Frames since the read before, this one included.
            self._motion.read(found.boxes, found.labels, self.policy.run + 1)
        self.policy.observe(conf, READ)
        return self._told(found, False, conf)

    def _not_read(self) -> Detections:
        conf = None
        if self.policy.between == 'forecast':
            outputs = self._forecast(self._ahead, self._states)
            conf = self._take_in(outputs)
            found = self._finish(outputs)
        else:
            found = self._between(self.policy.run + 1)
        self.policy.observe(conf, FORECAST)
        return self._told(found, True, conf)

    def _forecast(self, ahead: Any, states: Dict[str, np.ndarray]
                  ) -> Dict[str, np.ndarray]:
        return self.exported.graphs['forecast'](
            img_shape=np.array(self._metas.img_shape, np.int64),
            read_map=self._read, **ahead, **states)

    def _take_in(self, outputs: Dict[str, np.ndarray]) -> Optional[float]:
        """Note state and forecast; gives the confidence, if it is asked."""
        self._states, self._ahead = self._next(outputs)
        if self.policy.asks_scheduler and 'conf' in outputs:
            return float(outputs['conf'])
        return None

    def _next(self, outputs: Dict[str, np.ndarray]) -> Tuple[
            Dict[str, np.ndarray], Optional[Dict[str, np.ndarray]]]:
        """State and forecast that a graph gives."""
        ahead = {name[len('next_'):]: value
                 for name, value in outputs.items()
                 if name.startswith('next_map_')}
        return {name: outputs[f'next_{name}']
                for name in self._states}, ahead or None

    def _finish(self, outputs: Dict[str, np.ndarray]) -> Detections:
        boxes, scores, labels, _ = finish(
            outputs['boxes'], outputs['scores'], outputs['labels'],
            self.meta['test'], self._metas.scale, self._metas.ori_shape)
        return Detections(boxes, scores, labels, self.classes, info={})

    def _between(self, steps: int) -> Detections:
        """Boxes so many frames after the last read, without the network."""
        shown: Any = self._shown
        boxes = shown.boxes
        if self.policy.between == 'move':
            boxes = self._motion.moved(steps, self._metas.ori_shape).astype(
                boxes.dtype)
        return Detections(boxes, shown.scores, shown.labels, self.classes,
                          info={})

    @staticmethod
    def _told(found: Detections, is_forecast: bool,
              conf: Optional[float]) -> Detections:
        found.info.update(is_forecast=is_forecast, forecast_conf=conf)
        return found

    def peek(self, frames: int = 1) -> Detections:
        """What should be seen later, before it is; nothing else changes.

        Args:
            frames (int): Frames after the last :meth:`step`; 1 is the next.

        Returns:
            Detections: ``info`` has ``frame_index``.

        Raises:
            ValueError: If no frame was seen yet, nothing is forecast, or
                ``frames`` is below 1.
        """
        if frames < 1 or not self._has_next:
            raise ValueError(
                'peek at least 1 frame ahead, after a first frame, by a '
                "model that forecasts or between='repeat' or 'move'")
        if self.policy.between != 'forecast':
            found = self._between(self.policy.run + frames)
        else:
            ahead, states = self._ahead, self._states
            for _ in range(frames):
                outputs = self._forecast(ahead, states)
                states, ahead = self._next(outputs)
            found = self._finish(outputs)
        found.info.update(frame_index=self._frame_index + frames - 1)
        return found

    def skip(self, frames: int = 1) -> None:
        """Tell that frames of the source were passed over.

        Args:
            frames (int): How many since the last :meth:`step`.
        """
        begin = time.perf_counter()
        for _ in range(frames):
            if self.needs_frame:
                self.policy.skip()
                continue
            conf = None
            if self.policy.between == 'forecast':
                conf = self._take_in(
                    self._forecast(self._ahead, self._states))
            self.policy.observe(conf, FORECAST)
        self._seconds += time.perf_counter() - begin
        self._frame_index += frames
        self._skipped += frames

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
