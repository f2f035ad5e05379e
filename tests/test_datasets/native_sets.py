"""The smallest data set of one image for every reader, as its users have it.

A maker takes the folder, the image with the end of its name, a box, a class
and the size that the record states, and gives what builds the data set.
"""
import io
import json
import warnings
from functools import partial
from pathlib import Path
from typing import Callable, Tuple

from PIL import Image

from mmextra.datasets import (
    DIORVASDataset,
    FewShotCocoDataset,
    FewShotVOCDataset,
    HRSC2016Dataset,
    HRSDDataset,
    ImageNetVIDDataset,
    VisDroneDataset,
)

Box = Tuple[float, float, float, float]


def put(path: Path, content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else
                     content.encode())


def hrsd(root: Path, image: bytes, suffix: str, box: Box, name: str,
         size) -> Callable:
    x1, y1, x2, y2 = box
    put(root / f'images/a{suffix}', image)
    put(root / 'labelTxt/a.txt',
        f'{x1} {y1} {x2} {y1} {x2} {y2} {x1} {y2} {name} 0\n')
    put(root / 'ImageSets/train.txt', 'a\n')
    return partial(HRSDDataset, data_root=str(root),
                   ann_file='ImageSets/train.txt')


def hrsc(root: Path, image: bytes, suffix: str, box: Box, name: str,
         size) -> Callable:
    x1, y1, x2, y2 = box
    put(root / f'FullDataSet/AllImages/a{suffix}', image)
    put(root / 'FullDataSet/Annotations/a.xml', (
        f'<HRSC_Image><Img_SizeWidth>{size[0]}</Img_SizeWidth>'
        f'<Img_SizeHeight>{size[1]}</Img_SizeHeight><HRSC_Objects>'
        '<HRSC_Object><Class_ID>100000001</Class_ID>'
        f'<mbox_cx>{(x1 + x2) / 2}</mbox_cx><mbox_cy>{(y1 + y2) / 2}'
        f'</mbox_cy><mbox_w>{x2 - x1}</mbox_w><mbox_h>{y2 - y1}</mbox_h>'
        '<mbox_ang>0</mbox_ang></HRSC_Object></HRSC_Objects></HRSC_Image>'))
    put(root / 'ImageSets/train.txt', 'a\n')
    return partial(HRSC2016Dataset, data_root=str(root),
                   ann_file='ImageSets/train.txt',
                   data_prefix=dict(sub_data_root='FullDataSet/'))


def visdrone(root: Path, image: bytes, suffix: str, box: Box, name: str,
             size) -> Callable:
    x1, y1, x2, y2 = map(int, box)
    put(root / f'images/a{suffix}', image)
    kind = VisDroneDataset.METAINFO['classes'].index(name) + 1
    put(root / 'annotations/a.txt',
        f'{x1},{y1},{x2 - x1},{y2 - y1},1,{kind},0,0\n')
    return partial(VisDroneDataset, data_root=str(root))


def voc_xml(box: Box, name: str, size, difficult: int = 0) -> str:
    corners = ''.join(f'<{tag}>{value}</{tag}>' for tag, value in zip(
        ('xmin', 'ymin', 'xmax', 'ymax'), box))
    return (f'<annotation><size><width>{size[0]}</width><height>{size[1]}'
            f'</height></size><object><name>{name}</name><difficult>'
            f'{difficult}</difficult><bndbox>{corners}</bndbox></object>'
            '</annotation>')


def dior(root: Path, image: bytes, suffix: str, box: Box, name: str,
         size) -> Callable:
    put(root / f'JPEGImages-test/a{suffix}', image)
    put(root / 'Annotations/Horizontal Bounding Boxes/a.xml',
        voc_xml(box, name, size))
    put(root / 'ImageSets/Main/train.txt', 'a\n')
    return partial(DIORVASDataset, data_root=str(root),
                   ann_file='ImageSets/Main/train.txt',
                   data_prefix=dict(sub_data_root=''))


def voc(root: Path, image: bytes, suffix: str, box: Box, name: str,
        size) -> Callable:
    put(root / f'VOC2012/JPEGImages/a{suffix}', image)
    put(root / 'VOC2012/Annotations/a.xml', voc_xml(box, name, size))
    put(root / 'train.txt', f'VOC2012/JPEGImages/a{suffix}\n')
    return partial(FewShotVOCDataset, data_root=str(root),
                   ann_file='train.txt', data_prefix=dict(sub_data_root=''),
                   filter_cfg=dict(min_size=0))


