"""Post-processing that runs eagerly and can be traced into a graph.

A trace keeps the branches that its example takes, and lengths become
constants as soon as Python computes with them. The functions here have no
such branches; while a graph is traced, the places that ONNX has an operator
for become that operator.
"""
import sys
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Optional, Tuple

import mmcv.ops
import torch
from mmcv.ops.roi_align import RoIAlignFunction
from mmdet.models.layers import multiclass_nms
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from mmdet.models.task_modules.coders.delta_xywh_bbox_coder import (
    onnx_delta2bbox,
)
from mmdet.models.utils import filter_scores_and_topk
from mmdet.structures.bbox import BaseBoxes
from torch import Tensor, nn

from .traceable_boxes import traced_delta2bbox
from .traceable_rois import roi_align_symbolic, traced_extractor

# More boxes than any detector keeps.
ALL = 1 << 30
# Packages whose own modules may hold one of the functions by name.
HOSTS = ('mmcv', 'mmdet', 'mmrotate', 'mmextra')


class _Above(torch.autograd.Function):
    """Where values exceed a threshold; in a trace at least one place.

    Without it an example that has no detection would leave all that follows
    out of the graph.
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor, threshold: float) -> Tensor:
        index = (values > threshold).nonzero()
        if not len(index):
            index = (values == values.max()).nonzero()[:1]
        return index

    @staticmethod
    def symbolic(g: Any, values: Any, threshold: float) -> Any:
        limit = g.op('Constant', value_t=torch.tensor(float(threshold)))
        index = g.op('NonZero', g.op('Greater', values, limit))
        return g.op('Transpose', index, perm_i=[1, 0])


class _GreedyNMS(torch.autograd.Function):
    """Indices of the boxes that non-maximum suppression keeps, best first."""

    @staticmethod
    def forward(ctx: Any, boxes: Tensor, scores: Tensor,
                iou_threshold: float, max_num: int) -> Tensor:
        return mmcv.ops.nms(boxes, scores, iou_threshold)[1][:max_num]

    @staticmethod
    def symbolic(g: Any, boxes: Any, scores: Any, iou_threshold: float,
                 max_num: int) -> Any:

        def ints(*values: int) -> Any:
            return g.op('Constant', value_t=torch.tensor(values))

        kept = g.op(
            'NonMaxSuppression', g.op('Unsqueeze', boxes, ints(0)),
            g.op('Unsqueeze', scores, ints(0, 1)), ints(max_num),
            g.op('Constant', value_t=torch.tensor([float(iou_threshold)])))
        # Each is (image, class, box).
        return g.op('Squeeze', g.op('Slice', kept, ints(2), ints(3),
                                    ints(1)), ints(1))


class _PairNMS(torch.autograd.Function):
    """As :class:`_GreedyNMS` of several rows of boxes: (row, box)."""

    @staticmethod
    def forward(ctx: Any, boxes: Tensor, scores: Tensor,
                iou_threshold: float, max_num: int) -> Tensor:
        found = []
        for row, (own, score) in enumerate(zip(boxes, scores)):
            index = (score >= 0).nonzero()[:, 0]
            keep = mmcv.ops.nms(own[index], score[index],
                                iou_threshold)[1][:max_num]
            found.append(torch.stack(
                [torch.full_like(keep, row), index[keep]], 1))
        return torch.cat(found)

    @staticmethod
    def symbolic(g: Any, boxes: Any, scores: Any, iou_threshold: float,
                 max_num: int) -> Any:

        def const(value: Any) -> Any:
            return g.op('Constant', value_t=torch.tensor(value))

        # Scores below zero are of boxes that do not count.
        kept = g.op(
            'NonMaxSuppression', boxes, g.op('Unsqueeze', scores, const([1])),
            const([max_num]), const([float(iou_threshold)]), const([-0.5]))
        return g.op('Gather', kept, const([0, 2]), axis_i=1)


def above(values: Tensor, threshold: float) -> Tensor:
    """Places of the values that exceed a threshold.

    Args:
        values (Tensor): Of any shape with d dimensions.
        threshold (float): What they must exceed.

    Returns:
        Tensor: (n, d) indices.
    """
    if torch.jit.is_tracing():
        return _Above.apply(  # type: ignore[no-untyped-call]
            values, float(threshold))
    return (values > threshold).nonzero()


def rank_within(groups: Tensor, count: int) -> Tensor:
    """Position of each element among those of its group.

    Args:
        groups (Tensor): (n,) group of each element, 0 to count - 1.
        count (int): Number of groups; in a trace also a tensor.

    Returns:
        Tensor: (n,) 0 for the first of each group.
    """
    own = groups[:, None] == torch.arange(count, device=groups.device)
    return own.long().cumsum(0).gather(1, groups[:, None])[:, 0] - 1


def best_pairs(scores: Tensor, score_thr: float, limit: int,
               images: Optional[Tensor] = None, num_images: int = 1
               ) -> Tuple[Tensor, Tensor, Tensor]:
    """The best pairs of a box and a class.

    As mmdet's ``filter_scores_and_topk``, for the images of a batch
    together.

    Args:
        scores (Tensor): (n, C).
        score_thr (float): What a score must exceed.
        limit (int): Pairs to keep of each image.
        images (Tensor, optional): (n,) image of each box.
        num_images (int): Images of the batch; in a trace also a tensor.

    Returns:
        tuple[Tensor, Tensor, Tensor]: (m,) scores, best first; their
        classes and boxes.
    """
    places = above(scores, score_thr)
    values = scores[places[:, 0], places[:, 1]]
    if images is None and limit > 0 and torch.jit.is_tracing():
        # The operator sorts no more than it is asked for.
        count = torch.as_tensor(values.shape[0])
        most: Any = torch.minimum(count, torch.tensor(limit))
        values, order = values.topk(most)
    else:
        values, order = values.sort(descending=True)
    places = places[order]
    if images is None:
        values, places = values[:limit], places[:limit]
    else:
        ranks = rank_within(images[places[:, 0]], num_images)
        # One wait for a GPU, which as a mask each would cost.
        keep = (ranks < limit).nonzero()[:, 0]
        values, places = values[keep], places[keep]
    return values, places[:, 1], places[:, 0]


def traced_topk(scores: Tensor, score_thr: float, topk: int,
                results: Any = None) -> Tuple[Tensor, Tensor, Tensor, Any]:
    """mmdet's ``filter_scores_and_topk``, which a trace cannot follow."""
    values, labels, index = best_pairs(scores, score_thr, topk)
    if isinstance(results, dict):
        results = {key: value[index] for key, value in results.items()}
    elif isinstance(results, list):
        results = [value[index] for value in results]
    elif results is not None:
        results = results[index]
    return values, labels, index, results


