"""mAP of ImageNet VID, by the speed of the objects, and speed of the model."""
import json
import warnings
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
from mmdet.evaluation.metrics import BaseVideoMetric
from mmdet.registry import METRICS
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import get_box_tensor
from mmengine.logging import MMLogger, print_log
from terminaltables import AsciiTable

from mmextra.utils.arrays import as_numpy
from mmextra.utils.checks import settings_from_cfg

from ..benchmark import write_atomic
from ..functional.streaming_ap import StreamingSettings, streaming_matches
from ..functional.video_ap import (
    MOTION_RANGES,
    FrameMatches,
    frame_motion,
    match_frame,
    video_average_precision,
)


def speed_facts(frames: Sequence[dict], warmup: int = 20
                ) -> Dict[str, float]:
    """Share of forecasts and, where times were taken, speeds.

    Args:
        frames (Sequence[dict]): ``is_forecast`` and ``time_model`` (seconds
            or None) of each frame, in order.
        warmup (int): Frames at the beginning whose times do not count.

    Returns:
        dict[str, float]: ``forecast_ratio``; with times also ``fps_model``,
        ``ms_read`` and ``ms_forecast`` (only if there were such frames).
    """
    facts = dict(forecast_ratio=float(
        np.mean([bool(f['is_forecast']) for f in frames] or [0.])))
    timed = [f for f in frames[warmup:] if f['time_model'] is not None]
    if not timed:
        return facts
    facts['fps_model'] = len(timed) / sum(f['time_model'] for f in timed)
    for key, wanted in (('ms_read', False), ('ms_forecast', True)):
        times = [f['time_model'] for f in timed
                 if bool(f['is_forecast']) == wanted]
        if times:
            facts[key] = 1000 * float(np.mean(times))
    return facts


