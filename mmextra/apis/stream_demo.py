"""A live stream with its detections, and which frames were not read."""
import time
from pathlib import Path
from typing import Any, List, Optional, Sequence, Tuple

import cv2
import numpy as np
from mmdet.structures import DetDataSample

from mmextra.datasets import ImageNetVIDDataset

from .stream_detector import StreamDetector

RED = (0, 0, 255)
COLOURS = ((80, 220, 80), (255, 160, 60), (60, 200, 255), (220, 120, 255),
           (255, 255, 90), (120, 180, 255))


def draw(frame: np.ndarray, result: DetDataSample, classes: Sequence[str],
         score_thr: float, fps: float) -> np.ndarray:
    """A frame with its boxes, what was done, and how sure the scheduler is.

    Args:
        frame (np.ndarray): (h, w, 3) BGR.
        result (DetDataSample): Its result.
        classes (Sequence[str]): Names of the labels.
        score_thr (float): Boxes below it are not drawn.
        fps (float): The model's frames per second.

    Returns:
        np.ndarray: A new picture of the same size.
    """
    picture = frame.copy()
    found = result.pred_instances
    found = found[found.scores >= score_thr]
    for box, label, score in zip(found.bboxes.round().int().tolist(),
                                 found.labels.tolist(),
                                 found.scores.tolist()):
        colour = COLOURS[label % len(COLOURS)]
        cv2.rectangle(picture, tuple(box[:2]), tuple(box[2:]), colour, 2)
        _text(picture, f'{classes[label]} {score:.2f}',
              (box[0], max(box[1] - 4, 12)), colour)
    height, width = picture.shape[:2]
    if result.is_forecast:
        edge = max(3, round(min(height, width) / 80))
        cv2.rectangle(picture, (0, 0), (width - 1, height - 1), RED,
                      2 * edge - 1)
    conf = result.forecast_conf
    words = ['forecast' if result.is_forecast else 'read']
    if conf is not None:
        words.append(f'next {conf:.2f}')
    words.append(f'{fps:.0f} fps')
    _text(picture, '  '.join(words), (10, height - 12),
          RED if result.is_forecast else (255, 255, 255))
    return picture


def _text(picture: np.ndarray, text: str, place: Tuple[int, int],
          colour: Tuple[int, ...]) -> None:
    size = max(0.35, min(picture.shape[:2]) / 900)
    for tint, thick in (((0, 0, 0), 3), (colour, 1)):
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, size,
                    tint, thick, cv2.LINE_AA)


def as_json(result: DetDataSample, score_thr: float) -> dict:
    """A result as a line of the dump."""
    found = result.pred_instances
    found = found[found.scores >= score_thr]
    return dict(
        frame=result.frame_index,
        is_forecast=result.is_forecast,
        forecast_conf=result.forecast_conf,
        latency_ms=round(result.latency_ms, 3),
        bboxes=[[round(v, 2) for v in box] for box in found.bboxes.tolist()],
        labels=found.labels.tolist(),
        scores=[round(v, 4) for v in found.scores.tolist()])


class StreamOutput:
    """A video file, a window or both.

    Args:
        path (str, optional): The video file.
        show (bool): Whether to open a window.
        wait_time (int): Milliseconds that a frame is shown.
        fps (float): Of the video file.
    """

    def __init__(self, path: Optional[str], show: bool, wait_time: int,
                 fps: float) -> None:
        self.path, self.show, self.wait_time = path, show, wait_time
        self.fps = fps
        self.writer: Optional[cv2.VideoWriter] = None
        if path:
            Path(path).parent.mkdir(parents=True, exist_ok=True)

    def put(self, picture: np.ndarray) -> bool:
        """Write and show; False if the user wants to stop."""
        if self.path:
            if self.writer is None:
                code = 'MJPG' if self.path.endswith('.avi') else 'mp4v'
                self.writer = cv2.VideoWriter(
                    self.path, cv2.VideoWriter_fourcc(*code), self.fps,
                    picture.shape[1::-1])
                if not self.writer.isOpened():
                    raise ValueError(
                        f'{self.path} cannot be written as video; name it '
                        '*.mp4 or *.avi')
            self.writer.write(picture)
        if self.show:
            cv2.imshow('mmextra', picture)
            return cv2.waitKey(self.wait_time) not in (27, ord('q'))
        return True

    def close(self) -> None:
        if self.writer is not None:
            self.writer.release()
        if self.show:
            cv2.destroyAllWindows()


def skip_late(source: Any, begin: float, done: int, fps: float) -> int:
    """Pass over frames that the source's clock has left behind."""
    late = int((time.perf_counter() - begin) * fps) - done
    skipped = 0
    while skipped < late and source.grab():
        skipped += 1
    return skipped


def run_stream(detector: StreamDetector, source: Any, *,
               score_thr: float = 0.3, out: Optional[str] = None,
               show: bool = False, wait_time: int = 1,
               realtime: bool = False, max_frames: Optional[int] = None
               ) -> Tuple[dict, List[dict]]:
    """Detect on a stream; draw, show and write it.

    Args:
        detector (StreamDetector): The detector.
        source (Any): See :func:`open_source`.
        score_thr (float): Lowest score that counts.
        out (str, optional): Video file to write.
        show (bool): Whether to open a window.
        wait_time (int): Milliseconds that a frame is shown.
        realtime (bool): Skip frames to keep up with the source.
        max_frames (int, optional): Stop after so many.

    Returns:
        tuple[dict, list[dict]]: The detector's figures with ``skipped`` and
        ``end_to_end_fps``, and of each frame what :func:`as_json` gives.

    Raises:
        ValueError: If a frame cannot be read or a video not be written.
    """
    dataset = detector.model.cfg.test_dataloader.dataset
    classes = (dataset.get('metainfo') or {}).get('classes') or \
        ImageNetVIDDataset.METAINFO['classes']
    fps = getattr(source, 'get', lambda _: 0)(cv2.CAP_PROP_FPS) or 25.
    output = StreamOutput(out, show, wait_time, fps)
    draws = bool(out or show)
    lines: List[dict] = []
    begin, skipped = time.perf_counter(), 0
    try:
        while max_frames is None or len(lines) < max_frames:
            if draws or detector.needs_frame:
                there, frame = source.read()
            else:
                there, frame = source.grab(), None
            if not there:
                break
            result = detector.step(frame)
            lines.append(as_json(result, score_thr))
            if draws and not output.put(draw(
                    frame, result, classes, score_thr,
                    detector.stats['fps'])):
                break
            if realtime:
                skipped += skip_late(source, begin, len(lines) + skipped,
                                     fps)
    finally:
        output.close()
        getattr(source, 'release', lambda: None)()
    seconds = time.perf_counter() - begin
    return dict(detector.stats, skipped=skipped,
                end_to_end_fps=len(lines) / seconds), lines