def traced_nms(boxes: Tensor, scores: Tensor, groups: Tensor,
               cfg: Optional[dict], class_agnostic: bool = False
               ) -> Tuple[Tensor, Tensor]:
    """mmcv's ``batched_nms`` of upright boxes, as one ONNX operator.

    Args:
        boxes (Tensor): (n, 4) ``x1, y1, x2, y2``.
        scores (Tensor): (n,).
        groups (Tensor): (n,) boxes of different groups do not meet.
        cfg (dict): ``iou_threshold``, ``class_agnostic``; ``min_size``:
            boxes whose sides do not exceed it are dropped before.
        class_agnostic (bool): All boxes are of one group.

    Returns:
        tuple[Tensor, Tensor]: (k, 5) boxes with scores, best first, and
        their indices.

    Raises:
        ValueError: If the kind of suppression has no operator.
    """
    cfg = dict(cfg or {})
    if cfg.get('type', 'nms') != 'nms' or 'iou_threshold' not in cfg:
        raise ValueError(
            f'nms={cfg} cannot be exported: ONNX has only the operator of '
            "dict(type='nms', iou_threshold=...)")
    index = None
    if cfg.get('min_size', -1) >= 0:
        sides = (boxes[:, 2:] - boxes[:, :2]).amin(1)
        index = above(sides, cfg['min_size'])[:, 0]
        boxes, scores, groups = boxes[index], scores[index], groups[index]
    moved = boxes
    if not cfg.get('class_agnostic', class_agnostic):
        # Of no box at all there is a largest coordinate, too.
        zero = boxes.new_zeros(1)
        flat = torch.cat([zero, boxes.reshape(-1)])
        span = flat.max() - flat.min() + 1
        moved = boxes + (groups.to(boxes) * span)[:, None]
    keep = _GreedyNMS.apply(  # type: ignore[no-untyped-call]
        moved, scores, float(cfg['iou_threshold']),
        int(cfg.get('max_num', ALL)))
    dets = torch.cat([boxes[keep], scores[keep][:, None]], 1)
    return dets, keep if index is None else index[keep]


