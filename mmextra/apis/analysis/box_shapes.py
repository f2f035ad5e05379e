"""Shapes of the boxes that a config trains on, at its input scale."""
from typing import Iterator, List, Sequence, Tuple

import mmcv
import torch
from mmdet.registry import DATASETS
from mmdet.structures.bbox import BaseBoxes, HorizontalBoxes
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.utils import track_iter_progress
from torch import Tensor

RESIZES = ('Resize', 'FixScaleResize', 'RandomChoiceResize', 'RandomResize')
MIN_SIDE = 1  # pixels; thinner boxes come from clipping or bad labels


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


def shapes_of(boxes: BaseBoxes) -> Tensor:
    """(w, h) of boxes; rotated ones in the frame of LARSD's box code.

    Args:
        boxes (:obj:`BaseBoxes`): Horizontal, rotated or quadrilateral.

    Returns:
        Tensor: Shape (N, 2).
    """
    if isinstance(boxes, HorizontalBoxes):
        return torch.stack([boxes.widths, boxes.heights], dim=-1)
    # Boxes of the other kinds are mmrotate's.
    from mmextra.models.task_modules.coders import norm_angle_45
    return norm_angle_45(boxes.convert_to('rbox').tensor)[:, 2:4]


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
