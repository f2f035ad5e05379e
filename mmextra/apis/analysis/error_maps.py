"""Where forecasts are wrong, frame by frame (Fig. 6)."""
from typing import Any, List, NamedTuple, Optional

import cv2
import numpy as np
import torch

from mmextra.models.detectors import FeatureForecastDetector, VideoStream
from mmextra.models.task_modules import ReadPolicy

from ..video_replay import KeptVideo, StepWatches, step_replayed

RED = (0, 0, 255)


class FrameError(NamedTuple):
    """A frame and how wrong the forecast of the next one is.

    Attributes:
        is_forecast: Whether the frame was not read.
        error: (h, w) squared error of the forecast for the next frame, the
            mean over the channels; None behind the last frame.
    """
    is_forecast: bool
    error: Optional[np.ndarray]


@torch.no_grad()
def error_maps(model: FeatureForecastDetector, video: KeptVideo,
               policy: ReadPolicy) -> List[FrameError]:
    """Errors of the forecasts of a video by a policy.

    Args:
        model (FeatureForecastDetector): One that forecasts, in evaluation
            mode.
        video (KeptVideo): The video.
        policy (ReadPolicy): Which frames are read; between them the network
            must run.

    Returns:
        list[FrameError]: Of every frame, on the map that changes are judged
        by.

    Raises:
        ValueError: If nothing is forecast.
    """
    if not model.forecasts or policy.between != 'forecast':
        raise ValueError('error maps need a model that forecasts, and a '
                         "policy with between='forecast'")
    stream = VideoStream(policy)
    watches = StepWatches.on(next(model.parameters()).device)
    level, found = model.judged_level, []
    for t in range(len(video.maps)):
        sample = step_replayed(model, stream, video, t, watches)
        error = None
        if t + 1 < len(video.maps):
            ahead: Any = stream.ahead
            real = video.maps[t + 1][level].to(ahead[level])
            error = (ahead[level] - real).square().mean(1)[0].cpu().numpy()
        found.append(FrameError(bool(sample.is_forecast), error))
    return found


def draw_errors(rows: List[List[FrameError]], images: List[np.ndarray],
                names: List[str], side: int = 128) -> np.ndarray:
    """Frames above, and below them the errors by each policy.

    The more yellow, the larger the error, on one scale for all. Where the
    detector saw a forecast in place of the frame, the border is red.

    Args:
        rows (list[list[FrameError]]): Of each policy, of the same frames.
        images (list[np.ndarray]): (h, w, 3) BGR, the next frame of each.
        names (list[str]): Of the policies.
        side (int): Width of a picture in pixels.

    Returns:
        np.ndarray: (H, W, 3) BGR.
    """
    height = round(side * images[0].shape[0] / images[0].shape[1])
    largest = max((each.error.max() for row in rows for each in row
                   if each.error is not None), default=0.) or 1.
    lines = [[cv2.resize(image, (side, height)) for image in images]]
    for row, name in zip(rows, names):
        line = []
        for each in row:
            error = np.zeros((1, 1)) if each.error is None else each.error
            grey = cv2.resize(
                np.clip(255 * error / largest, 0, 255).astype(np.uint8),
                (side, height), interpolation=cv2.INTER_NEAREST)
            picture = cv2.applyColorMap(grey, cv2.COLORMAP_VIRIDIS)
            if each.is_forecast:
                cv2.rectangle(picture, (1, 1), (side - 2, height - 2), RED, 3)
            line.append(picture)
        cv2.putText(line[0], name, (6, height - 8), cv2.FONT_HERSHEY_SIMPLEX,
                    .4, (255, 255, 255), 1, cv2.LINE_AA)
        lines.append(line)
    return np.concatenate([np.concatenate(line, 1) for line in lines])
