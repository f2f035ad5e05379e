"""Detections from the maps of YOLOv5's head."""
from typing import Any, List, Optional, Sequence, Tuple

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
    test_cfg: Optional[ConfigDict]
    strides: Sequence[int]
    num_base_priors: int
    num_attrib: int
    prior_generator: Any
    bbox_coder: Any

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
        counts = [len(boxes)]
        if len(batch_img_metas) > 1:
            order = img_idx.argsort(stable=True)
            boxes, scores, labels = boxes[order], scores[order], labels[order]
            counts = torch.zeros(
                len(batch_img_metas), dtype=torch.long,
                device=img_idx.device).index_add_(
                    0, img_idx, torch.ones_like(img_idx)).tolist()
        return [
            self._bbox_post_process(
                InstanceData(scores=best, labels=classes, bboxes=mine),
                cfg=cfg,
                rescale=rescale,
                with_nms=with_nms,
                img_meta=meta)
            for mine, best, classes, meta in zip(
                boxes.split(counts), scores.split(counts),
                labels.split(counts), batch_img_metas)
        ]

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
            labels and images.
        """
        score_thr = cfg.get('score_thr', 0)
        img_idx, boxes, scores = self._candidates(pred_maps, score_thr)
        # A traced graph takes any number of images.
        several = torch.jit.is_tracing() or len(pred_maps[0]) > 1
        best, labels, index = best_pairs(
            scores, score_thr, cfg.get('nms_pre', 30000),
            img_idx if several else None, pred_maps[0].shape[0])
        return boxes[index], best, labels, img_idx[index]

    def _candidates(self, pred_maps: Sequence[Tensor], score_thr: float
                    ) -> Tuple[Tensor, Tensor, Tensor]:
        """Boxes whose objectness exceeds the threshold.

        No score exceeds its objectness, so nothing is lost. All levels and
        images together, for a GPU waits once for each choice.

        Returns:
            tuple[Tensor, Tensor, Tensor]: Images (n, ), boxes x1, y1, x2,
            y2 in pixels (n, 4) and scores (n, num_classes), in single
            precision, for mmcv's suppression takes no other.
        """
        # Cell by cell, as priors are ordered.
        preds = [self._unfold(pred_map.detach()).permute(0, 2, 3, 1, 4)
                 for pred_map in pred_maps]
        sizes = [(pred.shape[1], pred.shape[2]) for pred in preds]
        rows = torch.cat([pred.flatten(1, 3) for pred in preds], 1)
        objectness = rows[..., 4].sigmoid()
        img_idx, place = above(objectness, score_thr).unbind(1)
        chosen = rows[img_idx, place]
        priors, strides = self._priors_and_strides(sizes, rows)
        boxes = self.bbox_coder.decode(
            priors[place], chosen[:, :4], strides[place])
        scores = chosen[:, 5:].sigmoid() * objectness[img_idx, place][:, None]
        return img_idx, boxes.float(), scores.float()

    def _priors_and_strides(self, sizes: Sequence[Tuple[int, int]],
                            like: Tensor) -> Tuple[Tensor, Tensor]:
        """Priors (N, 4) and strides (N, 1) of all levels in pixels."""
        generator = self.prior_generator
        # Once, not in every call of the generator.
        generator.base_anchors = [
            anchors.to(like.device) for anchors in generator.base_anchors]
        levels = generator.grid_priors(
            sizes, dtype=like.dtype, device=like.device)
        # Not of a length, which a trace would keep.
        strides = [torch.full_like(priors[:, :1], stride)
                   for priors, stride in zip(levels, self.strides)]
        return torch.cat(levels), torch.cat(strides)

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
        meta = img_meta or {}
        if rescale:
            results.bboxes = scale_boxes(
                results.bboxes, [1 / s for s in meta['scale_factor']])
        if len(results):
            results.in_place = results.bboxes
            results.bboxes = results.bboxes - results.bboxes.amin().clamp(
                max=0)
            results = super()._bbox_post_process(  # type: ignore[misc]
                results, cfg, False, with_nms, img_meta)
            results.bboxes = results.pop('in_place')
        if rescale:
            height, width = meta['ori_shape'][:2]
            x1, y1, x2, y2 = results.bboxes.unbind(-1)
            # No tensor of the limits, which a GPU would be sent every time.
            results.bboxes = torch.stack([
                x1.clamp(0, width), y1.clamp(0, height),
                x2.clamp(0, width), y2.clamp(0, height)], dim=-1)
        return results
