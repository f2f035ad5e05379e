"""Targets and proposals of many pairs by few waits for a GPU."""
from typing import Dict, List, Optional, Sequence

import torch
from mmcv.ops import batched_nms
from mmdet.models.dense_heads import RPNHead
from mmdet.models.utils import images_to_levels
from mmdet.structures.bbox import get_box_tensor
from mmdet.utils import ConfigType, InstanceList
from mmengine.structures import InstanceData
from torch import Tensor

from ..task_modules.joint_sampling import (
    assign_by_iou,
    can_join,
    encode_jointly,
    sample_jointly,
)


def can_target_jointly(head: RPNHead) -> bool:
    """Whether :func:`target_jointly` stands in for the stock loop.

    Args:
        head (RPNHead): The RPN.

    Returns:
        bool: For the assigner and sampler of :func:`can_join`, deltas and
        anchors that may leave the image.
    """
    return (not head.reg_decoded_bbox
            and head.train_cfg['allowed_border'] < 0
            and can_join(head.assigner, head.sampler))


def target_jointly(head: RPNHead, anchor_list: List[List[Tensor]],
                   valid_flag_list: List[List[Tensor]],
                   batch_gt_instances: InstanceList,
                   batch_img_metas: Sequence[dict]) -> tuple:
    """Targets of all pairs. Pairs of one image share what is assigned; each
    has its own samples, of which those on the object are background if the
    pair is negative.

    Args:
        head (RPNHead): The RPN.
        anchor_list (list[list[Tensor]]): Per pair and level (n, 4).
        valid_flag_list (list[list[Tensor]]): Per pair and level (n,).
        batch_gt_instances (list[:obj:`InstanceData`]): Of each pair.
        batch_img_metas (Sequence[dict]): Of each pair, may have
            ``negative_pair``.

    Returns:
        tuple: As ``AnchorHead.get_targets``.
    """
    anchors = torch.cat([get_box_tensor(a) for a in anchor_list[0]])
    # Of an image that comes again for another support.
    known: Dict[int, Tensor] = {}
    for gts, flags in zip(batch_gt_instances, valid_flag_list):
        if id(gts) not in known:
            known[id(gts)] = assign_by_iou(
                head.assigner, anchors, get_box_tensor(gts.bboxes),
                torch.cat(flags))
    assigned = [known[id(gts)] for gts in batch_gt_instances]
    sampled = sample_jointly(head.sampler, assigned)
    # What the positive samples of each pair are to become.
    which = [each[positive] - 1
             for each, (positive, _) in zip(assigned, sampled)]
    deltas = encode_jointly(
        head.bbox_coder, [anchors[positive] for positive, _ in sampled],
        [get_box_tensor(gts.bboxes)[own]
         for gts, own in zip(batch_gt_instances, which)])
    targets = [
        _pair_targets(head, anchors, *each, gts.labels[own],
                      None if meta.get('negative_pair', False) else delta)
        for each, gts, own, delta, meta in zip(
            sampled, batch_gt_instances, which, deltas, batch_img_metas)
    ]
    sizes = [len(level) for level in anchor_list[0]]
    *rest, counts = zip(*targets)
    return (*(images_to_levels(list(each), sizes) for each in rest),
            sum(counts))


def _pair_targets(head: RPNHead, anchors: Tensor, positive: Tensor,
                  negative: Tensor, own_labels: Tensor,
                  own_deltas: Optional[Tensor]) -> tuple:
    """Labels (N,), their weights, deltas (N, 4) and their weights of one
    pair, and the number of its samples; without own deltas all samples are
    background."""
    labels = positive.new_full((len(anchors), ), head.num_classes)
    weights = anchors.new_zeros(len(anchors), dtype=torch.float)
    deltas = anchors.new_zeros(len(anchors), 4)
    delta_weights = torch.zeros_like(deltas)
    weights[negative] = 1.
    weights[positive] = max(head.train_cfg['pos_weight'], 0) or 1.
    if own_deltas is not None:
        labels[positive] = own_labels
        deltas[positive] = own_deltas
        delta_weights[positive] = 1.
    return (labels, weights, deltas, delta_weights,
            max(len(positive), 1) + max(len(negative), 1))


