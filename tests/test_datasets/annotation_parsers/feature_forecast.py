"""Videos of ILSVRC."""
from pathlib import Path
from typing import List

from mmextra.datasets import ImageNetVIDDataset
from mmextra.datasets.ilsvrc_vid import convert_videos

from .common import (
    WHOLE,
    Parser,
    by_image,
    coco_json,
    count_json,
    count_voc,
    make_json,
    voc_xml,
)

VID_XML = voc_xml('n02691156', 'n02084071')


def make_vid_xml(root: Path) -> Path:
    for number in range(2):
        image = root / f'Data/VID/train/v/{number:06}.JPEG'
        image.parent.mkdir(parents=True, exist_ok=True)
        image.touch()
    folder = root / 'Annotations/VID/train/v'
    folder.mkdir(parents=True)
    (folder / '000001.xml').write_bytes(VID_XML)
    return folder / '000000.xml'


def load_vid_xml(root: Path, on_error: str) -> List[dict]:
    return by_image(convert_videos(str(root), ['train/v'], True)[0])


def load_videos(root: Path, on_error: str) -> List[dict]:
    videos = ImageNetVIDDataset(
        data_root=str(root), ann_file='instances.json',
        metainfo=dict(classes=('cup', 'dog')), test_mode=True,
        serialize_data=False).data_list
    return [frame for video in videos for frame in video['images']]


PARSERS = {
    'ILSVRC XML': Parser(
        VID_XML, make_vid_xml, load_vid_xml, count_voc, skips=False),
    'COCO-VID JSON': Parser(
        coco_json(video_id=(1, 1), frame_id=(0, 1)), make_json, load_videos,
        count_json, **WHOLE),
}
