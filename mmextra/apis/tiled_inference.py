import copy
from pathlib import Path
from typing import List, Optional, Union

import numpy as np
import torch
from mmdet.models.detectors import BaseDetector
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import BaseBoxes, get_box_tensor
from mmdet.utils import get_test_pipeline_cfg
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData

from mmextra.datasets.image_files import check_uint8, read_pixels
from mmextra.datasets.tiff_windows import open_pixels
from mmextra.structures import (
    Tile,
    box_corners,
    cut_tile,
    image_tiles,
    is_sliver,
    merge_nms,
    move_boxes,
)


def default_nms(model_cfg: dict) -> dict:
    """The suppression that a detector's own test configuration names.

    Args:
        model_cfg (dict): The ``model`` part of a config.

    Returns:
        dict: The ``nms`` dict.

    Raises:
        KeyError: If the detector has none.
    """
    test_cfg = model_cfg.get('test_cfg') or {}
    for part in (test_cfg.get('rcnn') or {}, test_cfg):
        if isinstance(part, dict) and part.get('nms'):
            return dict(part['nms'])
    raise KeyError(
        'model.test_cfg names no nms to merge the tiles with; give nms, e.g. '
        "dict(type='nms', iou_threshold=0.5)")


def array_pipeline(cfg: Config) -> Compose:
    """The test pipeline of a config, made to start from an array.

    Args:
        cfg (Config): Full config with a ``test_dataloader``.

    Returns:
        Compose: The pipeline; it takes ``dict(img=array, img_id=...)``.

    Raises:
        ValueError: If the pipeline does not begin with
            ``LoadImageFromFile``.
    """
    # inference_detector on an array leaves the array's loader in the config.
    steps = copy.deepcopy(get_test_pipeline_cfg(cfg))
    if not steps[0]['type'].endswith(
            ('LoadImageFromFile', 'LoadImageFromNDArray')):
        raise ValueError(
            'the test pipeline must begin with LoadImageFromFile, not '
            f"{steps[0]['type']}")
    steps[0]['type'] = 'mmdet.LoadImageFromNDArray'
    return Compose(steps)


def read_image(image: Union[str, Path, np.ndarray]) -> np.ndarray:
    """Read an image file, or check an array.

    Args:
        image (str | Path | np.ndarray): File, or (h, w, 3) uint8 BGR.

    Returns:
        np.ndarray: (h, w, 3) BGR.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no image, or one that
            :func:`~mmextra.datasets.image_files.check_loadable` refuses, or
            the array has another shape or type.
    """
    if isinstance(image, (str, Path)):
        return read_pixels(str(image))
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(
            f'an image array must be (h, w, 3) BGR, got {image.shape}')
    check_uint8(image, 'an image array')
    return image


@torch.no_grad()
def tiled_inference(model: BaseDetector,
                    image: Union[str, Path, np.ndarray],
                    tile: int = 1024,
                    overlap: int = 256,
                    batch_size: int = 1,
                    nms: Optional[dict] = None,
                    edge_margin: float = 8.) -> DetDataSample:
    """Detect on a large image by overlapping tiles.

    1. Cut tiles of ``tile`` pixels; a smaller image is padded, so that all
       reach the network at one scale.
    2. Run them through the model's own test pipeline, ``batch_size`` at
       once. The scale is that of the pipeline: a config that resizes to
       512 sees tiles of 1024 at half size. For images of other resolution
       change ``tile``.
    3. Move the boxes to the full image and drop the cut ends at inner
       edges.
    4. Suppress duplicates class by class over the whole image.

    Args:
        model (BaseDetector): A detector of mmdet or mmrotate as
            ``mmdet.apis.init_detector`` returns it; its boxes may be
            horizontal, rotated or quadrilaterals.
        image (str | Path | np.ndarray): Image file, or (h, w, 3) BGR array.
        tile (int): Side of a tile in pixels of the image.
        overlap (int): Pixels that neighbours share at least; should exceed
            the largest object.
        batch_size (int): Tiles in one forward pass.
        nms (dict, optional): How duplicates are suppressed. The model's
            ``test_cfg`` tells when it is not given.
        edge_margin (float): See
            :func:`~mmextra.structures.is_sliver`; 0 keeps all.

    Returns:
        DetDataSample: ``pred_instances`` with bboxes in pixels of the
        image, scores and labels by falling score, on the model's device.

    Raises:
        FileNotFoundError: If the image file is missing.
        ValueError: If image, tile or overlap is not usable, or the model
            predicts masks.
        KeyError: If no ``nms`` is given and the model has none.
    """
    if batch_size < 1:
        raise ValueError(f'batch_size must be at least 1, got {batch_size}')
    nms = default_nms(model.cfg.model) if nms is None else nms
    pixels = (read_image(image) if isinstance(image, np.ndarray) else
              open_pixels(str(image)))
    height, width = pixels.shape[:2]
    tiles = image_tiles('image', width, height, tile, overlap)
    parts: List[InstanceData] = []
    with DefaultScope.overwrite_default_scope(
            model.cfg.get('default_scope', 'mmdet')):
        pipeline = array_pipeline(model.cfg)
        for begin in range(0, len(tiles), batch_size):
            batch = tiles[begin:begin + batch_size]
            # A copy: transforms may write into the image.
            data = pseudo_collate([
                pipeline(dict(img=cut_tile(pixels, t).copy(), img_id=str(t)))
                for t in batch
            ])
            for t, sample in zip(batch, model.test_step(data)):
                parts.append(_to_full_image(sample.pred_instances, t, width,
                                            height, edge_margin))
    merged = InstanceData.cat(parts)
    keep, scores = merge_nms(
        get_box_tensor(merged.bboxes), merged.scores, merged.labels, nms)
    merged = merged[keep]
    merged.scores = scores
    result = DetDataSample(metainfo=dict(
        img_id=0,
        img_path=None if isinstance(image, np.ndarray) else str(image),
        ori_shape=(height, width),
        img_shape=(height, width),
        scale_factor=(1., 1.)))
    result.pred_instances = merged
    return result


def _to_full_image(instances: InstanceData, tile: Tile, width: int,
                   height: int, edge_margin: float) -> InstanceData:
    """Predictions of one tile as the full image sees them."""
    if 'masks' in instances:
        raise ValueError(
            'tiled inference merges boxes, this model predicts masks; use '
            'mmdet.apis.inference_detector, or a config without mask head')
    boxes = get_box_tensor(instances.bboxes)
    array = boxes.detach().float().cpu().numpy()
    drop = is_sliver(array, tile, width, height, edge_margin)
    # Padding is no part of the image.
    centre = box_corners(array).mean(1) + [tile.x, tile.y]
    drop |= (centre > [width, height]).any(1)
    moved = move_boxes(boxes, tile.x, tile.y)
    if isinstance(instances.bboxes, BaseBoxes):
        moved = type(instances.bboxes)(moved, clone=False)
    instances.bboxes = moved
    return instances[torch.as_tensor(~drop, device=boxes.device)]
