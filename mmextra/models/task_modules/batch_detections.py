"""Detections of many images at once, where stock heads go one by one."""
from typing import List, Sequence, Tuple

import torch
from mmcv.ops import batched_nms
from mmdet.models.dense_heads import AnchorHead
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor, nn

# Boxes that a GPU suppresses at a time; the matrix of pairs is in its memory.
GROUP = 10000
# Pairs of a prior and a class that are looked at at a time, for the same.
LIMIT = 2**22
STOCK = ('predict_by_feat', '_predict_by_feat_single', '_bbox_post_process')


def is_plain(head: nn.Module, outputs: Sequence, metas: Sequence[dict],
             cfg: ConfigDict) -> bool:
    """Whether :func:`batch_detections` can stand in for a head.

    Args:
        head (nn.Module): The head.
        outputs (Sequence): What it gave.
        metas (Sequence[dict]): Of the images.
        cfg (ConfigDict): Test settings.

    Returns:
        bool: If it is anchor-based, predicts as mmdet's ``BaseDenseHead``
        does, without factors of scores, and all images have one size.
    """
    return (isinstance(head, AnchorHead) and len(outputs) == 2
            and all(getattr(getattr(head, name), '__func__', None) is getattr(
                BaseDenseHead, name) for name in STOCK)
            and not getattr(getattr(head, 'loss_cls', None),
                            'custom_cls_channels', False)
            and 'max_num' not in (cfg.get('nms') or {'max_num': 1})
            and len({tuple(meta['img_shape'][:2]) for meta in metas}) == 1)


