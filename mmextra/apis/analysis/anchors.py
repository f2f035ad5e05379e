"""Anchors that fit the training boxes of a config."""
import textwrap
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

import torch
from mmengine.config import Config
from torch import Tensor

from mmextra.models.task_modules.prior_generators import anchor_fit
from mmextra.models.task_modules.prior_generators.anchor_clustering import (
    AnchorShapes,
    grouped_kmeans,
    kmeans_shapes,
    ratio_similarity,
)

from .box_shapes import training_shapes

GOOD_RECALL = 0.98  # of the boxes; nothing to gain above
YOLO_STRIDES = [8, 16, 32]


def listing(name: str, levels: Sequence[Sequence[Tuple]],
            end: str) -> List[str]:
    """Lines of an argument in a config; only literals, as mmengine's parser
    wants."""
    lines = []
    for level in levels:
        # Lines break between the pairs, not inside them.
        text = ', '.join(f'({w:.1f},_{h:.1f})' for w, h in level)
        lines += textwrap.wrap(f'[{text}],', 79, initial_indent=' ' * 12,
                               subsequent_indent=' ' * 13)
    return [f'        {name}=[', *(line.replace('_', ' ') for line in lines),
            f'        ]{end}']


def fragment(result: AnchorShapes, title: str) -> str:
    """The result as a config."""
    ranges = ', '.join(f'{area:.0f}' for area in result.area_ranges)
    return '\n'.join([
        f'# {title}',
        f'# Mean best IoU {result.mean_iou:.3f}; '
        f'{100 * result.covered:.1f} % of the boxes above 0.5.',
        'model = dict(',
        '    bbox_head=dict(anchor_generator=dict(',
        *listing('anchors', result.anchors, ')),'),
        f'    train_cfg=dict(assigner=dict(area_ranges=[{ranges}])))', ''])


def yolo_generator(cfg: Config) -> Optional[dict]:
    """The generator of a YOLO head's anchors, if there is one.

    Its ``base_sizes`` are pairs; mmdet's other generators have numbers.
    """
    head = cfg.get('model', {}).get('bbox_head', {})
    generator = head.get('anchor_generator', {})
    sizes = generator.get('base_sizes') or [None]
    pairs = all(isinstance(level, (list, tuple)) for level in sizes)
    return generator if pairs else None


def fit_of(generator: dict, shapes: Tensor) -> Tuple[float, float]:
    """:func:`anchor_fit` of all anchors of a YOLO head."""
    return anchor_fit(shapes, shapes.new_tensor(
        [anchor for level in generator['base_sizes'] for anchor in level]))


def yolo_fragment(shapes: Tensor, num_clusters: int,
                  generator: Optional[dict], title: str) -> str:
    """Anchors of a YOLO head as a config.

    Args:
        shapes (Tensor): (w, h) of the boxes, shape (N, 2), pixels.
        num_clusters (int): Number of anchors on all levels.
        generator (dict, optional): The anchors as they are, for the strides
            and for comparison.
        title (str): First line, a comment.

    Returns:
        str: ``base_sizes`` in the order of the strides.

    Raises:
        ValueError: If the levels cannot have equally many anchors, or the
            present anchors are good, or there are too few shapes.
    """
    strides = generator['strides'] if generator else YOLO_STRIDES
    if num_clusters % len(strides):
        raise ValueError(
            f'--clusters {num_clusters} cannot be shared by the '
            f'{len(strides)} levels of the head; ask for a multiple of '
            f'{len(strides)}')
    present = ''
    if generator:
        recall, _ = fit_of(generator, shapes)
        if recall > GOOD_RECALL:
            raise ValueError(
                f'the anchors of the config can match {100 * recall:.2f} % '
                f'of the boxes, more than {100 * GOOD_RECALL:.0f} %; '
                'keep them')
        present = f', {100 * recall:.1f} % with those of the config'
    found = kmeans_shapes(shapes, num_clusters, similarity=ratio_similarity)
    # By area, as kmeans_shapes orders them.
    by_stride = sorted(range(len(strides)), key=strides.__getitem__)
    levels = dict(zip(by_stride, found.chunk(len(strides))))
    recall, per_box = anchor_fit(shapes.to(found), found)
    return '\n'.join([
        f'# {title}',
        f'# Best possible recall {100 * recall:.1f} %{present};',
        f'# {per_box:.2f} anchors per box.',
        'model = dict(',
        '    bbox_head=dict(anchor_generator=dict(',
        *listing('base_sizes', [levels[i].tolist() for i in sorted(levels)],
                 ')))'),
        ''])


def propose_anchors(cfg: Config, groups: int = 3, clusters: int = 5,
                    symmetric: bool = False) -> str:
    """The anchors that fit the training boxes of a config, as a config.

    Args:
        cfg (Config): The config.
        groups (int): Groups by area, one per pyramid level; 1 for the
            anchors of a YOLO head.
        clusters (int): Shapes per group.
        symmetric (bool): Count every box also with width and height swapped.

    Returns:
        str: Text of a config.

    Raises:
        ValueError: See :func:`training_shapes` and :func:`yolo_fragment`.
    """
    shapes = training_shapes(cfg)
    if symmetric:
        shapes = torch.cat([shapes, shapes.flip(1)])
    title = (f'{len(shapes)} shapes of {Path(cfg.filename).name}, '
             f'{groups} groups, {clusters} clusters'
             + (', symmetric' if symmetric else '') + '.')
    generator = yolo_generator(cfg)
    head = cfg.get('model', {}).get('bbox_head', {})
    # A generator without base_sizes is that of LARSD.
    if groups == 1 and (generator or 'anchor_generator' not in head):
        return yolo_fragment(shapes, clusters, generator, title)
    result = grouped_kmeans(shapes, groups, clusters)
    for index, iou in enumerate(result.group_iou):
        print(f'group {index}: mean best IoU {iou:.3f}')
    return fragment(result, title)
