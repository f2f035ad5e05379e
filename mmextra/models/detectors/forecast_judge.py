"""Whether a forecast serves: the targets of the scheduler (Section 3.4)."""
import copy
from dataclasses import dataclass
from typing import Callable, List, Optional, Sequence

import torch
from mmdet.models.detectors import SingleStageDetector
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch import Tensor

from ..losses.decision_loss import DecisionSettings, decision_targets
from ..task_modules.batch_detections import batch_detections, is_plain
from .clip_maps import Feats
from .single_precision import in_float


@dataclass
class ForecastJudge:
    """Detects on forecasts, without any state, and compares with the truth.

    Attributes:
        detector: A ``SingleStageDetector``.
        head_maps: From maps to what the detector's head takes.
        settings: What counts as found.
    """
    detector: SingleStageDetector
    head_maps: Callable[[Feats], Feats]
    settings: DecisionSettings

    @torch.no_grad()
    def detections(self, maps: Feats,
                   samples: Sequence[DetDataSample]) -> List[InstanceData]:
        """What the detector surely finds, as if it were not in training.

        Args:
            maps (tuple[Tensor]): (N, C_i, h_i, w_i) maps of N frames, or
                forecasts of them.
            samples (Sequence[DetDataSample]): These frames.

        Returns:
            list[InstanceData]: Detections of each frame with a score from
            ``score_thr`` on, in pixels of the network's input.
        """
        head = self.detector.bbox_head
        # A box of a lower score never suppresses one of a higher, so the
        # threshold may come before NMS.
        cfg = copy.deepcopy(head.test_cfg)
        cfg['score_thr'] = self.settings.score_thr
        modes = {module: module.training
                 for module in self.detector.modules()}
        self.detector.eval()
        try:
            outputs = in_float(head(self.head_maps(maps)))
            metas = [sample.metainfo for sample in samples]
            if is_plain(head, outputs, metas, cfg):
                return batch_detections(
                    head, outputs[0], outputs[1], metas, cfg)
            return head.predict_by_feat(
                *outputs, batch_img_metas=metas, cfg=cfg, rescale=False)
        finally:
            for module, training in modes.items():
                module.training = training

    @torch.no_grad()
    def targets(self,
                forecast: Feats,
                samples: Sequence[DetDataSample],
                readings: Optional[Sequence[InstanceData]] = None) -> Tensor:
        """Targets of the scheduler.

        Args:
            forecast (tuple[Tensor]): Maps forecast for N frames.
            samples (Sequence[DetDataSample]): Annotations of these frames.
            readings (Sequence[InstanceData], optional): Detections on the
                real maps of these frames, see :func:`decision_targets`.

        Returns:
            Tensor: (N,) see :func:`decision_targets`.
        """
        return decision_targets(
            [sample.gt_instances for sample in samples],
            self.detections(forecast, samples),
            iou_thr=self.settings.iou_thr,
            score_thr=self.settings.score_thr,
            empty_target=self.settings.empty_target,
            readings=readings)