@torch.no_grad()
def batch_detections(head: AnchorHead, cls_scores: Sequence[Tensor],
                     bbox_preds: Sequence[Tensor], metas: Sequence[dict],
                     cfg: ConfigDict) -> List[InstanceData]:
    """``predict_by_feat`` of a plain head, with few waits for a GPU.

    A stock head asks the GPU twice per image and level how many candidates
    there are, and once or twice for NMS. Here every level of all images has
    its best ``nms_pre`` pairs of prior and class, the rest is masked, and the
    candidates of as many images as fit pass NMS together.

    Args:
        head (AnchorHead): See :func:`is_plain`.
        cls_scores (Sequence[Tensor]): Per level (B, A * C, H, W).
        bbox_preds (Sequence[Tensor]): Per level (B, A * 4, H, W).
        metas (Sequence[dict]): Of B images, with ``img_shape``.
        cfg (ConfigDict): Test settings.

    Returns:
        list[:obj:`InstanceData`]: ``bboxes``, ``scores`` and ``labels`` of
        each image, in pixels of the network's input.
    """
    pairs = sum(scores[0].numel() for scores in cls_scores)
    most = max(1, LIMIT // pairs)
    if len(metas) > most:
        parts = [slice(first, first + most)
                 for first in range(0, len(metas), most)]
        return [result for part in parts for result in batch_detections(
            head, [level[part] for level in cls_scores],
            [level[part] for level in bbox_preds], metas[part], cfg)]
    boxes, scores, labels = _candidates(head, cls_scores, bbox_preds,
                                        metas[0]['img_shape'], cfg)
    chosen = scores > cfg.get('score_thr', 0)
    smallest = cfg.get('min_bbox_size', -1)
    if smallest >= 0:
        chosen &= (boxes[..., 2:] - boxes[..., :2] > smallest).all(-1)
    image, column = chosen.nonzero().unbind(1)
    boxes, scores, labels = (each[image, column]
                             for each in (boxes, scores, labels))
    counts = _counts(image, len(metas))
    limit = cfg.get('max_per_img', -1)
    results = []
    for first, last, begin, end in _groups(counts, boxes.is_cuda):
        part = slice(begin, end)
        found = suppress(boxes[part], scores[part], labels[part],
                         image[part] - first, cfg.nms)
        results += _split(*found, last - first, limit)
    return results


def _candidates(head: AnchorHead, cls_scores: Sequence[Tensor],
                bbox_preds: Sequence[Tensor], img_shape: Tuple[int, ...],
                cfg: ConfigDict) -> Tuple[Tensor, Tensor, Tensor]:
    """Boxes (B, K, 4), scores and labels (B, K), K the same for all."""
    priors = head.prior_generator.grid_priors(
        [each.shape[-2:] for each in cls_scores], dtype=cls_scores[0].dtype,
        device=cls_scores[0].device)
    channels, limit = head.cls_out_channels, cfg.get('nms_pre', -1)
    parts = []
    for logits, deltas, prior in zip(cls_scores, bbox_preds, priors):
        batch = len(logits)
        logits = logits.permute(0, 2, 3, 1).reshape(batch, -1, channels)
        deltas = deltas.permute(0, 2, 3, 1).reshape(batch, -1, 4)
        scores = logits.sigmoid() if head.use_sigmoid_cls else \
            logits.softmax(-1)[..., :-1]
        classes = scores.shape[-1]
        scores, pairs = scores.flatten(1).topk(
            min(limit if limit > 0 else scores[0].numel(),
                scores[0].numel()))
        which = pairs.div(classes, rounding_mode='floor')
        parts.append((prior[which],
                      deltas.gather(1, which[..., None].expand(-1, -1, 4)),
                      scores, pairs % classes))
    prior, deltas, scores, labels = (torch.cat(part, 1)
                                     for part in zip(*parts))
    boxes = head.bbox_coder.decode(
        prior.flatten(0, 1), deltas.flatten(0, 1), max_shape=img_shape)
    return boxes.view(*scores.shape, 4), scores, labels


def _counts(image: Tensor, number: int) -> List[int]:
    """How many rows each of so many images has."""
    return image.new_zeros(number).index_add_(
        0, image, torch.ones_like(image)).tolist()


def _groups(counts: Sequence[int],
            together: bool) -> List[Tuple[int, int, int, int]]:
    """Images for one NMS: first, last + 1, and the same of their rows.

    On a CPU, which compares every pair of rows, each goes alone.
    """
    groups: List[Tuple[int, int, int, int]] = []
    begin = 0
    for number, count in enumerate(counts):
        if groups and together and groups[-1][3] + count - groups[-1][
                2] <= GROUP:
            first, _, start, _ = groups.pop()
        else:
            first, start = number, begin
        begin += count
        groups.append((first, number + 1, start, begin))
    return groups


def suppress(boxes: Tensor, scores: Tensor, labels: Tensor, image: Tensor,
             nms: ConfigDict) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
    """NMS within every class of every image.

    Classes are moved apart along x, and images along y, so coordinates stay
    as exact as with the classes of one image.

    Args:
        boxes (Tensor): (n, 4).
        scores (Tensor): (n,).
        labels (Tensor): (n,).
        image (Tensor): (n,) number of the image.
        nms (ConfigDict): For example ``dict(type='nms', iou_threshold=0.5)``.

    Returns:
        tuple[Tensor]: Those kept, best first; scores may have changed.
    """
    if not len(boxes):
        return boxes, scores, labels, image
    nms = dict(nms)
    step = boxes.max() + 1
    column = torch.zeros_like(labels) if nms.pop(
        'class_agnostic', False) else labels
    offset = torch.stack([column, image], 1).to(boxes) * step
    found, keep = batched_nms(
        boxes + offset.repeat(1, 2), scores, labels,
        dict(nms, split_thr=len(boxes) + 1), class_agnostic=True)
    return boxes[keep], found[:, -1], labels[keep], image[keep]


def _split(boxes: Tensor, scores: Tensor, labels: Tensor, image: Tensor,
           number: int, limit: int) -> List[InstanceData]:
    """Rows, best first, to so many images, each the best of its own."""
    if number > 1:
        order = image.argsort(stable=True)
        boxes, scores, labels = boxes[order], scores[order], labels[order]
        counts = _counts(image, number)
    else:
        counts = [len(boxes)]
    columns = (each.split(counts) for each in (boxes, scores, labels))
    # As in a stock head, which knows no -1 for all.
    return [InstanceData(bboxes=b[:limit], scores=s[:limit], labels=c[:limit])
            for b, s, c in zip(*columns)]
