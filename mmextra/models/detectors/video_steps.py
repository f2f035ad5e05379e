"""What is done about the next frame of a live video."""
import copy
from typing import Any, Callable, Optional

import torch
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import get_box_tensor
from mmengine.structures import InstanceData
from torch import Tensor

from mmextra.utils.arrays import as_numpy

from ..task_modules.read_policy import FORECAST, READ
from .clip_maps import Feats
from .video_stream import VideoStream


def map_change(now: Tensor, before: Tensor) -> Tensor:
    """How much a map of a video has changed from one read to another.

    Not in the paper. The same number as
    :func:`mmextra_runtime.box_motion.map_change`.

    Args:
        now (Tensor): (N, C, h, w) maps of frames.
        before (Tensor): (N, C, h, w) those of earlier ones.

    Returns:
        Tensor: (N,) largest mean over the channels, of all positions, of
        the absolute difference, relative to the mean absolute value of
        ``now``.
    """
    now, before = now.float(), before.float()
    peak = (now - before).abs().mean(1).amax((1, 2))
    return peak / now.abs().mean((1, 2, 3)).clamp(min=1e-6)


def advance_video(model: Any, stream: VideoStream,
                  read_maps: Optional[Callable[[], Feats]],
                  sample: DetDataSample,
                  op: Optional[str] = None) -> DetDataSample:
    """See :meth:`FeatureForecastDetector.advance`.

    Args:
        model (FeatureForecastDetector): The model.
        stream (VideoStream): State of the video; changed in place.
        read_maps (Callable, optional): Gives the maps of the frame; not
            called unless it is read.
        sample (DetDataSample): Metas of the frame.
        op (str, optional): In place of what the policy wants.

    Returns:
        DetDataSample: The same, without times.

    Raises:
        ValueError: If the frame is to be read and cannot.
    """
    policy = stream.policy
    op = policy.next_op() if op is None else op
    if op == READ or not stream.has_next:
        op = READ
        if read_maps is None:
            raise ValueError('this frame is to be read, for there is no '
                             'forecast of it; give its image')
        feats = read_maps()
        _note_change(model, stream, feats)
        stream.read = feats
    elif policy.between == 'forecast':
        feats = stream.ahead
    else:
        sample.pred_instances = _shown(stream, policy.run + 1, sample)
        policy.observe(None, op)
        sample.set_metainfo(dict(is_forecast=True, forecast_conf=None))
        return sample
    det_feats, conf = _take_in(model, stream, feats, op)
    sample.pred_instances = model.detect(det_feats, sample)
    if op == READ and policy.between != 'forecast':
        _keep(stream, sample)
    policy.observe(conf, op)
    sample.set_metainfo(dict(is_forecast=op == FORECAST,
                             forecast_conf=conf))
    return sample


def _note_change(model: Any, stream: VideoStream, feats: Feats) -> None:
    policy, change = stream.policy, None
    if not (policy.asks_change or (
            policy.asks_scheduler and model.judges_change)):
        return
    level = model.judged_level
    if stream.read is not None:
        change = float(map_change(feats[level], stream.read[level])[0])
    policy.note_change(change)


def _take_in(model: Any, stream: VideoStream, feats: Feats, op: str) -> Any:
    """What the head sees and the confidence; moves the stream's maps on."""
    policy, change = stream.policy, None
    if policy.asks_scheduler and model.judges_change:
        change = feats[0].new_tensor([policy.expected_change(op)])
    out = model.step_maps(feats, stream.memory, policy.asks_scheduler,
                          stream.read, change)
    conf = None if out.logits is None else float(
        out.logits.float().softmax(-1)[0, 1])
    stream.memory, stream.ahead = out.memory, out.forecast
    return out.det_feats, conf


def _keep(stream: VideoStream, sample: DetDataSample) -> None:
    """Note what was detected in a frame that was read."""
    policy, found = stream.policy, sample.pred_instances
    stream.shown = found
    if policy.between == 'move':
        # Frames since the read before, this one included.
        stream.motion.read(as_numpy(get_box_tensor(found.bboxes)),
                           as_numpy(found.labels), policy.run + 1)


def _shown(stream: VideoStream, steps: int,
           sample: DetDataSample) -> InstanceData:
    """Boxes so many frames after the last read, without the network."""
    shown = copy.copy(stream.shown)
    if stream.policy.between == 'move':
        boxes = get_box_tensor(shown.bboxes)
        shown.bboxes = torch.as_tensor(
            stream.motion.moved(steps, sample.ori_shape), dtype=boxes.dtype,
            device=boxes.device)
    return shown


def peek_video(model: Any, stream: VideoStream, sample: DetDataSample,
               frames: int) -> DetDataSample:
    """Detections that a later frame should have; the stream stays as it is.

    Args:
        model (FeatureForecastDetector): The model.
        stream (VideoStream): State of the video.
        sample (DetDataSample): Metas of the frame.
        frames (int): How many frames after the last; 1 is the next.

    Returns:
        DetDataSample: ``sample`` with ``pred_instances``.

    Raises:
        ValueError: If no frame was seen yet, or ``frames`` is below 1.
    """
    if frames < 1:
        raise ValueError(f'peek at least 1 frame ahead, not {frames}')
    if not stream.has_next:
        raise ValueError(
            'nothing is known of the frames ahead: none was seen yet, or '
            'the model does not forecast; the policy\'s between="repeat" and '
            '"move" need no forecast')
    if stream.policy.between != 'forecast':
        sample.pred_instances = _shown(
            stream, stream.policy.run + frames, sample)
        return sample
    feats, memory = stream.ahead, stream.memory
    for _ in range(frames - 1):
        out = model.step_maps(feats, memory)
        feats, memory = out.forecast, out.memory
    sample.pred_instances = model.detect(
        model.step_maps(feats, memory).det_feats, sample)
    return sample


def skip_frames(model: Any, stream: VideoStream, frames: int) -> None:
    """Let frames pass that nothing is to be shown of.

    As long as the policy would not have read them, forecasts move on; the
    first that it would have read is missing, and the next frame will be
    read.

    Args:
        model (FeatureForecastDetector): The model.
        stream (VideoStream): State of the video; changed in place.
        frames (int): How many.
    """
    for _ in range(frames):
        policy = stream.policy
        if stream.needs_frame:
            policy.skip()
        elif policy.between == 'forecast':
            policy.observe(
                _take_in(model, stream, stream.ahead, FORECAST)[1], FORECAST)
        else:
            policy.observe(None, FORECAST)
