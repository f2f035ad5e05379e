"""Detections in the formats that other tools read."""
from pathlib import Path
from typing import Callable, Dict, List, Sequence, Union

from mmextra.utils.checks import check_choice

from .convert import to_fiftyone, to_supervision
from .detections import Detections
from .json_files import write_coco, write_geojson, write_label_studio
from .text_files import (
    write_csv,
    write_dota,
    write_dota_tasks,
    write_visdrone,
    write_yolo,
    write_yolo_obb,
)

FORMATS: Dict[str, Callable] = dict(
    coco=write_coco,
    csv=write_csv,
    dota=write_dota,
    dota_tasks=write_dota_tasks,
    geojson=write_geojson,
    label_studio=write_label_studio,
    visdrone=write_visdrone,
    yolo=write_yolo,
    yolo_obb=write_yolo_obb)


def write_detections(found: Sequence[Detections], form: str,
                     folder: Union[str, Path]) -> List[Path]:
    """Write detections in a format.

    Args:
        found (Sequence[Detections]): The images.
        form (str): One of ``FORMATS``.
        folder (str or Path): Where the files go; made if absent.

    Returns:
        list[Path]: The files.

    Raises:
        ValueError: If there is no such format, or it cannot hold the boxes.
    """
    check_choice('format', form, FORMATS)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return FORMATS[form](found, folder)


__all__ = [
    'Detections', 'FORMATS', 'to_fiftyone', 'to_supervision',
    'write_detections'
]
