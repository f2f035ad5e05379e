"""Dense head of LARSD (Sec. II-B)."""
import math
from itertools import accumulate
from typing import Any, Dict, List, Literal, Optional, Tuple, Union

import torch
from mmcv.cnn import ConvModule
from mmdet.models.dense_heads import AnchorHead
from mmdet.structures.bbox import BaseBoxes, get_box_tensor
from mmdet.utils import (
    ConfigType,
    InstanceList,
    OptConfigType,
    OptInstanceList,
    OptMultiConfig,
    reduce_mean,
)
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from mmrotate.registry import MODELS
from torch import Tensor, nn

from mmextra.structures import class_wise_nms, require_rotated
from mmextra.utils.checks import check_choice

from ..losses import ObjectnessClassLoss, joint_logits
from ..task_modules.assigners.same_center_assigner import IGNORED
from ..task_modules.coders import (
    both_descriptions,
    described_distance,
    distance2rbox,
)
from .lasa_head import LASAMixin
from .positive_weights import weight_columns, weights_per_gt

PosBalance = Literal['none', 'per_gt', 'per_gt_all']


@MODELS.register_module()
class LARSDHead(LASAMixin, AnchorHead):
    """Score, four edge distances and an angle for every (w, h) prior.

    Two subnets, shared by all levels: ``stacked_convs`` 3x3 convolutions
    and a 1x1 convolution each. Losses follow Eq. 2, scores are aligned
    before NMS when ``test_cfg`` has a ``lasa``.

    Not in the paper: the number of channels, a normalisation in the subnets,
    the initialisation (the untrained head predicts every prior around its
    location) and both normalisers of Eq. 2, the mean number of positives
    over all ranks.

    Args:
        num_classes (int): Number of categories.
        in_channels (int): Channels of the neck's maps.
        feat_channels (int): Channels inside the subnets.
        stacked_convs (int): Number of 3x3 convolutions in a subnet.
        norm_cfg (dict, optional): Normalisation after each of them, ``GN``
            or the like, for all levels pass through the same subnet.
        anchor_generator (dict): Config of the priors; its lists of shapes
            must have one length.
        bbox_coder (dict): Config of the coder.
        loss_cls (dict): Config of L_cls, with sigmoid. With
            :class:`ObjectnessClassLoss` each prior has a channel of
            objectness before those of the classes.
        loss_bbox (dict): Config of L_d, over (N, 4) distances, or over
            (N, 5) boxes if ``reg_decoded_bbox`` is set among the
            ``**kwargs``, as a loss of rotated boxes like ``GDLoss`` needs it
            (not in the paper).
        loss_angle (dict): Config of L_a, over (N, ) angles.
        pos_balance (str): 'none', or 'per_gt': positives of one box share
            one weight in the box losses, so large ships, with many
            locations inside, do not outweigh small ones; or 'per_gt_all': in
            the classification loss too.
        init_cfg (dict or list[dict], optional): Initialisation.
        **kwargs: ``train_cfg`` with ``assigner``, ``test_cfg`` with
            ``score_thr``, ``nms_pre``, ``nms``, ``max_per_img`` and
            ``lasa``.

    Raises:
        ValueError: If ``pos_balance`` is unknown, or not ``'none'`` with a
            loss that takes no weights of positives.
    """

    def __init__(self,
                 num_classes: int,
                 in_channels: int,
                 *,
                 feat_channels: int = 128,
                 stacked_convs: int = 3,
                 norm_cfg: OptConfigType = None,
                 anchor_generator: ConfigType = dict(
                     type='RotatedShapePriorGenerator', strides=[4, 8, 16]),
                 bbox_coder: ConfigType = dict(type='RotatedDistanceCoder'),
                 loss_cls: ConfigType = dict(
                     type='mmdet.FocalLoss',
                     use_sigmoid=True,
                     gamma=2.0,
                     alpha=0.25,
                     loss_weight=1.0),
                 loss_bbox: ConfigType = dict(
                     type='UnitBoxIoULoss', loss_weight=1.0),
                 loss_angle: ConfigType = dict(
                     type='CosineAngleLoss', loss_weight=10.0),
                 pos_balance: PosBalance = 'none',
                 init_cfg: OptMultiConfig = dict(
                     type='Normal',
                     layer='Conv2d',
                     std=0.01,
                     override=dict(
                         type='Normal',
                         name='conv_cls',
                         std=0.01,
                         bias_prob=0.01)),
                 **kwargs) -> None:
        check_choice('pos_balance', pos_balance, PosBalance)
        self.stacked_convs = stacked_convs
        self.norm_cfg = norm_cfg
        super().__init__(
            num_classes,
            in_channels,
            feat_channels=feat_channels,
            anchor_generator=anchor_generator,
            bbox_coder=bbox_coder,
            loss_cls=loss_cls,
            loss_bbox=loss_bbox,
            init_cfg=init_cfg,
            **kwargs)
        self.loss_angle = MODELS.build(loss_angle)
        self.pos_balance = pos_balance
        if pos_balance != 'none':
            self.weight_columns = weight_columns(
                self.loss_bbox, 5 if self.reg_decoded_bbox else 4,
                'loss_bbox')
            weight_columns(self.loss_angle, 1, 'loss_angle')

    def _init_layers(self) -> None:
        """Both subnets; the channel of prior k is k * C + class in the one
        (with objectness k * (C + 1), then the classes) and k * 5 + coordinate
        in the other."""
        self.cls_convs, self.reg_convs = self._subnet(), self._subnet()
        num_priors = self.num_base_priors
        self.with_objectness = isinstance(self.loss_cls, ObjectnessClassLoss)
        self.cls_channels = self.cls_out_channels + self.with_objectness
        self.conv_cls = nn.Conv2d(self.feat_channels,
                                  num_priors * self.cls_channels, 1)
        self.conv_reg = nn.Conv2d(self.feat_channels,
                                  num_priors * self.bbox_coder.encode_size, 1)

    def _subnet(self) -> nn.Sequential:
        return nn.Sequential(*[
            ConvModule(self.feat_channels if i else self.in_channels,
                       self.feat_channels, 3, padding=1,
                       norm_cfg=self.norm_cfg)
            for i in range(self.stacked_convs)
        ])

    def init_weights(self) -> None:
        """Start from the priors: each distance half a side, no angle."""
        super().init_weights()
        with torch.no_grad():
            bias = self.conv_reg.bias.view(-1, self.bbox_coder.encode_size)
            bias[:, :4] = math.log(0.5)
            bias[:, 4] = 0

    def forward_single(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        """Predictions of one level.

        Args:
            x (Tensor): Shape (B, in_channels, H, W).

        Returns:
            tuple[Tensor, Tensor]: Logits (B, K * C, H, W), with objectness
            (B, K * (1 + C), H, W), and raw boxes (B, K * 5, H, W), in float32
            also under autocast, for locations and exponentials need its
            range.
        """
        return (self.conv_cls(self.cls_convs(x)).float(),
                self.conv_reg(self.reg_convs(x)).float())

    def predict_by_feat(self, cls_scores: List[Tensor], *args,
                        **kwargs) -> InstanceList:
        """The host's, of scores that are objectness times class if both are
        apart; arguments and results are the host's."""
        if self.with_objectness:
            cls_scores = [joint_logits(level, self.num_classes)
                          for level in cls_scores]
        return super().predict_by_feat(cls_scores, *args, **kwargs)

    def describe(self, batch_gt_instances: InstanceList
                 ) -> List[Tuple[Tensor, Tensor]]:
        """The boxes as the coder describes them, one or two ways each.

        Args:
            batch_gt_instances (list[:obj:`InstanceData`]): With rotated
                ``bboxes``.

        Returns:
            list[tuple[Tensor, Tensor]]: Per image, see
            :func:`~..task_modules.coders.both_descriptions`.
        """
        overlap = getattr(self.bbox_coder, 'overlap', 0.)
        return [both_descriptions(_rotated(gts.bboxes), overlap)
                for gts in batch_gt_instances]

    def get_assigned(self, mlvl_priors: List[Tensor],
                     batch_gt_instances: InstanceList,
                     batch_gt_instances_ignore: OptInstanceList) -> Tensor:
        """Assigned boxes of a batch.

        Args:
            mlvl_priors (list[Tensor]): Priors of each level, (N_l * K, 5).
            batch_gt_instances (list[:obj:`InstanceData`]): With rotated
                ``bboxes``.
            batch_gt_instances_ignore (list[:obj:`InstanceData`], optional):
                With ``bboxes``.

        Returns:
            Tensor: Index among the image's :meth:`describe`, or -1 or -2 as in
            :class:`SameCenterAssigner`, shape (B, A), in the order of the
            priors.
        """
        num_priors = self.num_base_priors
        points = [priors[::num_priors, :2] for priors in mlvl_priors]
        shapes = [priors[:num_priors, 2:4] for priors in mlvl_priors]
        ignores = batch_gt_instances_ignore or [None] * len(batch_gt_instances)
        return torch.stack([
            torch.cat([
                level.flatten() for level in self.assigner.assign_levels(
                    points, shapes, boxes,
                    None if ignore is None else _rotated(ignore.bboxes),
                    as_described=True)
            ]) for (boxes, _), ignore in zip(
                self.describe(batch_gt_instances), ignores)
        ])

    def loss_by_feat(
        self,
        cls_scores: List[Tensor],
        bbox_preds: List[Tensor],
        batch_gt_instances: InstanceList,
        batch_img_metas: List[dict],
        batch_gt_instances_ignore: OptInstanceList = None
    ) -> Dict[str, Tensor]:
        """Losses of Eq. 2.

        Args:
            cls_scores (list[Tensor]): Per level, see :meth:`forward_single`.
            bbox_preds (list[Tensor]): Per level (B, K * 5, H, W).
            batch_gt_instances (list[:obj:`InstanceData`]): With rotated
                ``bboxes`` and ``labels``.
            batch_img_metas (list[dict]): Not needed.
            batch_gt_instances_ignore (list[:obj:`InstanceData`], optional):
                With ``bboxes``.

        Returns:
            dict[str, Tensor]: ``loss_cls``, ``loss_dist``, ``loss_angle``.

        Raises:
            ValueError: If boxes are not rotated ones.
        """
        sizes = [scores.shape[-2:] for scores in cls_scores]
        mlvl_priors = self.prior_generator.grid_priors(
            sizes, device=cls_scores[0].device)
        logits = _flatten(cls_scores, self.cls_channels)
        raw = _flatten(bbox_preds, self.bbox_coder.encode_size)
        described = self.describe(batch_gt_instances)
        assigned = self.get_assigned(mlvl_priors, batch_gt_instances,
                                     batch_gt_instances_ignore)
        image, prior = (assigned >= 0).nonzero().unbind(-1)
        # From an index within the image to one within the batch.
        first_form, first_gt = _firsts(
            assigned, [len(boxes) for boxes, _ in described],
            [len(gts) for gts in batch_gt_instances])
        form = assigned[image, prior] + first_form[image]
        gt = torch.cat([owner for _, owner in described])[form] + \
            first_gt[image]
        avg_factor = reduce_mean(
            logits.new_full((), float(len(gt)))).clamp(min=1)

        labels = torch.full_like(assigned, self.num_classes)
        gt_labels = torch.cat([gts.labels for gts in batch_gt_instances])
        labels[image, prior] = gt_labels[gt]
        weight = None if self.pos_balance == 'none' else \
            weights_per_gt(gt, len(gt_labels))
        counted = (assigned != IGNORED).float()
        if self.pos_balance == 'per_gt_all' and weight is not None:
            counted[image, prior] = weight
        loss_cls = self.loss_cls(
            logits.flatten(0, 1), labels.flatten(), counted.flatten(),
            avg_factor=avg_factor)
        if len(gt) == 0:
            nothing = raw.sum() * 0
            return dict(loss_cls=loss_cls, loss_dist=nothing,
                        loss_angle=nothing)

        return dict(loss_cls=loss_cls, **self._box_losses(
            torch.cat(mlvl_priors)[prior], raw[image, prior],
            torch.cat([boxes for boxes, _ in described])[form], weight,
            avg_factor))

    def _box_losses(self, priors: Tensor, raw: Tensor, boxes: Tensor,
                    weight: Optional[Tensor],
                    avg_factor: Tensor) -> Dict[str, Tensor]:
        """L_d and L_a of the positives: priors (P, 5), raw predictions
        (P, 5), their boxes as described (P, 5) and weights (P, )."""
        distances, angles = self.bbox_coder.geometry(priors, raw)
        target, target_angle = described_distance(priors[:, :2], boxes)
        if self.reg_decoded_bbox:
            found = distance2rbox(priors[:, :2], distances, angles)
            target = boxes
        else:
            found = distances
            # The nearest location of a sliver may lie outside of it.
            outside = (target <= 0).any(-1, keepdim=True)
            target = torch.where(outside, target.clamp(min=1), target)
        spread = weight
        if weight is not None and self.weight_columns:
            spread = weight[:, None].expand(-1, self.weight_columns)
        return dict(
            loss_dist=self.loss_bbox(
                found, target, spread, avg_factor=avg_factor),
            loss_angle=self.loss_angle(
                angles, target_angle, weight, avg_factor=avg_factor))

    def _bbox_post_process(self,
                           results: InstanceData,
                           cfg: ConfigDict,
                           rescale: bool = False,
                           with_nms: bool = True,
                           img_meta: Optional[dict] = None) -> InstanceData:
        """The host's, with the exact NMS that keeps classes apart wherever
        their boxes lie, see :func:`~mmextra.structures.class_wise_nms`, of
        boxes whose centre lies in the image and not in its padding.

        Args:
            results (:obj:`InstanceData`): Candidates of one image.
            cfg (ConfigDict): As in the host.
            rescale (bool): As in the host.
            with_nms (bool): As in the host.
            img_meta (dict, optional): As in the host.

        Returns:
            :obj:`InstanceData`: Detections of the image.
        """
        if with_nms and img_meta and 'img_shape' in img_meta:
            results = _centred_inside(results, _content_shape(img_meta))
        results = super()._bbox_post_process(
            results, cfg, rescale, with_nms=False, img_meta=img_meta)
        if not with_nms:
            return results
        keep, scores = class_wise_nms(
            get_box_tensor(results.bboxes), results.scores, results.labels,
            cfg.nms)
        limit = cfg.max_per_img if cfg.max_per_img > 0 else len(keep)
        # Not results[keep]: InstanceData indexes box objects one by one.
        results = InstanceData(
            **{k: v[keep[:limit]] for k, v in results.items()})
        results.scores = scores[:limit]
        return results


def _rotated(bboxes: Union[Tensor, BaseBoxes]) -> Tensor:
    """Boxes (cx, cy, w, h, angle) as float32, if they are such."""
    require_rotated(bboxes, 'LARSDHead')
    return get_box_tensor(bboxes).float()


def _firsts(like: Tensor, *counts: List[int]) -> Tensor:
    """Where each image's entries begin in those of a batch, (len, B)."""
    return like.new_tensor([[0, *accumulate(each[:-1])] for each in counts])


def _content_shape(img_meta: Dict[str, Any]) -> Tuple[float, ...]:
    """Height and width without padding, also ``Pad``'s, which ``img_shape``
    counts; of a moved view, which may have been padded before, with it."""
    height, width = img_meta['img_shape'][:2]
    if {'ori_shape', 'scale_factor'} <= img_meta.keys() and not (
            img_meta.get('flip') or img_meta.get('quarter_turns')):
        wide, tall = img_meta['scale_factor'][:2]
        height = min(height, img_meta['ori_shape'][0] * tall)
        width = min(width, img_meta['ori_shape'][1] * wide)
    return height, width


def _centred_inside(results: InstanceData,
                    img_shape: Tuple[float, ...]) -> InstanceData:
    """Candidates whose centre lies in an image of (height, width) pixels."""
    x, y = get_box_tensor(results.bboxes)[:, :2].unbind(1)
    kept = ((x >= 0) & (x <= img_shape[1]) & (y >= 0) &
            (y <= img_shape[0])).nonzero()[:, 0]
    # Not results[kept]: InstanceData indexes box objects one by one.
    return InstanceData(**{k: v[kept] for k, v in results.items()})


def _flatten(maps: List[Tensor], channels: int) -> Tensor:
    """Predictions of all levels as (B, A, channels)."""
    return torch.cat([
        level.permute(0, 2, 3, 1).reshape(len(level), -1, channels)
        for level in maps
    ], dim=1)
