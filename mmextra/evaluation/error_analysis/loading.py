"""Scenes from the files that tests and other tools write."""
import json
from pathlib import Path
from typing import Any, Dict, List, Literal, Optional, Tuple

import numpy as np
from mmdet.registry import DATASETS
from mmdet.structures.bbox import get_box_tensor
from mmengine.config import Config
from mmengine.fileio import load
from mmengine.registry import init_default_scope
from pycocotools import mask as mask_utils

from mmextra.evaluation.formats import Detections
from mmextra.utils.command_line import talks_to_stderr

from .scenes import Scene

BoxKind = Literal['bbox', 'rbox', 'segm']


def _mask(segmentation: Any, height: int, width: int) -> np.ndarray:
    """(height, width) bool of a polygon or a run-length encoding."""
    if isinstance(segmentation, dict):
        rle = segmentation
        if isinstance(rle['counts'], list):
            rle = mask_utils.frPyObjects(rle, height, width)
    else:
        rle = mask_utils.merge(
            mask_utils.frPyObjects(segmentation, height, width))
    return mask_utils.decode(rle).astype(bool)


def _coco_box(item: dict, kind: BoxKind, where: str) -> List[float]:
    """``x1, y1, x2, y2``, or eight corners for rotated boxes."""
    if kind == 'rbox':
        polygon = item.get('segmentation')
        if not isinstance(polygon, list) or len(polygon) != 1 or \
                len(polygon[0]) != 8:
            raise ValueError(f'{where}: rotated boxes need four corners in '
                             'segmentation; for upright ones take '
                             '--kind bbox')
        return polygon[0]
    x, y, w, h = item['bbox']
    return [x, y, x + w, y + h]


def scenes_from_coco(ann_file: Path, results_file: Path,
                     kind: BoxKind = 'bbox'
                     ) -> Tuple[List[Scene], Tuple[str, ...]]:
    """Ground truth and detections in COCO's format.

    Args:
        ann_file (Path): The data set's file.
        results_file (Path): COCO's list of results, or a file with
            ``annotations`` that have a ``score``, as ``image_demo
            --format coco`` writes.
        kind (str): ``'bbox'``, ``'segm'`` for masks, or ``'rbox'`` for
            rotated boxes, whose corners are the segmentation.

    Returns:
        tuple: All images of the first file, and the names of the classes.

    Raises:
        ValueError: If a file has another form, or a detection is of an
            image or a category that the data set does not have.
    """
    data = json.loads(ann_file.read_text(encoding='utf-8-sig'))
    for key in ('images', 'annotations', 'categories'):
        if not isinstance(data, dict) or not isinstance(data.get(key), list):
            raise ValueError(f'{ann_file} has no list of {key}: it is no '
                             'COCO file of a data set')
    results = json.loads(results_file.read_text(encoding='utf-8-sig'))
    if isinstance(results, dict):
        results = results.get('annotations')
    if not isinstance(results, list) or any(
            not isinstance(item, dict) or 'score' not in item
            for item in results):
        raise ValueError(f'{results_file} holds no detections: a list of '
                         'entries with a score is expected')
    labels = {item['id']: k for k, item in enumerate(data['categories'])}
    classes = tuple(item['name'] for item in data['categories'])
    images = {item['id']: item for item in data['images']}
    truth: Dict[Any, List[dict]] = {key: [] for key in images}
    found: Dict[Any, List[dict]] = {key: [] for key in images}
    for path, items, table in ((ann_file, data['annotations'], truth),
                               (results_file, results, found)):
        for place, item in enumerate(items):
            for key, known in (('image_id', images),
                               ('category_id', labels)):
                if item.get(key) not in known:
                    raise ValueError(
                        f'{path}, entry {place}: {key} {item.get(key)!r} is '
                        f'not in {ann_file}')
            table[item['image_id']].append(item)
    width = 8 if kind == 'rbox' else 4

    def columns(items: List[dict], image: dict, path: Path) -> tuple:
        boxes = [_coco_box(item, kind, f'{path}, image {image["id"]}')
                 for item in items]
        masks = None
        if kind == 'segm':
            size = image['height'], image['width']
            masks = np.array([_mask(item['segmentation'], *size)
                              for item in items]).reshape(-1, *size)
        return (np.array(boxes, np.float64).reshape(-1, width),
                np.array([labels[item['category_id']] for item in items],
                         np.int64), masks)

    scenes = []
    for key, image in images.items():
        boxes, own, masks = columns(found[key], image, results_file)
        gt_boxes, gt_labels, gt_masks = columns(truth[key], image, ann_file)
        scenes.append(Scene(
            Detections(
                image['file_name'], image['width'], image['height'], boxes,
                np.array([item['score'] for item in found[key]], float),
                own, classes, masks, key),
            gt_boxes, gt_labels,
            np.array([bool(item.get('iscrowd')) for item in truth[key]],
                     bool), gt_masks))
    return scenes, classes


@talks_to_stderr
def scenes_from_results(config_file: Path, results_file: Path
                        ) -> Tuple[List[Scene], Tuple[str, ...]]:
    """What ``tools/test.py CONFIG CHECKPOINT --out RESULTS.pkl`` wrote.

    Args:
        config_file (Path): The config, whose test data set has the ground
            truth.
        results_file (Path): The results. A pickle can run code: take your
            own alone.

    Returns:
        tuple: All images, and the names of the classes.

    Raises:
        ValueError: If the results are not those of the data set.
    """
    cfg = Config.fromfile(config_file)
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    classes = tuple(dataset.metainfo['classes'])
    results = load(str(results_file))
    if not isinstance(results, list) or not all(
            isinstance(item, dict) and 'pred_instances' in item
            and 'img_id' in item for item in results):
        raise ValueError(
            f'{results_file} is not what "tools/test.py --out" writes: a '
            'list of images with pred_instances')
    known = {item['img_id']: item for item in results}
    scenes = []
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        item = known.get(info['img_id'])
        if item is None:
            raise ValueError(
                f'{results_file} has no image {info["img_id"]!r} of the test '
                f'data of {config_file}; it has {len(known)} images')
        scenes.append(_scene(info, item, classes))
    return scenes, classes


def _scene(info: dict, item: dict, classes: Tuple[str, ...]) -> Scene:
    """One image from its record and its results."""
    found = item['pred_instances']
    height, width = item['ori_shape'][:2]
    masks: Optional[np.ndarray] = None
    if 'masks' in found:
        masks = np.array([
            _mask(each, height, width) if isinstance(each, dict)
            else np.asarray(each, bool) for each in found['masks']
        ]).reshape(-1, height, width)
    boxes = get_box_tensor(found['bboxes']).double().numpy()
    instances = info.get('instances', [])
    gt_boxes = np.array([each['bbox'] for each in instances], np.float64)
    gt_masks = None
    if masks is not None and all('mask' in each for each in instances):
        gt_masks = np.array([
            _mask(each['mask'], height, width) for each in instances
        ]).reshape(-1, height, width)
    return Scene(
        Detections(
            str(info.get('img_path', '')), int(width), int(height),
            boxes, found['scores'].double().numpy(),
            found['labels'].numpy(), classes,
            masks if gt_masks is not None else None, info['img_id']),
        gt_boxes.reshape(len(instances), -1) if len(instances) else gt_boxes,
        np.array([each['bbox_label'] for each in instances], np.int64),
        np.array([bool(each.get('ignore_flag')) for each in instances],
                 bool), gt_masks)
