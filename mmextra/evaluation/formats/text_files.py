"""Detections as text, one file an image or one table for all."""
import csv
from pathlib import Path
from typing import Iterable, List, Sequence

import numpy as np

from .detections import Detections

# Categories of VisDrone from 1 on; 0 is an ignored region.
VISDRONE = ('pedestrian', 'people', 'bicycle', 'car', 'van', 'truck',
            'tricycle', 'awning-tricycle', 'bus', 'motor')


def per_image(found: Sequence[Detections], folder: Path,
              lines: Iterable[List[str]]) -> List[Path]:
    """One text file for every image.

    Args:
        found (Sequence[Detections]): The images.
        folder (Path): Where the files go.
        lines (Iterable[list[str]]): Lines of each image.

    Returns:
        list[Path]: The files.

    Raises:
        ValueError: If two images would share a file.
    """
    paths = [folder / f'{Path(each.image).stem}.txt' for each in found]
    names = [path.name for path in paths]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f'several images would be written to {twice[0]}; give them '
            'different names, or choose a format with one file for all')
    for path, rows in zip(paths, lines):
        path.write_text(''.join(f'{row}\n' for row in rows),
                        encoding='utf-8')
    return paths


def _words(values: Iterable[float], digits: int) -> str:
    return ' '.join(f'{value:.{digits}f}' for value in values)


def _one_word(name: str) -> str:
    """A class as DOTA names its own: ``small-vehicle``."""
    return '-'.join(name.split())


def _upright_only(found: Sequence[Detections], name: str,
                  instead: str) -> None:
    if any(each.rotated for each in found):
        raise ValueError(
            f'{name} holds upright boxes, these are rotated; use {instead}')


def _class_list(found: Sequence[Detections], folder: Path) -> Path:
    """Names of the classes by line, as annotation tools for YOLO read
    them."""
    path = folder / 'classes.txt'
    classes = found[0].classes if found else ()
    path.write_text(''.join(f'{name}\n' for name in classes),
                    encoding='utf-8')
    return path


def write_yolo(found: Sequence[Detections], folder: Path) -> List[Path]:
    """``label cx cy w h``, relative to the image; ``classes.txt``.

    As labels to train on or to correct: readers of YOLO's labels take a
    sixth number for the first corner of a polygon, so scores stay out.

    Args:
        found (Sequence[Detections]): With upright boxes.
        folder (Path): Where the files go.

    Returns:
        list[Path]: The files.

    Raises:
        ValueError: If boxes are rotated.
    """
    _upright_only(found, 'yolo', 'yolo_obb')

    def rows(each: Detections) -> List[str]:
        size = np.array([each.width, each.height])
        low, high = each.boxes[:, :2], each.boxes[:, 2:]
        relative = np.concatenate(
            [(low + high) / 2 / size, (high - low) / size], 1)
        return [f'{label} {_words(box, 6)}'
                for label, box in zip(each.labels, relative)]

    return [*per_image(found, folder, map(rows, found)),
            _class_list(found, folder)]


def write_yolo_obb(found: Sequence[Detections], folder: Path) -> List[Path]:
    """``label x1 y1 ... x4 y4``, relative to the image, without scores.

    Args:
        found (Sequence[Detections]): With boxes of any kind.
        folder (Path): Where the files go.

    Returns:
        list[Path]: The files, ``classes.txt`` among them.
    """

    def rows(each: Detections) -> List[str]:
        relative = each.corners / [each.width, each.height]
        return [f'{label} {_words(quad.ravel(), 6)}'
                for label, quad in zip(each.labels, relative)]

    return [*per_image(found, folder, map(rows, found)),
            _class_list(found, folder)]


def write_dota(found: Sequence[Detections], folder: Path) -> List[Path]:
    """``x1 y1 ... x4 y4 class score`` in pixels.

    Args:
        found (Sequence[Detections]): With boxes of any kind.
        folder (Path): Where the files go.

    Returns:
        list[Path]: The files.
    """

    def rows(each: Detections) -> List[str]:
        return [f'{_words(quad.ravel(), 2)} {_one_word(name)} {score:.4f}'
                for quad, name, score in zip(
                    each.corners, each.names, each.scores)]

    return per_image(found, folder, map(rows, found))


def write_dota_tasks(found: Sequence[Detections],
                     folder: Path) -> List[Path]:
    """DOTA's results: a file for each class, ``image score x1 y1 ...``.

    ``Task1_<class>.txt`` with four corners for rotated boxes,
    ``Task2_<class>.txt`` with ``x1 y1 x2 y2`` for upright ones, as DOTA's
    evaluation server and ``DOTA_devkit`` take them.

    Args:
        found (Sequence[Detections]): All of one kind of box.
        folder (Path): Where the files go.

    Returns:
        list[Path]: The files, one for every class.
    """
    classes = found[0].classes if found else ()
    rows = {name: [] for name in classes}
    task = 1 if any(each.rotated for each in found) else 2
    for each in found:
        boxes = each.corners.reshape(-1, 8) if task == 1 else each.boxes
        for box, name, score in zip(boxes, each.names, each.scores):
            rows[name].append(
                f'{Path(each.image).stem} {score:.4f} {_words(box, 2)}')
    paths = []
    for name, lines in rows.items():
        path = folder / f'Task{task}_{_one_word(name)}.txt'
        path.write_text(''.join(f'{line}\n' for line in lines),
                        encoding='utf-8')
        paths.append(path)
    return paths


def write_visdrone(found: Sequence[Detections], folder: Path) -> List[Path]:
    """VisDrone's eight fields: ``left,top,width,height,score,category,-1,-1``.

    Classes of other names than VisDrone's count from 1 on in their order.

    Args:
        found (Sequence[Detections]): With upright boxes.
        folder (Path): Where the files go.

    Returns:
        list[Path]: The files.

    Raises:
        ValueError: If boxes are rotated.
    """
    _upright_only(found, 'visdrone', 'dota')

    def rows(each: Detections) -> List[str]:
        known = set(each.classes) <= set(VISDRONE)
        lines = []
        for box, name, label, score in zip(
                each.boxes, each.names, each.labels, each.scores):
            category = VISDRONE.index(name) + 1 if known else label + 1
            left, top, right, bottom = box
            numbers = (left, top, right - left, bottom - top)
            lines.append(','.join(f'{number:.2f}' for number in numbers)
                         + f',{score:.4f},{category},-1,-1')
        return lines

    return per_image(found, folder, map(rows, found))


def write_csv(found: Sequence[Detections], folder: Path) -> List[Path]:
    """One table: image, class, score, the box around it, its corners.

    Args:
        found (Sequence[Detections]): With boxes of any kind.
        folder (Path): Where ``detections.csv`` goes.

    Returns:
        list[Path]: The file.
    """
    path = folder / 'detections.csv'
    heading = ['image', 'width', 'height', 'class', 'score', 'left', 'top',
               'right', 'bottom']
    heading += [f'{axis}{k}' for k in range(1, 5) for axis in 'xy']
    with path.open('w', newline='', encoding='utf-8') as file:
        table = csv.writer(file)
        table.writerow(heading)
        for each in found:
            for name, score, box, quad in zip(
                    each.names, each.scores, each.upright, each.corners):
                table.writerow([
                    each.image, each.width, each.height, name,
                    f'{score:.6f}', *(f'{v:.3f}' for v in box),
                    *(f'{v:.3f}' for v in quad.ravel())])
    return [path]
