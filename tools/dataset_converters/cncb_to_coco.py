"""Write CT slices with lesion masks as a COCO file, for mmdet's CocoDataset.

Research only, not a medical device.

Example:
    python tools/dataset_converters/cncb_to_coco.py data/covid_data \
        annotations/train.json --imgs train/imgs --masks train/masks
"""
import argparse
import json
import os.path as osp
import sys
from pathlib import Path
from typing import List, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pycocotools import mask as mask_utils  # noqa: E402

from mmextra.datasets.ct import CLASS_MODES, CTLesionDataset  # noqa: E402
from mmextra.evaluation.benchmark import write_atomic  # noqa: E402


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


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('root', help='root of the data')
    parser.add_argument('out', type=Path, help='the COCO file to write')
    parser.add_argument('--list', default='', help='list of the split')
    parser.add_argument('--imgs', default='imgs/', help='folder of images')
    parser.add_argument('--masks', default='masks/', help='folder of masks')
    parser.add_argument('--class-mode', default='merge', choices=CLASS_MODES)
    parser.add_argument('--min-area', type=int, default=100)
    parser.add_argument('--layout', default='flat',
                        choices=['flat', 'nested'])
    args = parser.parse_args(argv)
    try:
        dataset = CTLesionDataset(
            data_root=args.root, ann_file=args.list,
            data_prefix=dict(img=args.imgs, mask=args.masks),
            class_mode=args.class_mode, min_area=args.min_area,
            layout=args.layout)
    except (OSError, ValueError) as error:
        parser.exit(1, f'cncb_to_coco: {error}\n')
    content = to_coco(dataset)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(args.out, json.dumps(content) + '\n')
    print(f'{args.out}: {len(content["images"])} slices, '
          f'{len(content["annotations"])} lesions')


if __name__ == '__main__':
    main()
