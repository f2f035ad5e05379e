"""Detectors as modules that take an image and return its boxes."""
import copy
from typing import Any, Dict, Optional, Sequence, Tuple

import torch
from mmdet.structures.bbox import bbox2roi, get_box_tensor
from mmengine.config import ConfigDict
from torch import Tensor, nn

from mmextra.models.task_modules.traceable import (
    padded_decoding,
    traced_nms,
)

Outputs = Tuple[Tensor, ...]


def shape_of(image: Tensor, img_shape: Optional[Tensor]) -> Sequence[Any]:
    """Height and width that boxes are clipped to."""
    return tuple(image.shape[-2:]) if img_shape is None else \
        tuple(img_shape.unbind(0))


def candidates_cfg(cfg: ConfigDict) -> ConfigDict:
    """Test settings under which a head drops nothing for its size; the
    suppression does it, see :func:`sized_nms`."""
    cfg = copy.deepcopy(cfg)
    cfg['min_bbox_size'] = -1
    return cfg


def sized_nms(cfg: ConfigDict, limited: bool = True) -> Dict[str, Any]:
    """``nms`` of test settings, which also drops what is too small.

    Args:
        cfg (ConfigDict): Test settings.
        limited (bool): Keep no more than the settings' ``max_per_img``;
            suppression ends there.

    Returns:
        dict: Settings of :func:`traced_nms`.
    """
    nms = dict(cfg['nms'], min_size=cfg.get('min_bbox_size', -1))
    if limited and cfg.get('max_per_img', -1) > 0:
        nms['max_num'] = int(cfg['max_per_img'])
    return nms


def dense_detections(head: Any, feats: Sequence[Tensor],
                     img_shape: Sequence[Any], cfg: ConfigDict,
                     suppress: bool) -> Outputs:
    """Boxes of a dense head.

    Args:
        head (nn.Module): Of mmdet, mmrotate or this package.
        feats (Sequence[Tensor]): (B, C, H, W) maps; of a head that has no
            ``best_candidates`` of one image.
        img_shape (Sequence): Height and width that boxes are clipped to.
        cfg (ConfigDict): Test settings.
        suppress (bool): With non-maximum suppression.

    Returns:
        tuple[Tensor]: Boxes in pixels of the network's input, scores,
        labels, and of a head with ``best_candidates`` images.
    """
    outs, images = head(feats), None
    if hasattr(head, 'best_candidates'):
        boxes, scores, labels, images = head.best_candidates(*outs, cfg)
        groups = images * head.num_classes + labels
    else:
        with padded_decoding(head):
            found = head.predict_by_feat(
                *outs,
                batch_img_metas=[dict(img_shape=img_shape,
                                      scale_factor=(1., 1.))],
                cfg=candidates_cfg(cfg), rescale=False, with_nms=False)[0]
        boxes = get_box_tensor(found.bboxes)
        scores, groups = found.scores, found.labels
        labels = groups
    if suppress:
        dets, keep = traced_nms(boxes, scores, groups,
                                sized_nms(cfg, images is None))
        boxes, scores, labels = dets[:, :4], dets[:, 4], labels[keep]
        images = None if images is None else images[keep]
    found = boxes, scores, labels
    return found if images is None else (*found, images)


class DenseGraph(nn.Module):
    """A single-stage detector.

    Args:
        detector (nn.Module): A ``SingleStageDetector``.
        suppress (bool): With non-maximum suppression in the graph.
    """

    def __init__(self, detector: Any, suppress: bool) -> None:
        super().__init__()
        self.detector = detector
        self.suppress = suppress

    def forward(self, image: Tensor,
                img_shape: Optional[Tensor] = None) -> Outputs:
        """See :func:`dense_detections`; ``image`` (B, 3, H, W)."""
        return dense_detections(
            self.detector.bbox_head, self.detector.extract_feat(image),
            shape_of(image, img_shape), self.detector.test_cfg,
            self.suppress)


class AppliedLimit(int):
    """A limit that is less than any number, so that it is applied.

    mmdet's RPN truncates a level only if it has more boxes than the limit,
    and a trace would keep what its example did.
    """

    def __lt__(self, other: Any) -> bool:
        """Always."""
        return True


def proposals(detector: Any, feats: Sequence[Tensor],
              img_shape: Sequence[Any]) -> Tensor:
    """(n, 4) boxes of the RPN of a two-stage detector for one image."""
    head, cfg = detector.rpn_head, candidates_cfg(detector.test_cfg.rpn)
    cfg['nms'] = sized_nms(detector.test_cfg.rpn)
    if cfg.get('nms_pre', -1) > 0:
        cfg['nms_pre'] = AppliedLimit(cfg['nms_pre'])
    return head.predict_by_feat(
        *head(feats), batch_img_metas=[dict(img_shape=img_shape)], cfg=cfg,
        rescale=False)[0].bboxes


class TwoStageGraph(nn.Module):
    """A two-stage detector, with masks if it has a head for them.

    Args:
        detector (nn.Module): A ``TwoStageDetector`` with a
            ``StandardRoIHead``.
    """

    def __init__(self, detector: Any) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, image: Tensor,
                img_shape: Optional[Tensor] = None) -> Outputs:
        """Boxes, scores, labels and (n, m, m) masks of one image."""
        shape = shape_of(image, img_shape)
        feats, roi_head = self.detector.extract_feat(image), \
            self.detector.roi_head
        rois = bbox2roi([proposals(self.detector, feats, shape)])
        outs = roi_head._bbox_forward(feats, rois)
        found = roi_head.bbox_head.predict_by_feat(
            rois=(rois, ), cls_scores=(outs['cls_score'], ),
            bbox_preds=(outs['bbox_pred'], ),
            batch_img_metas=[dict(img_shape=shape)],
            rcnn_test_cfg=self.detector.test_cfg.rcnn, rescale=False)[0]
        result = found.bboxes, found.scores, found.labels
        if not roi_head.with_mask:
            return result
        masks = roi_head._mask_forward(
            feats, bbox2roi([found.bboxes]))['mask_preds'].sigmoid()
        own = found.labels if masks.shape[1] > 1 else found.labels * 0
        # Not len(): the trace would keep that of its example.
        places = torch.arange(masks.shape[0], device=masks.device)
        return (*result, masks[places, own])


class ClassifierGraph(nn.Module):
    """COVID-CT-Mask-Net: classes of an image, and the RoIs by rank.

    Research only, not a medical device.

    Args:
        model (nn.Module): A :class:`~mmextra.models.COVIDCTMaskNet`.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor,
                img_shape: Optional[Tensor] = None) -> Outputs:
        """(C,) logits, (C,) scores, and of the k real RoIs (k, 4) boxes,
        scores, labels and numbers."""
        shape, model = shape_of(image, img_shape), self.model
        feats = model.extract_feat(image)
        rois = bbox2roi([proposals(model, feats, shape)])
        outs = model.roi_head._bbox_forward(feats, rois)
        cls_score, bbox_pred = outs['cls_score'], outs['bbox_pred']
        found = model._rank_image(rois[:, 1:], cls_score, bbox_pred, shape)
        kept = found.roi_inds
        rows = model.img_head.fill(model._rows(
            rois[kept, 1:], cls_score[kept], bbox_pred[kept], found.labels,
            shape))
        logits = model.img_head(rows[None])
        return (logits[0], model.img_head.scores(logits)[0], found.bboxes,
                found.scores, found.labels, kept)
