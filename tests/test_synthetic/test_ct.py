import json

import cv2
import numpy as np
import pytest

from mmextra.datasets.ct import CTImageDataset, CTLesionDataset, parse_ct_name
from mmextra.synthetic import GENERATORS, make_ct
from mmextra.synthetic.ct_slice import CLASSES, draw_slice

TINY = dict(num_train=9, num_val=1, num_test=3, image_size=96)


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    place = tmp_path_factory.mktemp('synthetic') / 'ct'
    make_ct(place, **TINY)
    return place


def content(place):
    return {path.relative_to(place): path.read_bytes()
            for path in place.rglob('*') if path.is_file()}


def test_both_data_sets_read_it(root):
    marker = json.loads((root / 'SYNTHETIC.json').read_text())
    assert marker['generator'] == 'ct' and GENERATORS['ct'] is make_ct
    for split, count in (('train', 9), ('val', 1), ('test', 3)):
        lesions = CTLesionDataset(
            ann_file=f'{split}.txt', data_root=str(root / 'covid_data'),
            data_prefix=dict(img=f'{split}/imgs/', mask=f'{split}/masks/'),
            min_area=10)
        images = CTImageDataset(
            f'{split}_COVIDx-CT.txt', data_root=str(root / 'covidx_ct'),
            data_prefix=dict(img='images/'))
        assert len(lesions) == len(images) == count
        for i in range(count):
            info = images.get_data_info(i)
            assert info['img_label'] == i % 3
            x1, y1, x2, y2 = info['body_box']
            assert 0 <= x1 < x2 <= 96 and 0 <= y1 < y2 <= 96
            # Every eighth is a control.
            found = lesions.get_data_info(i)['instances']
            assert (len(found) == 0) == (i % 8 == 7)


def test_no_patient_is_in_two_splits(root):
    slices, images = {}, {}
    for split in ('train', 'val', 'test'):
        lines = (root / f'covid_data/{split}.txt').read_text().split()
        slices[split] = {line.split('_')[0] for line in lines}
        lines = (root / f'covidx_ct/{split}_COVIDx-CT.txt').read_text()
        parsed = [parse_ct_name(line.split()[0])
                  for line in lines.splitlines()]
        images[split] = {each.patient_id for each in parsed}
        # A patient has one class.
        assert len({(p.patient_id, p.label) for p in parsed}) == len(
            images[split])
    for patients in (slices, images):
        together = sorted(sum(map(list, patients.values()), []))
        assert together == sorted(set(together))


def test_same_arguments_same_bytes(root, tmp_path):
    make_ct(tmp_path / 'again', **TINY)
    assert content(tmp_path / 'again') == content(root)
    other = dict(TINY, seed=1)
    make_ct(tmp_path / 'other', **other)
    name = next(iter((root / 'covid_data/test/imgs').iterdir())).name
    assert (tmp_path / 'other/covid_data/test/imgs' / name).read_bytes() != (
        root / 'covid_data/test/imgs' / name).read_bytes()
    with pytest.raises(FileExistsError, match='other arguments'):
        make_ct(tmp_path / 'other', **TINY)


def test_classes_differ_in_their_lesions():
    sizes = {kind: [] for kind in CLASSES}
    for kind in CLASSES:
        for seed in range(6):
            image, mask, _ = draw_slice(
                np.random.default_rng(seed), 128, kind)
            assert image.dtype == mask.dtype == np.uint8
            assert set(np.unique(mask)) <= {0, 1, 2, 3}
            count, _, stats, _ = cv2.connectedComponentsWithStats(
                (mask >= 2).astype(np.uint8))
            sizes[kind].append(sorted(stats[1:, 4].tolist()))
            assert ((2 in mask), (3 in mask)) == dict(
                control=(False, False), pneumonia=(False, True),
                covid=(True, 3 in mask))[kind]
            for tissue, low in ((2, 115), (3, 150)):
                if (mask == tissue).sum() > 50:
                    assert image[mask == tissue].mean() > low > image[
                        mask == 1].mean()
    assert not any(sizes['control'])
    assert all(1 <= len(s) <= 2 for s in sizes['pneumonia'])
    assert np.mean([len(s) for s in sizes['covid']]) >= 3.5
    assert max(max(s) for s in sizes['covid']) < np.median(
        [max(s) for s in sizes['pneumonia']])


@pytest.mark.parametrize('wrong', [dict(num_train=-1), dict(image_size=32)])
def test_impossible_arguments(wrong, tmp_path):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        make_ct(tmp_path / 'x', **wrong)
