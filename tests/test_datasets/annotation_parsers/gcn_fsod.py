"""Few-shot VOC and COCO."""
import json
from pathlib import Path
from typing import List

from mmengine.registry import init_default_scope

from mmextra.datasets import FewShotCocoDataset, FewShotVOCDataset
from mmextra.datasets.coco_json import read_coco

from .common import (
    NAMES,
    WHOLE,
    Parser,
    by_image,
    coco_json,
    count_json,
    count_voc,
    list_parser,
    make_json,
    voc_xml,
    write_list,
)

VOC_XML = voc_xml('cow', 'dog')


def make_voc(root: Path) -> Path:
    write_list(root / 'ImageSets')
    (root / 'Annotations').mkdir()
    (root / 'Annotations' / 'good.xml').write_bytes(VOC_XML)
    return root / 'Annotations' / 'bad.xml'


def load_voc(root: Path, on_error: str) -> List[dict]:
    init_default_scope('mmdet')
    return FewShotVOCDataset(
        data_root=str(root), data_prefix=dict(sub_data_root=''),
        ann_file='ImageSets/train.txt', classes='ALL_CLASSES_SPLIT1',
        filter_cfg=dict(filter_empty_gt=False),
        serialize_data=False).data_list


def load_coco(root: Path, on_error: str) -> List[dict]:
    return by_image(read_coco(str(root / 'instances.json')))


def load_few_shot(root: Path, on_error: str,
                  kind: str = 'ann_file') -> List[dict]:
    init_default_scope('mmdet')
    return FewShotCocoDataset(
        ann_cfg=[dict(type=kind, ann_file=str(root / 'instances.json'))],
        classes=('cup', 'dog'), test_mode=True,
        serialize_data=False).data_list


SAVED_JSON = json.dumps(dict(
    classes=['cup', 'dog'], data_prefix=dict(img='images/'),
    data_infos=[
        dict(img_id=n, img_path=f'images/{name}.png', width=100, height=60,
             instances=[dict(bbox=[10, 5, 30 + k, 25.5], bbox_label=k,
                             ignore_flag=0) for k in range(2)])
        for n, name in enumerate(NAMES)])).encode()


def load_saved(root: Path, on_error: str) -> List[dict]:
    return load_few_shot(root, on_error, 'saved_dataset')


PARSERS = {
    'few-shot VOC XML': Parser(
        VOC_XML, make_voc, load_voc, count_voc, skips=False),
    'COCO JSON': Parser(
        coco_json(), make_json, load_coco, count_json, **WHOLE),
    'few-shot COCO JSON': Parser(
        coco_json(), make_json, load_few_shot, count_json, **WHOLE),
    'few-shot saved JSON': Parser(
        SAVED_JSON, make_json, load_saved, count_json, **WHOLE),
    'few-shot VOC list': list_parser(
        make_voc, VOC_XML, load_voc, 'ImageSets/train.txt'),
}
