"""Find the anchor shapes that fit the training boxes of a config.

The boxes are taken at the network's input scale: after the resize of the
config's training pipeline, without flips, rotations and crops. Ignored boxes
do not count.

With --groups 1 the anchors are those of a YOLO head: clustered by the ratio of
the sides, by which YOLOv5 matches boxes and anchors, instead of the IoU, and
shared by the levels of the config's base_sizes, small ones to small strides.
They are not looked for where those of the config match 98 % of the boxes.

Examples:
    python tools/analysis_tools/kmeans_anchors.py configs/larsd/hrsc2016.py \
        --symmetric --out anchors.py
    python tools/analysis_tools/kmeans_anchors.py \
        configs/lcb_yolov5/visdrone.py --groups 1 --clusters 9
"""
import argparse
import sys
import textwrap
from pathlib import Path
from typing import Iterator, List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import mmcv  # noqa: E402
import torch  # noqa: E402
from mmdet.registry import DATASETS  # noqa: E402
from mmengine.config import Config, DictAction  # noqa: E402
from mmengine.registry import init_default_scope  # noqa: E402
from mmengine.utils import track_iter_progress  # noqa: E402
from mmrotate.structures.bbox import QuadriBoxes, RotatedBoxes  # noqa: E402
from torch import Tensor  # noqa: E402

from mmextra.models.task_modules.coders import norm_angle_45  # noqa: E402
from mmextra.models.task_modules.prior_generators import (  # noqa: E402
    anchor_fit,
)
from mmextra.models.task_modules.prior_generators.anchor_clustering import (  # noqa: E402
    AnchorShapes,
    grouped_kmeans,
    kmeans_shapes,
    ratio_similarity,
)

RESIZES = ('Resize', 'FixScaleResize', 'RandomChoiceResize', 'RandomResize')
MIN_SIDE = 1  # pixels; thinner boxes come from clipping or bad labels
GOOD_RECALL = 0.98  # of the boxes; nothing to gain above
YOLO_STRIDES = [8, 16, 32]


def kind(step: dict) -> str:
    """The type of a transform without its scope."""
    return str(step['type']).rsplit('.', 1)[-1]


def leaf_datasets(cfg: dict, resizes: Sequence[dict] = ()) -> Iterator[dict]:
    """The configs of the data sets inside wrappers such as RepeatDataset.

    Args:
        cfg (dict): Config of a data set or of a wrapper.
        resizes (Sequence[dict]): Resizing transforms of the wrappers around
            it, from the inside out.

    Yields:
        dict: Config of a data set; the resizing transforms of its wrappers,
        as of a MultiImageMixDataset, stand at the end of its pipeline.
    """
    wrapped = [cfg['dataset']] if 'dataset' in cfg else cfg.get('datasets')
    if wrapped is None:
        yield ({**cfg, 'pipeline': [*cfg['pipeline'], *resizes]}
               if resizes else cfg)
        return
    own = [step for step in cfg.get('pipeline') or [] if kind(step) in RESIZES]
    for part in wrapped:
        yield from leaf_datasets(part, [*own, *resizes])


def input_scales(step: dict) -> list:
    """The scales of a resizing transform.

    Args:
        step (dict): Config of a transform of :data:`RESIZES`.

    Returns:
        list: Scales as ``mmdet.Resize`` takes them: all of a choice, and
        the ends and the middle of a range.
    """
    if kind(step) == 'RandomChoiceResize':
        scales = step['scales']
        return list(scales) if isinstance(scales, list) else [scales]
    scale = step['scale']
    if kind(step) != 'RandomResize':
        return [scale]
    low, high = scale if isinstance(scale, list) else (scale, scale)
    ratios = step.get('ratio_range') or (1, 1)
    first, last = ([edge * ratio for edge in end]
                   for end, ratio in zip((low, high), ratios))
    middle = [sum(edges) / 2 for edges in zip(first, last)]
    return [tuple(max(int(edge), 1) for edge in end)
            for end in (first, middle, last)]


def resize_factors(step: dict, size: Tuple[int, int]) -> list:
    """Factors of width and height, for every scale of a transform.

    Args:
        step (dict): Config of a resizing transform.
        size (tuple[int]): (w, h) of the image.

    Returns:
        list[tuple[float]]: (factor of the width, of the height).
    """
    factor = step.get('scale_factor')
    if factor is not None:
        return [(factor, factor) if isinstance(factor, (int, float)) else
                tuple(factor)]
    keep_ratio = step.get('keep_ratio', kind(step) == 'FixScaleResize')
    factors = []
    for scale in input_scales(step):
        # As mmcv.Resize: a single number is a square.
        target = (scale, scale) if isinstance(scale, int) else tuple(scale)
        if keep_ratio:
            target = mmcv.rescale_size(size, target)
        factors.append((target[0] / size[0], target[1] / size[1]))
    return factors


def shapes_of(boxes) -> Tensor:
    """(w, h) of boxes; rotated ones in the frame of LARSD's box code.

    Args:
        boxes (:obj:`BaseBoxes`): Horizontal, rotated or quadrilateral.

    Returns:
        Tensor: Shape (N, 2).
    """
    if isinstance(boxes, QuadriBoxes):
        boxes = boxes.convert_to('rbox')
    if isinstance(boxes, RotatedBoxes):
        return norm_angle_45(boxes.tensor)[:, 2:4]
    return torch.stack([boxes.widths, boxes.heights], dim=-1)


