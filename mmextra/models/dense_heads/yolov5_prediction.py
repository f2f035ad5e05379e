"""Detections from the maps of YOLOv5's head."""
from typing import List, Optional, Sequence, Tuple

import torch
from mmdet.structures.bbox import scale_boxes
from mmdet.utils import InstanceList
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor

from ..task_modules.traceable import above, best_pairs


class YOLOv5PredictionMixin:
    """Decoding, choice and suppression, before a dense head of mmdet.

    The head gives ``test_cfg``, ``strides``, ``num_base_priors``,
    ``num_attrib`` (5 + classes), ``prior_generator`` and ``bbox_coder``.
    """

    def _unfold(self, pred_map: Tensor) -> Tensor:
        """(B, A * D, H, W) to (B, A, H, W, D), in single precision."""
        batch, _, height, width = pred_map.shape
        dtype = torch.promote_types(pred_map.dtype, torch.float32)
        return pred_map.view(batch, self.num_base_priors, self.num_attrib,
                             height, width).permute(0, 1, 3, 4, 2).to(dtype)

    def predict_by_feat(self,
                        pred_maps: Sequence[Tensor],
                        batch_img_metas: List[dict],
                        cfg: Optional[ConfigDict] = None,
                        rescale: bool = False,
                        with_nms: bool = True) -> InstanceList:
        """Detections of a batch.

        Args:
            pred_maps (Sequence[Tensor]): Logits, see :meth:`forward`.
            batch_img_metas (list[dict]): With ``scale_factor`` and
                ``ori_shape`` if ``rescale``.
            cfg (ConfigDict, optional): Replaces ``test_cfg``.
            rescale (bool): Boxes in pixels of the original images, clipped
                to them; otherwise of the network's input.
            with_nms (bool): Suppress duplicates.

        Returns:
            list[:obj:`InstanceData`]: ``bboxes``, ``scores``, ``labels``;
            boxes and scores in single precision.

        Raises:
            ValueError: If there is neither ``cfg`` nor ``test_cfg``.
        """
        cfg = self.test_cfg if cfg is None else cfg
        if cfg is None:
            raise ValueError(
                'YOLOv5Head detects by its test_cfg, which is None; set '
                "test_cfg=dict(score_thr=0.001, nms=dict(type='nms', "
                'iou_threshold=0.6), max_per_img=300) in the model, or give '
                'cfg')
        boxes, scores, labels, img_idx = self.best_candidates(pred_maps, cfg)
        results = []
        for i, meta in enumerate(batch_img_metas):
            mine = img_idx == i
            results.append(
                self._bbox_post_process(
                    InstanceData(
                        scores=scores[mine], labels=labels[mine],
                        bboxes=boxes[mine]),
                    cfg=cfg,
                    rescale=rescale,
                    with_nms=with_nms,
                    img_meta=meta))
        return results

    def best_candidates(self, pred_maps: Sequence[Tensor], cfg: ConfigDict
                        ) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
        """What is left of a batch before suppression; can be traced.

        Args:
            pred_maps (Sequence[Tensor]): Logits, see :meth:`forward`.
            cfg (ConfigDict): ``score_thr`` and ``nms_pre``, the number of
                pairs of a box and a class to keep of each image.

        Returns:
            tuple[Tensor, Tensor, Tensor, Tensor]: (n, 4) boxes x1, y1, x2,
            y2 in pixels of the network's input, (n,) scores, best first,
            labels and images; in single precision, for mmcv's suppression
            takes no other.
        """
        score_thr = cfg.get('score_thr', 0)
        candidates = [
            self._candidates(level, self._unfold(pred_map.detach()),
                             score_thr)
            for level, pred_map in enumerate(pred_maps)
        ]
        img_idx, boxes, scores = (torch.cat(part)
                                  for part in zip(*candidates))
        best, labels, index = best_pairs(
            scores.float(), score_thr, cfg.get('nms_pre', 30000), img_idx,
            pred_maps[0].shape[0])
        return boxes[index].float(), best, labels, img_idx[index]

    def _candidates(self, level: int, pred: Tensor,
                    score_thr: float) -> Tuple[Tensor, Tensor, Tensor]:
        """Boxes of one level whose objectness exceeds the threshold.

        No score exceeds its objectness, so nothing is lost.

        Returns:
            tuple[Tensor, Tensor, Tensor]: Image (n, ), box x1, y1, x2, y2 in
            pixels (n, 4) and scores (n, num_classes) of each.
        """
        # Cell by cell, as priors are ordered.
        pred = pred.permute(0, 2, 3, 1, 4)
        objectness = pred[..., 4].sigmoid()
        index = above(objectness, score_thr).unbind(1)
        img_idx, row, col, anchor_idx = index
        chosen = pred[index]
        stride = self.strides[level]
        corner = torch.stack([col, row, col, row], dim=1) * stride
        priors = self.prior_generator.base_anchors[level].to(
            chosen)[anchor_idx] + corner
        boxes = self.bbox_coder.decode(priors, chosen[:, :4], stride)
        return (img_idx, boxes,
                chosen[:, 5:].sigmoid() * objectness[index][:, None])

    def _bbox_post_process(self,
                           results: InstanceData,
                           cfg: ConfigDict,
                           rescale: bool = False,
                           with_nms: bool = True,
                           img_meta: Optional[dict] = None) -> InstanceData:
        """The host's NMS, in positive coordinates, and clipping behind it.

        mmcv keeps classes apart by offsets beyond the largest coordinate,
        so with negative coordinates boxes of two classes could meet.

        Args:
            results (:obj:`InstanceData`): Candidates of one image.
            cfg (ConfigDict): As in the host.
            rescale (bool): As in the host.
            with_nms (bool): As in the host.
            img_meta (dict, optional): As in the host.

        Returns:
            :obj:`InstanceData`: Detections of the image.
        """
        if rescale:
            results.bboxes = scale_boxes(
                results.bboxes, [1 / s for s in img_meta['scale_factor']])
        if len(results):
            results.in_place = results.bboxes
            results.bboxes = results.bboxes - results.bboxes.amin().clamp(
                max=0)
            results = super()._bbox_post_process(
                results, cfg, False, with_nms, img_meta)
            results.bboxes = results.pop('in_place')
        if rescale:
            height, width = img_meta['ori_shape'][:2]
            limits = results.bboxes.new_tensor([width, height] * 2)
            results.bboxes = results.bboxes.clamp(min=0).min(limits)
        return results
