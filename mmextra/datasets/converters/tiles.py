"""A data set of large images, cut into overlapping tiles."""
import json
from pathlib import Path
from typing import Dict, List, Optional, Sequence

import cv2
import numpy as np

from mmextra.structures import (
    DOTAObjects,
    Tile,
    box_corners,
    cut_tile,
    image_tiles,
    polygon_area,
    rotated_iou,
    tile_starts,
)
from mmextra.utils.checks import check_choice
from mmextra.utils.files import write_atomic

from ..bad_input import box_problem
from ..dota_txt import read_dota_txt
from ..image_files import (
    EXTENSIONS,
    image_size,
    index_images,
    is_stranger,
)
from ..reader import match_ids
from ..text_files import read_ids
from ..tiff_windows import open_pixels

# As DOTA's own splitter marks what it has cut through.
TRUNCATED = 2


def tile_lines(objects: DOTAObjects, tile: Tile, iof_thr: float) -> List[str]:
    """Annotation lines of one tile.

    Args:
        objects (DOTAObjects): Objects of the full image.
        tile (Tile): The tile.
        iof_thr (float): An object of which a smaller part lies in the tile
            is written with difficulty 2.

    Returns:
        List[str]: A line for each object of which at least a square pixel
        lies in the tile; in pixels of the tile, whole corners also where
        they lie outside.
    """
    if not len(objects.quads):
        return []
    window = np.array([[
        tile.x, tile.y, tile.x + tile.size, tile.y + tile.size
    ]], dtype=np.float64)
    share = rotated_iou(objects.quads, window, mode='iof')[:, 0]
    # Less than a pixel would not survive the rounding of the corners.
    area = np.abs(polygon_area(box_corners(objects.quads)))
    lines = []
    seen = (share > 0) & ((share >= iof_thr) | (share * area >= 1))
    for i in np.flatnonzero(seen):
        quad = objects.quads[i] - np.tile([tile.x, tile.y], 4)
        cut = share[i] < iof_thr
        difficulty = TRUNCATED if cut else objects.difficulties[i]
        lines.append(' '.join([f'{v:.2f}' for v in quad] +
                              [objects.names[i], str(difficulty)]))
    return lines


def read_splits(root: Path, names: Optional[Sequence[str]]
                ) -> Dict[str, List[str]]:
    """Image ids of the splits of a data set.

    Args:
        root (Path): Folder of the data set.
        names (Sequence[str], optional): Splits to read; all that there are
            if not given.

    Returns:
        Dict[str, List[str]]: Ids of each split.

    Raises:
        FileNotFoundError: If a folder or a split is missing.
    """
    for folder in ('images', 'labelTxt', 'ImageSets'):
        if not (root / folder).is_dir():
            raise FileNotFoundError(
                f'{root / folder} is missing; the data set needs the folders '
                'images, labelTxt and ImageSets')
    found = {path.stem: path
             for path in sorted((root / 'ImageSets').glob('*.txt'))
             if not is_stranger(path.name)}
    names = list(found) if names is None else names
    for name in names or ['*']:
        if name not in found:
            raise FileNotFoundError(
                f'{root / "ImageSets" / name}.txt is missing; there are '
                f'{sorted(found)}')
    return {name: read_ids(str(found[name])) for name in names}


