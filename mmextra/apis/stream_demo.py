"""A live stream with its detections, and which frames were not read."""
import time
from pathlib import Path
from typing import Any, List, Optional, Sequence, Tuple

import cv2
import numpy as np
from mmdet.structures import DetDataSample

from .stream_detector import StreamDetector, class_names

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
        name = classes[label] if label < len(classes) else f'class {label}'
        _text(picture, f'{name} {score:.2f}',
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
    """Text on a black bar. Not twice, thick and thin, as an outline: since
    OpenCV 5 the two are of different widths."""
    size = max(0.35, min(picture.shape[:2]) / 900)
    (width, height), below = cv2.getTextSize(
        text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    x, y = place
    cv2.rectangle(picture, (x - 1, y - height - 1),
                  (x + width, y + below), (0, 0, 0), cv2.FILLED)
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, colour,
                1, cv2.LINE_AA)


def fit_into(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """A picture at another size, its sides in proportion, with black bars.

    Args:
        picture (np.ndarray): (h, w, 3).
        width (int): In pixels.
        height (int): In pixels.

    Returns:
        np.ndarray: (height, width, 3); the same picture if it fits.
    """
    if picture.shape[:2] == (height, width):
        return picture
    factor = min(height / picture.shape[0], width / picture.shape[1])
    inner = cv2.resize(picture, (
        min(max(round(picture.shape[1] * factor), 1), width),
        min(max(round(picture.shape[0] * factor), 1), height)))
    fitted = np.zeros((height, width, 3), picture.dtype)
    top = (height - inner.shape[0]) // 2
    left = (width - inner.shape[1]) // 2
    fitted[top:top + inner.shape[0], left:left + inner.shape[1]] = inner
    return fitted


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

    A file has the size of its first frame; others are fitted into it.

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
        self.size = (0, 0)
        if path:
            Path(path).parent.mkdir(parents=True, exist_ok=True)

    def put(self, picture: np.ndarray) -> bool:
        """Write and show; False if the user wants to stop."""
        if self.path:
            if self.writer is None:
                code = 'MJPG' if self.path.endswith('.avi') else 'mp4v'
                self.size = picture.shape[1::-1]
                self.writer = cv2.VideoWriter(
                    self.path, cv2.VideoWriter.fourcc(*code), self.fps,
                    self.size)
                if not self.writer.isOpened():
                    raise ValueError(
                        f'{self.path} cannot be written as video; name it '
                        '*.mp4 or *.avi')
            # It passes over frames of another size without a word.
            self.writer.write(fit_into(picture, *self.size))
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
        tuple[dict, list[dict]]: The detector's figures with
        ``end_to_end_fps``, and of each frame what :func:`as_json` gives.

    Raises:
        ValueError: If a frame cannot be read or a video not be written.
    """
    classes = class_names(detector.model.cfg)
    fps = getattr(source, 'get', lambda _: 0)(cv2.CAP_PROP_FPS) or 25.
    output = StreamOutput(out, show, wait_time, fps)
    draws = bool(out or show)
    lines: List[dict] = []
    begin = time.perf_counter()
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
                detector.skip(skip_late(
                    source, begin,
                    len(lines) + int(detector.stats['skipped']), fps))
    finally:
        output.close()
        getattr(source, 'release', lambda: None)()
    seconds = time.perf_counter() - begin
    return dict(detector.stats,
                end_to_end_fps=len(lines) / seconds), lines
