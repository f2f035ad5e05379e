"""Dense head of YOLOv5, for the baseline and LCB-YOLOv5s."""
import math
from typing import Dict, List, Literal, Optional, Sequence, Tuple, Union

import torch
import torch.nn.functional as F
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmdet.registry import MODELS, TASK_UTILS
from mmdet.structures.bbox import (
    bbox_cxcywh_to_xyxy,
    bbox_overlaps,
    bbox_xyxy_to_cxcywh,
    get_box_tensor,
)
from mmdet.utils import (
    ConfigType,
    InstanceList,
    OptConfigType,
    OptInstanceList,
    OptMultiConfig,
)
from mmengine.dist import get_world_size
from torch import Tensor, nn

from mmextra.utils.checks import check_choice

from ..task_modules.assigners import CrossGridTargets
from ..task_modules.objectness import (
    cells_in_boxes,
    objectness_loss,
    objectness_target,
)
from .yolov5_prediction import YOLOv5PredictionMixin

# Of the COCO data set at 640 pixels, as YOLOv5 ships them.
COCO_ANCHORS = [[(10, 13), (16, 30), (33, 23)],
                [(30, 61), (62, 45), (59, 119)],
                [(116, 90), (156, 198), (373, 326)]]
ObjTarget = Literal['loss', 'iou']