def pair_nms(boxes: Tensor, scores: Tensor, cfg: dict, max_num: int
             ) -> Tuple[Tensor, Tensor]:
    """Suppression within each of several rows of boxes.

    Args:
        boxes (Tensor): (S, n, 4) ``x1, y1, x2, y2``.
        scores (Tensor): (S, n), not negative.
        cfg (dict): ``iou_threshold`` and ``min_size``, as for
            :func:`traced_nms`.
        max_num (int): Boxes to keep of each row.

    Returns:
        tuple[Tensor, Tensor]: (k,) rows and (k,) boxes, row by row, best
        first.
    """
    if cfg.get('min_size', -1) >= 0:
        sides = (boxes[..., 2:] - boxes[..., :2]).amin(-1)
        scores = scores.masked_fill(sides <= cfg['min_size'], -1.)
    kept = _PairNMS.apply(  # type: ignore[no-untyped-call]
        boxes, scores, float(cfg['iou_threshold']),
        int(max_num) if max_num > 0 else ALL)
    return kept[:, 0], kept[:, 1]


def traced_multiclass_nms(multi_bboxes: Tensor, multi_scores: Tensor,
                          score_thr: float, nms_cfg: dict,
                          max_num: int = -1, score_factors: Any = None,
                          return_inds: bool = False, box_dim: int = 4
                          ) -> Tuple[Tensor, ...]:
    """mmdet's ``multiclass_nms``; see there for the arguments."""
    if score_factors is not None or box_dim != 4:
        raise ValueError('suppression with factors of the scores, or of '
                         'other boxes than upright ones, cannot be exported')
    scores = multi_scores[:, :-1]
    count = scores.shape[1]
    places = above(scores, score_thr)
    rois, labels = places[:, 0], places[:, 1]
    boxes = multi_bboxes.reshape(-1, 4)
    boxes = boxes[rois * count + labels] if \
        multi_bboxes.shape[1] > 4 else boxes[rois]
    nms_cfg = dict(nms_cfg, **(dict(max_num=max_num) if max_num > 0 else {}))
    dets, keep = traced_nms(boxes, scores[rois, labels], labels, nms_cfg)
    if max_num > 0:
        dets, keep = dets[:max_num], keep[:max_num]
    found = dets, labels[keep]
    return (*found, (rois * count + labels)[keep]) if return_inds else found


def _one_more(rows: Any) -> Any:
    """Rows, or boxes of a class of the hosts, and one of zeros."""
    if isinstance(rows, BaseBoxes):
        return type(rows)(_one_more(rows.tensor), clone=False)
    return torch.cat([rows, torch.zeros_like(rows.sum(0, keepdim=True))])


@contextmanager
def padded_decoding(head: nn.Module) -> Iterator[None]:
    """Within it a head decodes one box more than it has, and drops it.

    The hosts' coders end in a reshaping that a graph cannot do of no box.
    """
    coder = getattr(head, 'bbox_coder', None)
    if coder is None:
        yield
        return
    decode = coder.decode

    def padded(priors: Any, preds: Tensor, *args: Any, **kwargs: Any) -> Any:
        return decode(_one_more(priors), _one_more(preds), *args,
                      **kwargs)[:-1]

    coder.decode = padded
    try:
        yield
    finally:
        del coder.decode


def _traced_squeeze(tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """``torch.squeeze`` that names the axes it drops.

    ONNX's operator without axes has a result of unknown rank. From there on
    the exporter takes the example's sizes for constants: the levels of an
    RPN would begin where those of the example did.
    """
    if args or kwargs:
        return tensor.squeeze(*args, **kwargs)
    for axis in range(tensor.dim() - 1, -1, -1):
        if int(tensor.shape[axis]) == 1:
            tensor = tensor.squeeze(axis)
    return tensor


def _replace(functions: Dict[Callable, Callable]) -> list:
    """Exchange functions wherever a host's module names them."""
    changed = []
    for name, module in list(sys.modules.items()):
        if name.split('.')[0] not in HOSTS or name == __name__:
            continue
        for key, value in list(vars(module).items()):
            if callable(value) and getattr(value, '__hash__', None) and \
                    value in functions:
                changed.append((module, key, value))
                setattr(module, key, functions[value])
    return changed


@contextmanager
def traceable_hosts() -> Iterator[None]:
    """Within it a trace of the hosts' heads is right for every input.

    Their post-processing stays in charge; the functions in it that a trace
    cannot follow are those of this module.
    """
    changed = _replace({
        filter_scores_and_topk: traced_topk,
        mmcv.ops.batched_nms: traced_nms,
        multiclass_nms: traced_multiclass_nms,
        onnx_delta2bbox: traced_delta2bbox,
    })
    own = [(RoIAlignFunction, 'symbolic', staticmethod(roi_align_symbolic)),
           (SingleRoIExtractor, 'forward', traced_extractor),
           (torch, 'squeeze', _traced_squeeze)]
    before = [(owner, name, owner.__dict__[name]) for owner, name, _ in own]
    try:
        for owner, name, value in own:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in before + changed:
            setattr(owner, name, value)