def can_propose_jointly(head: RPNHead, feature: Tensor,
                        cfg: ConfigType) -> bool:
    """Whether :func:`propose_jointly` stands in for the stock loop, and saves
    time: suppression on a CPU takes the square of all pairs' boxes.

    Args:
        head (RPNHead): The RPN.
        feature (Tensor): Any of its maps.
        cfg (dict): As :func:`propose_jointly` would have it.

    Returns:
        bool: For scores by sigmoid on an accelerator, and a suppression
        that keeps groups apart and has no limit over all of them.
    """
    return (feature.device.type != 'cpu' and head.use_sigmoid_cls
            and not {'class_agnostic', 'max_num'} & set(cfg['nms']))


@torch.no_grad()
def propose_jointly(head: RPNHead, cls_scores: Sequence[Tensor],
                    bbox_preds: Sequence[Tensor],
                    batch_img_metas: Sequence[dict],
                    cfg: ConfigType) -> InstanceList:
    """What ``RPNHead.predict_by_feat`` finds, the boxes of all pairs decoded
    and suppressed in one call.

    Args:
        head (RPNHead): The RPN.
        cls_scores (Sequence[Tensor]): Per level (P, A, H, W) logits.
        bbox_preds (Sequence[Tensor]): Per level (P, 4 A, H, W) deltas.
        batch_img_metas (Sequence[dict]): Of each pair, with ``img_shape``.
        cfg (dict): ``nms_pre``, ``min_bbox_size``, ``nms`` and
            ``max_per_img``.

    Returns:
        list[:obj:`InstanceData`]: Of each pair ``bboxes`` in pixels of the
        network's input, ``scores`` and ``labels``, all 0.
    """
    pairs, nms_pre = len(batch_img_metas), cfg.get('nms_pre', -1)
    priors = head.prior_generator.grid_priors(
        [each.shape[-2:] for each in cls_scores], dtype=cls_scores[0].dtype,
        device=cls_scores[0].device)
    columns: List[List[Tensor]] = [[], [], [], []]
    for level, (logits, deltas, anchors) in enumerate(
            zip(cls_scores, bbox_preds, priors)):
        scores = logits.permute(0, 2, 3, 1).reshape(pairs, -1).sigmoid()
        deltas = deltas.permute(0, 2, 3, 1).reshape(pairs, -1, 4)
        anchors = get_box_tensor(anchors).expand_as(deltas)
        if 0 < nms_pre < scores.shape[1]:
            scores, order = scores.sort(dim=1, descending=True)
            scores, order = scores[:, :nms_pre], order[:, :nms_pre, None]
            order = order.expand(-1, -1, 4)
            deltas, anchors = deltas.gather(1, order), anchors.gather(1, order)
        own = torch.arange(pairs, device=scores.device)[:, None]
        group = own * len(cls_scores) + level
        for column, part in zip(columns, (scores, deltas, anchors,
                                          group.expand_as(scores))):
            column.append(part)
    scores, deltas, anchors, groups = (torch.cat(each, 1) for each in columns)
    boxes = head.bbox_coder.decode(
        anchors.flatten(0, 1), deltas.flatten(0, 1)).view_as(deltas)
    # Numbers of the host, which need not be sent.
    for own, meta in zip(boxes, batch_img_metas):
        height, width = meta['img_shape'][:2]
        own[:, 0::2].clamp_(0, width)
        own[:, 1::2].clamp_(0, height)
    boxes, scores, groups = (
        each.flatten(0, 1) for each in (boxes, scores, groups))
    smallest = cfg.get('min_bbox_size', -1)
    if smallest >= 0:
        kept = (boxes[:, 2:] - boxes[:, :2] > smallest).all(1).nonzero()[:, 0]
        boxes, scores, groups = boxes[kept], scores[kept], groups[kept]
    if not len(boxes):
        return [InstanceData(bboxes=boxes, scores=scores, labels=groups)
                for _ in batch_img_metas]
    found, kept = batched_nms(boxes, scores, groups, cfg['nms'])
    owner = groups[kept].div(len(cls_scores), rounding_mode='floor')
    # Pair by pair, the best first as they are.
    owner, order = owner.sort(stable=True)
    found = found[order]
    numbers = torch.arange(pairs, device=owner.device)
    counts = (owner == numbers[:, None]).sum(1).tolist()
    return [
        InstanceData(
            bboxes=own[:, :4], scores=own[:, 4],
            labels=own.new_zeros(len(own), dtype=torch.long))
        for own in (part[:cfg['max_per_img']] for part in found.split(counts))
    ]
