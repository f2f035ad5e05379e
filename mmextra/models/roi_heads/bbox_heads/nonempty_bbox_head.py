"""Box head whose detections all have an area."""
from typing import Optional

from mmdet.models.roi_heads.bbox_heads import Shared2FCBBoxHead
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor

from mmextra.models.task_modules.nonempty_nms import nonempty_nms


@MODELS.register_module()
class NonEmptyShared2FCBBoxHead(Shared2FCBBoxHead):
    """``Shared2FCBBoxHead`` that drops empty boxes before NMS.

    Section 3 of COVID-CT-Mask-Net, item 2; see
    :func:`mmextra.models.task_modules.nonempty_nms.nonempty_nms`. The paper
    names it for the classifier; the released code has it in the segmentation
    model as well. Weights and training are the parent's.
    """

    def _predict_by_feat_single(
            self,
            roi: Tensor,
            cls_score: Tensor,
            bbox_pred: Tensor,
            img_meta: dict,
            rescale: bool = False,
            rcnn_test_cfg: Optional[ConfigDict] = None) -> InstanceData:
        # Without test settings the parent returns boxes before NMS.
        no_nms = rcnn_test_cfg is None or not len(roi)
        results = super()._predict_by_feat_single(
            roi, cls_score, bbox_pred, img_meta, rescale,
            rcnn_test_cfg if no_nms else None)
        if no_nms:
            return results
        dets, labels, _ = nonempty_nms(
            results.bboxes, results.scores, rcnn_test_cfg.score_thr,
            rcnn_test_cfg.nms, rcnn_test_cfg.max_per_img)
        return InstanceData(
            bboxes=dets[:, :-1], scores=dets[:, -1], labels=labels)
