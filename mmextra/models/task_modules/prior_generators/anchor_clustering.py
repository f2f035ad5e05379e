"""Anchor shapes from the boxes of a data set by k-means (Sec. II-B.2).

The paper divides the ships into three groups by area and clusters each into
five shapes. The YOLO family clusters all boxes at once.
"""
from typing import Callable, List, NamedTuple, Tuple

import torch
from torch import Tensor

from ..assigners.cross_grid_assigner import shape_factor
from ..assigners.prior_layout import shape_iou

# Of shapes (K, 2) and boxes (N, 2) to (K, N), 1 for equal ones.
Similarity = Callable[[Tensor, Tensor], Tensor]


class AnchorShapes(NamedTuple):
    """Anchors and how well they cover the boxes they came from.

    Attributes:
        anchors (list[list[tuple]]): (w, h) in pixels, ascending in area, one
            list per group.
        area_ranges (list[float]): The largest area of each group but the
            last: a box belongs to group i when its area lies in
            (area_ranges[i-1], area_ranges[i]].
        group_iou (list[float]): Per group, the mean over its boxes of the
            best IoU with an anchor of that group.
        mean_iou (float): Mean over all boxes of the best IoU with any anchor.
        covered (float): Fraction of the boxes with a best IoU above 0.5.
    """
    anchors: List[List[Tuple[float, float]]]
    area_ranges: List[float]
    group_iou: List[float]
    mean_iou: float
    covered: float


def ratio_similarity(shapes: Tensor, boxes_wh: Tensor) -> Tensor:
    """The worse of the ratios of the sides, the smaller by the larger.

    YOLOv5 matches a box and an anchor of more than 1 / 4.

    Args:
        shapes (Tensor): (w, h) of anchors, shape (K, 2).
        boxes_wh (Tensor): (w, h) of boxes, shape (N, 2).

    Returns:
        Tensor: Shape (K, N), up to 1.
    """
    return 1 / shape_factor(shapes, boxes_wh)


def farthest_first(wh: Tensor,
                   num_clusters: int,
                   similarity: Similarity = shape_iou) -> Tensor:
    """Start centres: a typical shape, then always the worst covered one.

    Args:
        wh (Tensor): (w, h), shape (N, 2).
        num_clusters (int): Number of centres.
        similarity (Callable): Of shapes and boxes.

    Returns:
        Tensor: Shape (num_clusters, 2).
    """
    typical = wh.log().mean(dim=0, keepdim=True).exp()
    chosen = [int(similarity(typical, wh)[0].argmax())]
    best = similarity(wh[chosen], wh)[0]
    while len(chosen) < num_clusters:
        chosen.append(int(best.argmin()))
        best = torch.max(best, similarity(wh[chosen[-1:]], wh)[0])
    return wh[chosen]


def evenly_spaced(wh: Tensor, key: Tensor, num_clusters: int) -> Tensor:
    """Start centres: the middles of equal parts of the shapes in an order.

    Args:
        wh (Tensor): (w, h), shape (N, 2).
        key (Tensor): What to order by, shape (N, ).
        num_clusters (int): Number of centres.

    Returns:
        Tensor: Shape (num_clusters, 2).
    """
    middles = (torch.arange(num_clusters) + 0.5) / num_clusters * len(wh)
    return wh[key.argsort(stable=True)[middles.long()]]


def refine(centres: Tensor,
           wh: Tensor,
           max_iters: int,
           similarity: Similarity = shape_iou) -> Tensor:
    """Move centres to the medians of their members until nothing changes.

    Args:
        centres (Tensor): (w, h), shape (K, 2).
        wh (Tensor): (w, h), shape (N, 2).
        max_iters (int): Bound on the iterations.
        similarity (Callable): Of shapes and boxes.

    Returns:
        Tensor: Shape (K, 2).
    """
    centres, members = centres.clone(), None
    for _ in range(max_iters):
        nearest = similarity(centres, wh).argmax(dim=0)
        if members is not None and nearest.equal(members):
            break
        members = nearest
        for index in members.unique().tolist():
            # quantile, for torch's median takes the lower of two middles.
            centres[index] = wh[members == index].quantile(0.5, dim=0)
    return centres