@METRICS.register_module()
class ImageNetVIDMetric(BaseVideoMetric):
    """Average precision on videos, for all, slow, medium and fast objects.

    Speeds are those of Table 2: the mean IoU of an object with itself in
    the frames up to ten before and after is at least 0.9 for slow, at least
    0.7 for medium and less for fast ones. They are computed from the track
    ids, so any COCO-VID data will do. See
    :mod:`mmextra.evaluation.functional.video_ap` for the protocol.

    Values are fractions: ``mAP``, ``mAP_slow``, ``mAP_medium``,
    ``mAP_fast`` (NaN where there are no such objects) and with
    ``classwise`` ``AP_<class>``. Beside them ``forecast_ratio`` and, if the
    model's ``test_cfg.timing`` is set, ``fps_model``, ``ms_read`` and
    ``ms_forecast``, without image loading.

    Args:
        iou_thr (float): IoU that a detection must reach.
        small_object_tolerance (float, optional): Pixels; see
            :func:`match_frame`.
        plus_one (bool): See :func:`box_iou`.
        motion_window (int): Frames before and after.
        ranges (dict[str, tuple]): Name to closed interval of the mean IoU.
        classwise (bool): Also give the AP of every class.
        out_file (str, optional): JSON file for all detections. (``--out`` of
            the stock test would be cut to the number of videos.)
        warmup_frames (int): See :func:`speed_facts`.
        streaming (dict, optional): Fields of :class:`StreamingSettings`;
            gives ``sAP``, ``sAP_slow`` and so on, for what is shown at the
            moment of every frame of a live source. (What a frame finds is
            taken not to depend on frames before that were left out; for
            that see ``forecast_sweep.py --live``.)
        collect_device (str): See ``BaseMetric``.
        prefix (str, optional): Put before the keys.

    Raises:
        ValueError: If a range is not within [0, 1], or ``out_file`` is no
            JSON file.
    """

    default_prefix: Optional[str] = 'vid'

    def __init__(self,
                 iou_thr: float = 0.5,
                 small_object_tolerance: Optional[float] = 10,
                 *,
                 plus_one: bool = True,
                 motion_window: int = 10,
                 ranges: Dict[str, Tuple[float, float]] = MOTION_RANGES,
                 classwise: bool = False,
                 out_file: Optional[str] = None,
                 warmup_frames: int = 20,
                 streaming: Optional[dict] = None,
                 collect_device: str = 'cpu',
                 prefix: Optional[str] = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        for name, (low, high) in ranges.items():
            if not 0 <= low < high <= 1:
                raise ValueError(
                    f'ranges[{name!r}] must be (low, high) within [0, 1], '
                    f'got ({low}, {high})')
        if out_file is not None and not str(out_file).endswith('.json'):
            raise ValueError(
                f'out_file must end in .json, got {out_file!r}')
        self.iou_thr = iou_thr
        self.small_object_tolerance = small_object_tolerance
        self.plus_one = plus_one
        self.motion_window = motion_window
        self.ranges = dict(ranges)
        self.classwise = classwise
        self.out_file = out_file
        self.warmup_frames = warmup_frames
        self.streaming = None if streaming is None else settings_from_cfg(
            StreamingSettings, streaming, 'streaming')

    def process(self, data_batch: Any,
                data_samples: Sequence[dict]) -> None:
        """Match the detections of some frames, whatever their speed.

        Args:
            data_batch (Any): Not used.
            data_samples (Sequence[dict]): Dicts with
                ``video_data_samples``.
        """
        for sample in data_samples:
            for frame in sample['video_data_samples']:
                self.results.append(self._frame(frame))

    def _frame(self, frame: DetDataSample) -> dict:
        if 'instances' not in frame:
            raise KeyError(
                f'{frame.get("img_path")}: no ground truth; keep '
                "'instances' among the meta keys of PackTrackInputs in the "
                'test pipeline')
        truth = frame.instances
        found = frame.pred_instances
        boxes = as_numpy(get_box_tensor(found.bboxes))
        labels = as_numpy(found.labels)
        scores = as_numpy(found.scores)
        result = dict(
            matches=match_frame(
                boxes, labels, scores,
                np.array([item['bbox'] for item in truth]),
                np.array([item['bbox_label'] for item in truth]),
                np.array([item['instance_id'] for item in truth]),
                np.array([item.get('ignore_flag', 0) for item in truth]),
                self.iou_thr, self.small_object_tolerance, self.plus_one,
                int(frame.get('video_id', 0)), int(frame.get('frame_id', 0))),
            is_forecast=bool(frame.get('is_forecast', False)),
            time_model=frame.get('time_model'))
        if self.streaming is not None:
            result['found'] = boxes, labels, scores
        if self.out_file is not None:
            result['dump'] = dict(
                video_id=frame.get('video_id'),
                frame_id=frame.get('frame_id'),
                img_id=frame.get('img_id'),
                is_forecast=result['is_forecast'],
                forecast_conf=frame.get('forecast_conf'),
                bboxes=np.round(boxes, 3).tolist(),
                labels=labels.tolist(),
                scores=scores.tolist())
        return result

    def compute_metrics(self, results: List[dict]) -> Dict[str, float]:
        """AP of every range of speeds.

        Args:
            results (list[dict]): What :meth:`process` kept, of all ranks.

        Returns:
            dict[str, float]: See the class.

        Raises:
            KeyError: If the class names are unknown.
        """
        classes = (self.dataset_meta or {}).get('classes')
        if not classes:
            raise KeyError(
                f"{type(self).__name__} needs dataset_meta['classes']: give "
                'the data set metainfo=dict(classes=(...,))')
        if self.out_file is not None:
            write_atomic(
                Path(self.out_file),
                json.dumps([result['dump'] for result in results]) + '\n')
        frames: List[FrameMatches] = [each['matches'] for each in results]
        motion = frame_motion(frames, self.motion_window, self.plus_one)
        metrics, per_range = {}, {}
        for name, limits in self.ranges.items():
            ap, npos = video_average_precision(
                frames, motion, len(classes), limits)
            per_range[name] = (ap, npos)
            key = 'mAP' if name == 'all' else f'mAP_{name}'
            metrics[key] = float(ap[npos > 0].mean()) if npos.any() \
                else float('nan')
        if not any(npos.any() for _, npos in per_range.values()):
            warnings.warn(
                'there is no ground truth to compare with, mAP is NaN; do '
                'the class names match the file?', stacklevel=2)
        if self.classwise:
            ap = next(iter(per_range.values()))[0]
            metrics.update({f'AP_{name}': float(value)
                            for name, value in zip(classes, ap)})
        if self.streaming is not None:
            metrics.update(self._streaming(results, len(classes)))
        metrics.update(speed_facts(results, self.warmup_frames))
        self._log_table(classes, per_range, metrics)
        return metrics

    def _streaming(self, results: List[dict],
                   num_classes: int) -> Dict[str, float]:
        frames = streaming_matches(
            results, self.streaming, iou_thr=self.iou_thr,
            small_object_tolerance=self.small_object_tolerance,
            plus_one=self.plus_one)
        motion = frame_motion(frames, self.motion_window, self.plus_one)
        metrics = {}
        for name, limits in self.ranges.items():
            ap, npos = video_average_precision(
                frames, motion, num_classes, limits)
            metrics['sAP' if name == 'all' else f'sAP_{name}'] = float(
                ap[npos > 0].mean()) if npos.any() else float('nan')
        return metrics

    def _log_table(self, classes: Sequence[str], per_range: dict,
                   metrics: Dict[str, float]) -> None:
        names = list(per_range)
        rows = [['class', *names]]
        for k, label in enumerate(classes):
            if any(npos[k] for _, npos in per_range.values()):
                rows.append([label, *(
                    f'{per_range[n][0][k]:.3f} ({per_range[n][1][k]})'
                    for n in names)])
        rows.append(['mean', *(
            f'{metrics["mAP" if n == "all" else f"mAP_{n}"]:.3f}'
            for n in names)])
        table = AsciiTable(rows, title=f'{self.prefix} AP (ground truths)')
        table.inner_footing_row_border = True
        print_log('\n' + table.table,
                  logger=MMLogger.get_current_instance())
