"""CT slices."""
from pathlib import Path
from typing import List

import cv2
import numpy as np

from mmextra.datasets import CTImageDataset, CTLesionDataset

from .common import Parser, count_listed, listed, png, write_images


def lesion_mask() -> np.ndarray:
    mask = np.zeros((60, 100), np.uint8)
    mask[5:55, 5:95] = 1
    mask[10:25, 10:30] = 2
    mask[12:20, 30:40] = 3
    mask[30:50, 60:75] = 3
    return mask


def make_lesions(root: Path) -> Path:
    write_images(root / 'imgs')
    (root / 'masks').mkdir()
    cv2.imwrite(str(root / 'masks' / 'good.png'), lesion_mask())
    (root / 'train.txt').write_text('bad.png\ngood.png\n')
    return root / 'masks' / 'bad.png'


def load_lesions(root: Path, on_error: str) -> List[dict]:
    return CTLesionDataset(
        data_root=str(root), ann_file='train.txt', on_error=on_error,
        serialize_data=False).data_list


def count_lesions(content: bytes) -> int:
    # Pillow can do without the end behind the pixels.
    start = content.index(b'IDAT')
    size = int.from_bytes(content[start - 4:start], 'big')
    whole = content[:start + 8 + size] + b'\0\0\0\0IEND\xaeB`\x82'
    for each in (content + b'\xaeB`\x82', whole):
        mask = cv2.imdecode(np.frombuffer(each, np.uint8),
                            cv2.IMREAD_GRAYSCALE)
        if mask is not None:
            break
    _, _, stats, _ = cv2.connectedComponentsWithStats(
        np.uint8(mask > 1), connectivity=8)
    return sum(area >= 100 for area in stats[1:, cv2.CC_STAT_AREA])


def make_lesion_list(root: Path) -> Path:
    make_lesions(root).write_bytes(png(lesion_mask()))
    return root / 'train.txt'


CT_LIST = b"""NCP_96_1328_0032.png 2 9 20 70 50
0_7_1_0003.png

bad.png 1
good.png 0 10 10 50 50
"""


def make_ct_list(root: Path) -> Path:
    write_images(root / 'imgs')
    for line in CT_LIST.decode().split('\n'):
        if line:
            (root / 'imgs' / line.split()[0]).touch()
    return root / 'list.txt'


def load_ct_list(root: Path, on_error: str) -> List[dict]:
    return listed(CTImageDataset(
        data_root=str(root), ann_file='list.txt',
        data_prefix=dict(img='imgs/'), on_error=on_error,
        serialize_data=False).data_list)


PARSERS = {
    'lesion mask': Parser(
        png(lesion_mask()), make_lesions, load_lesions, count_lesions,
        text=False),
    'CT image list': Parser(
        CT_LIST, make_ct_list, load_ct_list, count_listed, whole=True,
        skips=False),
    'CT lesion list': Parser(
        b'bad.png\n\ngood.png\n', make_lesion_list,
        lambda root, on_error: listed(load_lesions(root, on_error)),
        count_listed, whole=True, skips=False, examples=30),
}