def kmeans_shapes(wh: Tensor,
                  num_clusters: int,
                  max_iters: int = 300,
                  similarity: Similarity = shape_iou) -> Tensor:
    """Cluster shapes by 1 - IoU, or another similarity.

    Not in the paper: a centre is the median of its members, per axis, which
    a few odd boxes do not move; and instead of a random start there are
    three fixed ones, of which the best mean wins, so that the same boxes
    give the same anchors. The farthest shapes alone would spend a centre on
    each odd box.

    Args:
        wh (Tensor): (w, h), shape (N, 2), positive, any unit.
        num_clusters (int): Number of clusters.
        max_iters (int): Bound on the iterations; k-means by an IoU need not
            end by itself.
        similarity (Callable): Of shapes and boxes, in place of the IoU.

    Returns:
        Tensor: Centres, shape (num_clusters, 2), float64, ascending in area.

    Raises:
        ValueError: If a shape is not positive and finite, or if there are
            fewer different shapes than clusters.
    """
    wh = torch.as_tensor(wh, dtype=torch.float64).reshape(-1, 2)
    bad = ~((wh > 0) & wh.isfinite()).all(dim=1)
    if bad.any():
        index = int(bad.nonzero()[0])
        raise ValueError(f'shape {index} is {tuple(wh[index].tolist())}; '
                         'width and height must be positive')
    different = len(wh.unique(dim=0))
    if not 1 <= num_clusters <= different:
        raise ValueError(
            f'cannot form {num_clusters} clusters of {len(wh)} boxes with '
            f'{different} different shapes; ask for fewer clusters or groups')
    starts = [
        farthest_first(wh, num_clusters, similarity),
        evenly_spaced(wh, wh[:, 0] / wh[:, 1], num_clusters),
        evenly_spaced(wh, wh.prod(dim=1), num_clusters)
    ]
    # Equal centres would stay equal. The first start has none.
    results = [refine(start, wh, max_iters, similarity) for start in starts
               if len(start.unique(dim=0)) == num_clusters]
    centres = max(results, key=lambda result: float(
        similarity(result, wh).amax(dim=0).mean()))
    return centres[centres.prod(dim=1).argsort(stable=True)]


def grouped_kmeans(wh: Tensor,
                   num_groups: int = 3,
                   num_clusters: int = 5) -> AnchorShapes:
    """Anchors per pyramid level: equal groups by area, each clustered.

    Not in the paper: that the groups hold equally many boxes and that group
    i serves level i.

    Args:
        wh (Tensor): (w, h) of the boxes in pixels at the network's input
            scale, shape (N, 2).
        num_groups (int): Number of groups; 1 clusters all boxes at once.
        num_clusters (int): Number of shapes per group.

    Returns:
        :obj:`AnchorShapes`: The anchors and their coverage.

    Raises:
        ValueError: If there are too few boxes or one is not positive.
    """
    wh = torch.as_tensor(wh, dtype=torch.float64).reshape(-1, 2)
    if not 1 <= num_groups <= len(wh):
        raise ValueError(
            f'cannot part {len(wh)} boxes into {num_groups} groups')
    wh = wh[wh.prod(dim=1).argsort(stable=True)]
    groups = wh.tensor_split(num_groups)
    centres = [kmeans_shapes(group, num_clusters) for group in groups]
    best = shape_iou(torch.cat(centres), wh).amax(dim=0)
    return AnchorShapes(
        anchors=[[tuple(shape) for shape in level.tolist()]
                 for level in centres],
        area_ranges=[float(group[-1].prod()) for group in groups[:-1]],
        group_iou=[float(shape_iou(level, group).amax(dim=0).mean())
                   for level, group in zip(centres, groups)],
        mean_iou=float(best.mean()),
        covered=float((best > 0.5).double().mean()))