@MODELS.register_module()
class YOLOv5Head(YOLOv5PredictionMixin, BaseDenseHead):
    """One 1x1 convolution per level: box, objectness and classes.

    Per level l with n_l positives, of L levels: the box loss is a mean over
    the positives, the class loss (binary cross entropy) one over positives
    and classes, the objectness loss one over all cells and anchors of the
    batch. Their sums over the levels, the objectness balanced, are weighted
    by ``bbox_weight * 3 / L``, ``cls_weight * num_classes / 80 * 3 / L`` and
    ``obj_weight * (img_size / 640)^2 * 3 / L``, and all by ``batch_scale``.

    LCB-YOLOv5s (Sec. 2.5) changes ``loss_bbox``. Channels are ordered as
    those of mmdet's ``YOLOV3Head``: anchor, then x, y, w, h, objectness,
    classes.

    Args:
        num_classes (int): Number of categories.
        in_channels (Sequence[int]): Channels of the neck's maps.
        anchor_generator (dict): Config of the priors.
        bbox_coder (dict): Config of the coder.
        assigner (dict): Config of the assigner.
        loss_bbox (dict): Config of a loss over x1, y1, x2, y2 in cells.
        bbox_weight (float): Weight of the box loss.
        cls_weight (float): Weight of the class loss.
        obj_weight (float): Weight of the objectness loss.
        obj_balance (Sequence[float], optional): Weight of each level's
            objectness. By default 4, 1, 0.4 for three levels, and the first
            of 4, 1, 0.25, 0.06, 0.02 for other numbers.
        img_size (int): Side of the training images in pixels.
        obj_target (str): Objectness that a positive should have: 'loss', 1
            minus its box loss but at least 0, or 'iou'.
        batch_scale (str | float): Factor of all losses: 'batch' is the
            number of images on all processes, as YOLOv5 without
            accumulation has it; or a number.
        ignore_obj (bool): Leave cells whose centre lies in an ignored box
            out of the objectness loss, unless they are positive. Without it
            ignored boxes are background, as in YOLOv5.
        train_cfg (dict, optional): Not needed.
        test_cfg (dict, optional): ``score_thr``, ``nms_pre``, ``nms`` and
            ``max_per_img``.
        init_cfg (dict or list[dict], optional): Initialisation.

    Raises:
        ValueError: If arguments do not fit together.
    """

    def __init__(self,
                 num_classes: int,
                 in_channels: Sequence[int],
                 *,
                 anchor_generator: ConfigType = dict(
                     type='YOLOAnchorGenerator',
                     strides=[8, 16, 32],
                     base_sizes=COCO_ANCHORS),
                 bbox_coder: ConfigType = dict(type='YOLOv5BBoxCoder'),
                 assigner: ConfigType = dict(type='CrossGridAssigner'),
                 loss_bbox: ConfigType = dict(type='CIoULoss'),
                 bbox_weight: float = 0.05,
                 cls_weight: float = 0.5,
                 obj_weight: float = 1.0,
                 obj_balance: Optional[Sequence[float]] = None,
                 img_size: int = 640,
                 obj_target: ObjTarget = 'loss',
                 batch_scale: Union[Literal['batch'], float] = 'batch',
                 ignore_obj: bool = False,
                 train_cfg: OptConfigType = None,
                 test_cfg: OptConfigType = None,
                 init_cfg: OptMultiConfig = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.num_classes = num_classes
        self.in_channels = tuple(in_channels)
        self.num_attrib = 5 + num_classes
        self.train_cfg, self.test_cfg = train_cfg, test_cfg
        levels = len(self.in_channels)
        shapes = anchor_generator['base_sizes']
        if not len(shapes) == len(anchor_generator['strides']) == levels:
            raise ValueError(
                f'anchors of {len(shapes)} levels (anchor_generator.'
                f'base_sizes), {len(anchor_generator["strides"])} strides '
                f'and {levels} maps (in_channels) do not match')
        if len({len(level) for level in shapes}) > 1:
            raise ValueError(
                'every level needs the same number of anchors, got '
                f'{[len(level) for level in shapes]} in '
                'anchor_generator.base_sizes')
        if obj_balance is None:
            obj_balance = ((4., 1., .4) if levels == 3 else
                           (4., 1., .25, .06, .02)[:levels])
        if len(obj_balance) != levels:
            raise ValueError(f'obj_balance has {len(obj_balance)} numbers '
                             f'for {levels} levels')
        if img_size <= 0:
            raise ValueError(f'img_size must be positive, got {img_size}')
        check_choice('obj_target', obj_target, ObjTarget)
        if batch_scale != 'batch' and (isinstance(batch_scale, str)
                                       or batch_scale <= 0):
            raise ValueError("batch_scale must be 'batch' or a positive "
                             f'number, got {batch_scale!r}')

        self.prior_generator = TASK_UTILS.build(anchor_generator)
        self.strides = [s[0] for s in self.prior_generator.strides]
        self.num_base_priors = len(shapes[0])
        self.register_buffer(
            'anchors', torch.tensor(shapes, dtype=torch.float32),
            persistent=False)
        self.bbox_coder = TASK_UTILS.build(bbox_coder)
        self.assigner = TASK_UTILS.build(assigner)
        self.loss_bbox = MODELS.build(loss_bbox)
        if obj_target == 'loss' and getattr(self.loss_bbox, 'mode',
                                            'linear') != 'linear':
            raise ValueError(
                "obj_target='loss' needs a loss that is 1 minus a "
                f'similarity, which {loss_bbox} is not; use '
                "obj_target='iou'")
        self.bbox_factor = bbox_weight * 3 / levels
        self.cls_factor = cls_weight * num_classes / 80 * 3 / levels
        self.obj_factor = obj_weight * (img_size / 640)**2 * 3 / levels
        self.obj_balance = tuple(obj_balance)
        self.obj_target = obj_target
        self.batch_scale = batch_scale
        self.ignore_obj = ignore_obj
        self.convs_pred = nn.ModuleList(
            nn.Conv2d(channels, self.num_base_priors * self.num_attrib, 1)
            for channels in self.in_channels)

    def init_weights(self) -> None:
        """torch's initialisation, and biases that expect few objects.

        At 640 pixels 8 objects per image and level, and each class with
        a probability of 0.6 / num_classes.
        """
        super().init_weights()
        for conv, stride in zip(self.convs_pred, self.strides):
            conv.reset_parameters()
            with torch.no_grad():
                bias = conv.bias.view(self.num_base_priors, -1)
                bias[:, 4] += math.log(8 / (640 / stride)**2)
                bias[:, 5:] += math.log(0.6 / (self.num_classes - 0.999999))

    def forward(self, x: Sequence[Tensor]) -> Tuple[Tuple[Tensor, ...]]:
        """Predictions of all levels.

        Args:
            x (Sequence[Tensor]): Maps of shape (B, in_channels, H, W).

        Returns:
            tuple[tuple[Tensor]]: One tuple of logits, per level of shape
            (B, A * (5 + num_classes), H, W).

        Raises:
            ValueError: If the number of maps is wrong.
        """
        if len(x) != len(self.convs_pred):
            raise ValueError(f'YOLOv5Head was built for '
                             f'{len(self.convs_pred)} maps, got {len(x)}')
        return tuple(conv(f) for conv, f in zip(self.convs_pred, x)),

    def loss_by_feat(
        self,
        pred_maps: Sequence[Tensor],
        batch_gt_instances: InstanceList,
        batch_img_metas: List[dict],
        batch_gt_instances_ignore: OptInstanceList = None
    ) -> Dict[str, Tensor]:
        """Losses of a batch.

        Args:
            pred_maps (Sequence[Tensor]): Logits, see :meth:`forward`.
            batch_gt_instances (list[:obj:`InstanceData`]): With ``bboxes``
                and ``labels``.
            batch_img_metas (list[dict]): Not needed.
            batch_gt_instances_ignore (list[:obj:`InstanceData`], optional):
                With ``bboxes``, for ``ignore_obj``.

        Returns:
            dict[str, Tensor]: ``loss_cls``, ``loss_bbox``, ``loss_obj``.
        """
        preds = [self._unfold(pred_map) for pred_map in pred_maps]
        img_idx, boxes = _concat_boxes(batch_gt_instances, preds[0])
        labels = torch.cat([gts.labels for gts in batch_gt_instances])
        gts = torch.cat([
            img_idx[:, None].to(boxes), labels[:, None].to(boxes),
            bbox_xyxy_to_cxcywh(boxes)
        ], dim=1)
        assigned = self.assigner.assign(
            gts, [pred.shape[2:4] for pred in preds], self.strides,
            self.anchors)
        ignored = None
        if self.ignore_obj and batch_gt_instances_ignore is not None:
            ignored = _concat_boxes(batch_gt_instances_ignore, preds[0])
        losses = [
            self._loss_level(level, pred, targets, ignored)
            for level, (pred, targets) in enumerate(zip(preds, assigned))
        ]
        loss_cls, loss_bbox, loss_obj = (sum(part) for part in zip(*losses))
        scale = self.batch_scale
        if scale == 'batch':
            scale = len(batch_gt_instances) * get_world_size()
        return dict(
            loss_cls=loss_cls * (self.cls_factor * scale),
            loss_bbox=loss_bbox * (self.bbox_factor * scale),
            loss_obj=loss_obj * (self.obj_factor * scale))

    def _loss_level(
            self, level: int, pred: Tensor, targets: CrossGridTargets,
            ignored: Optional[Tuple[Tensor, Tensor]]
    ) -> Tuple[Tensor, Tensor, Tensor]:
        """Class, box and balanced objectness loss of one level."""
        index = (targets.img_idx, targets.anchor_idx, targets.row,
                 targets.col)
        # Keeps every output in the graph when there is no positive.
        loss_cls = loss_bbox = pred.sum() * 0
        obj_target = torch.zeros_like(pred[..., 4])
        if len(targets.label):
            positive = pred[index]
            anchors = self.anchors[level].to(pred)[targets.anchor_idx]
            loss, similarity = self._loss_boxes(
                self.bbox_coder.decode_relative(
                    positive[:, :4], anchors / self.strides[level]),
                targets.target)
            loss_bbox = loss.mean()
            obj_target = objectness_target(obj_target.shape, index,
                                           similarity.to(obj_target))
            if self.num_classes > 1:
                loss_cls = F.binary_cross_entropy_with_logits(
                    positive[:, 5:],
                    F.one_hot(targets.label, self.num_classes).to(positive))
        out = None
        if ignored is not None:
            img_idx, boxes = ignored
            out = cells_in_boxes(boxes, img_idx,
                                 (len(pred), *pred.shape[2:4]),
                                 self.strides[level])
        loss_obj = objectness_loss(pred[..., 4], obj_target, index, out)
        return loss_cls, loss_bbox, loss_obj * self.obj_balance[level]

    def _loss_boxes(self, pred: Tensor,
                    target: Tensor) -> Tuple[Tensor, Tensor]:
        """Loss of each positive, and the objectness that it should have.

        Args:
            pred (Tensor): cx, cy, w, h in cells, shape (n, 4).
            target (Tensor): The same of the targets.

        Returns:
            tuple[Tensor, Tensor]: Both of shape (n, ), the second detached.
        """
        pred, target = bbox_cxcywh_to_xyxy(pred), bbox_cxcywh_to_xyxy(target)
        loss = self.loss_bbox(pred, target, reduction_override='none')
        if self.obj_target == 'loss':
            similarity = 1 - loss / self.loss_bbox.loss_weight
        else:
            similarity = bbox_overlaps(pred, target, is_aligned=True)
        return loss, similarity.detach().clamp(min=0)

def _concat_boxes(batch: InstanceList,
                  like: Tensor) -> Tuple[Tensor, Tensor]:
    """Image (N, ) and box (N, 4) of all instances of a batch."""
    boxes = [get_box_tensor(instances.bboxes) for instances in batch]
    # On the host, which knows the numbers: a GPU would be asked for them.
    img_idx = torch.arange(len(boxes)).repeat_interleave(
        torch.tensor([len(part) for part in boxes]))
    return img_idx.to(like.device), torch.cat(boxes).to(like)
