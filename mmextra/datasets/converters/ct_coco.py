"""CT slices with lesion masks as a COCO file.

Research only, not a medical device.
"""
import os.path as osp
from pathlib import Path

from pycocotools import mask as mask_utils

from ..ct import CTLesionDataset


def to_coco(dataset: CTLesionDataset) -> dict:
    """The slices of a data set in COCO's format.

    Args:
        dataset (CTLesionDataset): The data set.

    Returns:
        dict: ``images`` with file names relative to the folder of images,
        ``annotations`` with RLE masks, and ``categories`` from 1 on.
    """
    categories = [dict(id=k, name=name) for k, name in enumerate(
        dataset.metainfo['classes'], 1)]
    images, annotations = [], []
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        images.append(dict(
            id=index, width=info['width'], height=info['height'],
            file_name=Path(osp.relpath(
                info['img_path'], dataset.data_prefix['img'])).as_posix(),
            patient_id=info['patient_id']))
        for each in info['instances']:
            x1, y1, x2, y2 = each['bbox']
            annotations.append(dict(
                id=len(annotations) + 1, image_id=index, iscrowd=0,
                category_id=each['bbox_label'] + 1,
                bbox=[x1, y1, x2 - x1, y2 - y1],
                area=int(mask_utils.area(each['mask'])),
                segmentation=each['mask']))
    return dict(images=images, annotations=annotations,
                categories=categories)
