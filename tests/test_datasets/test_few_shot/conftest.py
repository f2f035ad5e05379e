import json

import cv2
import numpy as np
import pytest

NAMES = ('ant', 'bee', 'cod', 'doe', 'elk', 'fox')


@pytest.fixture(scope='session')
def zoo(tmp_path_factory):
    """Twelve pictures with boxes of six classes, in COCO's format.

    Image i has boxes of classes i % 6 and (i + 1) % 6; every third image has
    a small box of class 0 and a crowd of class 5.
    """
    root = tmp_path_factory.mktemp('zoo')
    (root / 'images').mkdir()
    rng = np.random.default_rng(0)
    images, annotations = [], []

    def add(image, category, box, crowd=0):
        annotations.append(dict(
            id=len(annotations), image_id=image, category_id=category,
            bbox=[float(v) for v in box], area=float(box[2] * box[3]),
            iscrowd=crowd))

    for number in range(12):
        name = f'{number:03d}.png'
        image = rng.integers(0, 256, (64, 80, 3), np.uint8)
        cv2.imwrite(str(root / 'images' / name), image)
        images.append(dict(id=100 + number, file_name=name, width=80,
                           height=64))
        for step in (0, 1):
            label = (number + step) % 6
            add(100 + number, 10 * (label + 1),
                (5 + 30 * step, 4 + number, 20 + number, 24))
        if number % 3 == 0:
            add(100 + number, 10, (60, 50, 6, 5))
            add(100 + number, 60, (0, 0, 70, 60), crowd=1)
    coco = dict(
        images=images, annotations=annotations,
        # Not in the order of the classes.
        categories=[dict(id=10 * (i + 1), name=NAMES[i])
                    for i in (3, 0, 5, 1, 4, 2)])
    (root / 'zoo.json').write_text(json.dumps(coco))
    return root
