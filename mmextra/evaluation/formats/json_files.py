"""Detections as JSON that other tools read."""
import json
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
from pycocotools import mask as mask_utils

from mmextra.structures import polygon_area

from .detections import Detections


def _dump(content: Any, path: Path) -> List[Path]:
    path.write_text(json.dumps(content, ensure_ascii=False) + '\n',
                    encoding='utf-8')
    return [path]


def _rounded(values: Any, digits: int = 3) -> List[float]:
    return np.round(np.asarray(values, np.float64), digits).tolist()


def write_coco(found: Sequence[Detections], folder: Path) -> List[Path]:
    """COCO's format: ``images``, ``categories`` and ``annotations`` with a
    ``score``.

    Rotated boxes have their corners as ``segmentation``, masks a run-length
    encoding. Images and categories count from 1 on; where all images have a
    number in the data set (``image_id``), they keep it.

    Args:
        found (Sequence[Detections]): The images.
        folder (Path): Where ``detections.coco.json`` goes.

    Returns:
        list[Path]: The file.
    """
    own = [each.image_id for each in found]
    if not all(isinstance(number, (int, np.integer)) for number in own) or \
            len(set(own)) < len(own):
        own = list(range(1, len(found) + 1))
    classes = found[0].classes if found else ()
    images, annotations = [], []
    for number, each in zip(own, found):
        images.append(dict(id=int(number), file_name=each.image,
                           width=each.width, height=each.height))
        areas = np.abs(polygon_area(each.corners))
        for k in range(len(each)):
            left, top, right, bottom = each.upright[k]
            item = dict(
                id=len(annotations) + 1, image_id=int(number),
                category_id=int(each.labels[k]) + 1,
                bbox=_rounded([left, top, right - left, bottom - top]),
                area=round(float(areas[k]), 3), iscrowd=0,
                score=round(float(each.scores[k]), 6))
            if each.masks is not None:
                rle = mask_utils.encode(
                    np.asfortranarray(each.masks[k], np.uint8))
                item.update(
                    area=int(each.masks[k].sum()),
                    segmentation=dict(
                        size=rle['size'], counts=rle['counts'].decode()))
            elif each.rotated:
                item['segmentation'] = [_rounded(each.corners[k].ravel())]
            annotations.append(item)
    categories = [dict(id=k, name=name) for k, name in enumerate(classes, 1)]
    return _dump(
        dict(images=images, annotations=annotations, categories=categories),
        folder / 'detections.coco.json')


def label_studio_box(quad: np.ndarray, width: int, height: int
                     ) -> Dict[str, float]:
    """A rectangle as Label Studio has it.

    Args:
        quad (np.ndarray): (4, 2) corners round the box, pixels.
        width (int): Of the image.
        height (int): Of the image.

    Returns:
        dict[str, float]: ``x``, ``y`` of the first corner, ``width`` and
        ``height`` in percent of the image, and ``rotation`` about that
        corner in degrees, clockwise, from 0 to below 360.
    """
    along, down = quad[1] - quad[0], quad[3] - quad[0]
    rotation = np.degrees(np.arctan2(along[1], along[0])) % 360
    return dict(
        x=100 * quad[0, 0] / width, y=100 * quad[0, 1] / height,
        width=100 * np.hypot(*along) / width,
        height=100 * np.hypot(*down) / height,
        rotation=float(round(rotation, 4) % 360))


def write_label_studio(found: Sequence[Detections],
                       folder: Path) -> List[Path]:
    """Tasks with predictions, for Label Studio's import.

    The label control is named ``label`` and the image ``image``, as in its
    template for object detection.

    Args:
        found (Sequence[Detections]): The images.
        folder (Path): Where ``detections.label_studio.json`` goes.

    Returns:
        list[Path]: The file.
    """
    tasks = []
    for each in found:
        results = []
        for k, (name, quad) in enumerate(zip(each.names, each.corners)):
            value = dict(label_studio_box(quad, each.width, each.height),
                         rectanglelabels=[name])
            results.append(dict(
                id=f'box{k}', type='rectanglelabels', from_name='label',
                to_name='image', original_width=each.width,
                original_height=each.height, image_rotation=0, value=value,
                score=float(each.scores[k])))
        tasks.append(dict(
            data=dict(image=each.image),
            predictions=[dict(
                model_version='mmextra', result=results,
                score=float(each.scores.mean()) if len(each) else 0.)]))
    return _dump(tasks, folder / 'detections.label_studio.json')


def map_coordinates(image: str) -> Tuple[Optional[Callable], Optional[str]]:
    """How pixels of a GeoTIFF lie on the map.

    Args:
        image (str): The file.

    Returns:
        tuple: A function from columns and rows of pixels to x and y of the
        map, and the coordinate reference system as a URN; None and None for
        an image without.

    Raises:
        ImportError: If rasterio, which reads GeoTIFF, is absent.
    """
    if Path(image).suffix.lower() not in ('.tif', '.tiff') or \
            not Path(image).is_file():
        return None, None
    try:
        import rasterio
    except ImportError as error:
        raise ImportError(
            f'rasterio is needed to place {image} on the map; install it by '
            '"pip install rasterio", or choose another format') from error
    with rasterio.open(image) as scene:
        if scene.crs is None:
            return None, None
        authority = scene.crs.to_authority()
        transform = scene.transform
    if authority is None:
        raise ValueError(
            f'{image}: its coordinate system has no name of an authority '
            'such as EPSG:32632; reproject it, for example by gdalwarp')
    name, code = authority
    a, b, c, d, e, f = transform[:6]
    return (lambda x, y: (a * x + b * y + c, d * x + e * y + f),
            f'urn:ogc:def:crs:{name}::{code}')


def write_geojson(found: Sequence[Detections], folder: Path) -> List[Path]:
    """Polygons, for geographic information systems.

    In the coordinates of the map where the image is a GeoTIFF with a
    coordinate system, which the file names, else in pixels with y down.
    One file an image, since each has its system.

    Args:
        found (Sequence[Detections]): The images.
        folder (Path): Where ``<image>.geojson`` go.

    Returns:
        list[Path]: The files.
    """
    paths = []
    for each in found:
        to_map, crs = map_coordinates(each.image)
        features = []
        for name, score, quad in zip(each.names, each.scores, each.corners):
            points = [list(to_map(x, y)) if to_map else [x, y]
                      for x, y in quad.tolist()]
            features.append(dict(
                type='Feature',
                properties={'class': name, 'score': round(float(score), 6)},
                geometry=dict(type='Polygon',
                              coordinates=[_ring(points)])))
        content = dict(type='FeatureCollection', features=features)
        if crs:
            content['crs'] = dict(type='name', properties=dict(name=crs))
        paths += _dump(content, folder / f'{Path(each.image).stem}.geojson')
    return paths


def _ring(points: List[List[float]]) -> List[List[float]]:
    """Closed, and counterclockwise in x to the right and y up."""
    area = float(polygon_area(np.asarray(points)[None])[0])
    if area < 0:
        points = points[:1] + points[:0:-1]
    return [*points, points[0]]