def tile_image(path: Path, label: Path, out: Path, size: int, overlap: int,
               iof_thr: float, ext: str) -> List[Tile]:
    """Cut one image; tiles that are there already are left alone.

    Args:
        path (Path): The image.
        label (Path): Its annotations; the image is empty if missing.
        out (Path): Folder with ``images`` and ``labelTxt``.
        size (int): Side of a tile.
        overlap (int): Pixels that neighbours share at least.
        iof_thr (float): See :func:`tile_lines`.
        ext (str): Ending of the tiles' files.

    Returns:
        List[Tile]: The tiles.

    Raises:
        ValueError: If the image is not readable or an annotation malformed.
    """
    width, height = image_size(str(path))
    objects = (read_dota_txt(label)
               if label.is_file() else DOTAObjects.empty())
    for line, quad in zip(objects.lines, objects.quads):
        problem = box_problem(quad, width, height)
        if problem:
            raise ValueError(f'{label}, line {line}: {problem}; correct or '
                             'remove the line')
    tiles = image_tiles(path.stem, width, height, size, overlap)
    for tile in tiles:
        lines = tile_lines(objects, tile, iof_thr)
        write_atomic(out / 'labelTxt' / f'{tile}.txt',
                     ''.join(f'{line}\n' for line in lines))
    newest = path.stat().st_mtime
    targets = [out / 'images' / f'{tile}{ext}' for tile in tiles]
    if all(t.is_file() and t.stat().st_mtime >= newest for t in targets):
        return tiles
    pixels = open_pixels(str(path))
    if pixels.shape[:2] != (height, width):
        raise ValueError(
            f'{path} cannot be decoded to its {width}x{height} pixels; '
            'remove a damaged file, or an EXIF orientation')
    for tile, target in zip(tiles, targets):
        data = cv2.imencode(ext, cut_tile(pixels, tile))[1]
        write_atomic(target, data.tobytes())
    return tiles


def tile_dataset(root: Path, out: Path, size: int = 1024, overlap: int = 256,
                 iof_thr: float = 0.7, ext: str = '.png',
                 splits: Optional[Sequence[str]] = None) -> Dict[str, int]:
    """Cut a data set; may be run again after an interruption.

    Args:
        root (Path): Folder of the data set.
        out (Path): Folder of the tiles.
        size (int): Side of a tile; smaller images are padded with zeros.
        overlap (int): Pixels that neighbours share at least.
        iof_thr (float): See :func:`tile_lines`.
        ext (str): Ending of the tiles' files.
        splits (Sequence[str], optional): Splits to cut; all if not given.

    Returns:
        Dict[str, int]: Number of tiles of each split.

    Raises:
        FileNotFoundError: If something is missing in the data set.
        ValueError: If ``out`` is the data set itself or holds tiles cut
            with other settings, or a file is not readable.
    """
    root, out = Path(root), Path(out)
    if root.resolve() == out.resolve():
        raise ValueError(f'tiles of {root} need a folder of their own')
    check_choice('ext', ext, EXTENSIONS)
    if not 0 <= iof_thr <= 1:
        raise ValueError(f'iof_thr must be in [0, 1], got {iof_thr}')
    tile_starts(size, size, overlap)  # refuses an illegal pair
    ids = read_splits(root, splits)
    files = index_images(str(root / 'images'))
    ids = {split: match_ids(names, files, str(
        root / 'ImageSets' / f'{split}.txt')) for split, names in ids.items()}
    images = {}
    for name in sorted({name for names in ids.values() for name in names}):
        if name not in files:
            raise FileNotFoundError(
                f'{root / "images" / name}.* is missing, but ImageSets names '
                f'it; known endings are {EXTENSIONS}')
        images[name] = Path(files[name])
    for folder in ('images', 'labelTxt', 'ImageSets'):
        (out / folder).mkdir(parents=True, exist_ok=True)
    settings = dict(size=size, overlap=overlap, iof_thr=iof_thr, ext=ext)
    record = out / 'tiling.json'
    if record.is_file() and json.loads(record.read_text()) != settings:
        raise ValueError(
            f'{out} holds tiles cut with {record.read_text()}, not with '
            f'{settings}; remove it or choose another folder')
    write_atomic(record, json.dumps(settings))
    tiles = {}
    for done, (name, path) in enumerate(images.items(), 1):
        tiles[name] = tile_image(path, root / 'labelTxt' / f'{name}.txt', out,
                                 size, overlap, iof_thr, ext)
        print(f'[{done}/{len(images)}] {path.name}: {len(tiles[name])} tiles',
              flush=True)
    counts = {}
    for split, names in ids.items():
        lines = [f'{tile}\n' for name in names for tile in tiles[name]]
        write_atomic(out / 'ImageSets' / f'{split}.txt', ''.join(lines))
        counts[split] = len(lines)
    return counts