def coco_content(suffix: str, box: Box, name: str, size) -> dict:
    x1, y1, x2, y2 = box
    return dict(
        videos=[dict(id=1, name='v')],
        images=[dict(id=0, file_name=f'images/a{suffix}', width=size[0],
                     height=size[1], video_id=1, frame_id=0)],
        categories=[dict(id=0, name=name)],
        annotations=[dict(id=0, image_id=0, category_id=0, video_id=1,
                          bbox=[x1, y1, x2 - x1, y2 - y1], iscrowd=0,
                          instance_id=1)])


def coco(root: Path, image: bytes, suffix: str, box: Box, name: str,
         size) -> Callable:
    put(root / f'images/a{suffix}', image)
    put(root / 'train.json', json.dumps(coco_content(
        suffix, box, name, size)))
    return partial(FewShotCocoDataset, data_root=str(root),
                   ann_file='train.json', filter_cfg=dict(min_size=0))


def vid(root: Path, image: bytes, suffix: str, box: Box, name: str,
        size) -> Callable:
    coco(root, image, suffix, box, name, size)
    return partial(ImageNetVIDDataset, data_root=str(root),
                   ann_file='train.json')


# Name to the maker, and to a class that the reader knows.
READERS = dict(
    HRSD=(hrsd, 'ship'), HRSC2016=(hrsc, 'ship'), VisDrone=(visdrone, 'car'),
    DIOR=(dior, 'ship'), VOC=(voc, 'boat'), COCO=(coco, 'boat'),
    VID=(vid, 'dog'))
# Whose files state the size of the image.
STATED = ('HRSC2016', 'DIOR', 'VOC', 'COCO', 'VID')


def build(kind: str, root: Path, image: bytes, suffix: str = '.jpg',
          box: Box = (5, 5, 25, 20), size=(80, 60), name: str = '',
          **kwargs):
    """The data set of a reader, with its one class."""
    maker, known = READERS[kind]
    name = name or known
    make = maker(root, image, suffix, box, name, size)
    if kind in ('VOC', 'COCO'):
        kwargs.setdefault('classes', (name, ))
    else:
        kwargs.setdefault('metainfo', dict(classes=(name, )))
    kwargs.setdefault('pipeline', loading(kind))
    kwargs.setdefault('serialize_data', False)
    if kind == 'VID':
        # Frames are asked for one by one in testing only.
        kwargs.setdefault('test_mode', True)
    return make(**kwargs)


def loading(kind: str, **loader) -> list:
    """A pipeline that loads the image alone."""
    loader = dict(dict(type='LoadImageFromFile'), **loader)
    if kind == 'VID':
        return [dict(type='TransformBroadcaster', transforms=[loader])]
    return [loader]


def load_pixels(kind: str, dataset):
    """The loaded image, (h, w, 3)."""
    if kind == 'VID':
        return dataset.prepare_data((0, 0))['img'][0]
    return dataset.prepare_data(0)['img']


def record(kind: str, dataset) -> dict:
    """The record of the image."""
    info = dataset.get_data_info(0)
    return info['images'][0] if kind == 'VID' else info


def picture(form='JPEG', mode='RGB', size=(80, 60), **kwargs) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, form, **kwargs)
    return file.getvalue()


def turned(form='JPEG', orientation=6) -> bytes:
    """80 x 60 pixels that are to be shown as 60 x 80."""
    exif = Image.new('RGB', (1, 1)).getexif()
    exif[274] = orientation
    return picture(form, exif=exif)


def caught(function, *args, **kwargs):
    """What a function returns, and its warnings as one text."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter('always')
        value = function(*args, **kwargs)
    return value, ' '.join(str(each.message) for each in told)


def change_json(root, change):
    path = root / 'train.json'
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def rebuild(kind, root):
    """A builder on the files as they are now."""
    files = {path: path.read_bytes() for path in root.rglob('*')
             if path.is_file()}

    def make(**kwargs):
        maker, name = READERS[kind]
        builder = maker(root, picture(), '.jpg', (5, 5, 25, 20), name,
                        (80, 60))
        for path, content in files.items():
            path.write_bytes(content)
        kwargs.setdefault('serialize_data', False)
        if kind in ('VOC', 'COCO'):
            kwargs.setdefault('classes', (name, ))
        else:
            kwargs.setdefault('metainfo', dict(classes=(name, )))
        return builder(**kwargs)

    return make