def training_shapes(cfg: Config) -> Tensor:
    """(w, h) of all training boxes of a config at input scale.

    Args:
        cfg (Config): With ``train_dataloader``.

    Returns:
        Tensor: Shape (N, 2), pixels.

    Raises:
        ValueError: If a pipeline loads no annotations or there is no box.
    """
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    found: List[Tensor] = []
    dropped = 0
    for data in leaf_datasets(cfg.train_dataloader.dataset):
        pipeline = data['pipeline']
        loaders = [step for step in pipeline if kind(step).endswith(
            'LoadAnnotations') or kind(step) == 'ConvertBoxType']
        images = [step for step in pipeline if kind(step).startswith(
            'LoadImage')]
        resizes = [step for step in pipeline if kind(step) in RESIZES]
        if not loaders or len(resizes) > 1:
            raise ValueError(
                f'the pipeline of {data["type"]} has {len(loaders)} '
                f'LoadAnnotations and {len(resizes)} resizing transforms; '
                'needed are at least one and at most one')
        dataset = DATASETS.build({**data, 'pipeline': loaders})
        sized = len(dataset) > 0 and {'width', 'height'} <= set(
            dataset.get_data_info(0))
        if not sized:
            # Only the image itself tells its size.
            dataset = DATASETS.build({**data, 'pipeline': images + loaders})
        for index in track_iter_progress(list(range(len(dataset)))):
            results = dataset.prepare_data(index)
            height, width = (results['height'], results['width']
                             ) if sized else results['ori_shape'][:2]
            counted = torch.as_tensor(~results['gt_ignore_flags'])
            boxes = results['gt_bboxes'][counted]
            for factors in (resize_factors(resizes[0], (width, height))
                            if resizes else [(1, 1)]):
                resized = boxes.clone()
                resized.rescale_(factors)
                shapes = shapes_of(resized)
                keep = (shapes >= MIN_SIDE).all(dim=1)
                dropped += int((~keep).sum())
                found.append(shapes[keep])
    shapes = torch.cat(found) if found else torch.zeros(0, 2)
    if len(shapes) == 0:
        raise ValueError(
            'the training set has no box with sides of at least '
            f'{MIN_SIDE} pixel ({dropped} smaller ones); check data_root, '
            'ann_file and metainfo of the config')
    if dropped:
        print(f'\n{dropped} boxes thinner than {MIN_SIDE} pixel left out')
    return shapes


def listing(name: str, levels: Sequence[Sequence[Tuple]]) -> List[str]:
    """Lines of a config; only literals, as mmengine's parser wants."""
    lines = []
    for level in levels:
        # Lines break between the pairs, not inside them.
        text = ', '.join(f'({w:.1f},_{h:.1f})' for w, h in level)
        lines += textwrap.wrap(f'[{text}],', 79, initial_indent=' ' * 4,
                               subsequent_indent=' ' * 5)
    return [f'{name} = [', *(line.replace('_', ' ') for line in lines), ']']


def fragment(result: AnchorShapes, title: str) -> str:
    """The result as a config."""
    ranges = ', '.join(f'{area:.0f}' for area in result.area_ranges)
    return '\n'.join([
        f'# {title}',
        f'# Mean best IoU {result.mean_iou:.3f}; '
        f'{100 * result.covered:.1f} % of the boxes above 0.5.',
        *listing('larsd_anchors', result.anchors),
        f'larsd_area_ranges = [{ranges}]', ''])


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
        *listing('base_sizes', [levels[i].tolist() for i in sorted(levels)]),
        ''])


def parse_args(argv: Optional[List[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config')
    parser.add_argument('--groups', type=int, default=3,
                        help='groups by area, one per pyramid level; 1 for '
                        'the anchors of a YOLO head')
    parser.add_argument('--clusters', type=int, default=5,
                        help='shapes per group')
    parser.add_argument('--symmetric', action='store_true',
                        help='count every box also with width and height '
                        'swapped, as rotation by any angle will make it')
    parser.add_argument('--out', type=Path,
                        help='write the config fragment here')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction,
                        help='override parts of the config, key=value')
    return parser.parse_args(argv)


def propose(args: argparse.Namespace, cfg: Config) -> str:
    """The anchors that the arguments ask for, as a config."""
    shapes = training_shapes(cfg)
    if args.symmetric:
        shapes = torch.cat([shapes, shapes.flip(1)])
    title = (f'{len(shapes)} shapes of {Path(args.config).name}, '
             f'{args.groups} groups, {args.clusters} clusters'
             + (', symmetric' if args.symmetric else '') + '.')
    generator = yolo_generator(cfg)
    head = cfg.get('model', {}).get('bbox_head', {})
    # A generator without base_sizes is that of LARSD.
    if args.groups == 1 and (generator or 'anchor_generator' not in head):
        return yolo_fragment(shapes, args.clusters, generator, title)
    result = grouped_kmeans(shapes, args.groups, args.clusters)
    for index, iou in enumerate(result.group_iou):
        print(f'group {index}: mean best IoU {iou:.3f}')
    return fragment(result, title)


def main(argv: Optional[List[str]] = None) -> None:
    args = parse_args(argv)
    cfg = Config.fromfile(args.config)
    cfg.merge_from_dict(args.cfg_options or {})
    try:
        text = propose(args, cfg)
    except (ValueError, OSError) as error:
        sys.exit(f'kmeans_anchors.py: {error}')
    print(text)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(text)
        print(f'written to {args.out}')


if __name__ == '__main__':
    main()
