from pathlib import Path

import cv2
import mmdet.registry
import mmrotate.registry
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.dataset import BaseDataset

from mmextra.datasets.transforms import LoadImageOrSkip

DATASETS = Path(__file__).parents[3] / 'configs/_base_/datasets'


@pytest.fixture
def folder(tmp_path):
    cv2.imwrite(
        str(tmp_path / 'good.png'), np.full((4, 6, 3), 9, np.uint8))
    (tmp_path / 'empty.png').write_bytes(b'')
    (tmp_path / 'text.png').write_text('no image')
    return tmp_path


def test_good_image(folder):
    for policy in ('raise', 'skip'):
        results = LoadImageOrSkip(on_error=policy)(
            dict(img_path=str(folder / 'good.png')))
        assert results['ori_shape'] == (4, 6)
        assert (results['img'] == 9).all()


@pytest.mark.parametrize('name,kind', [('empty.png', ValueError),
                                       ('text.png', ValueError),
                                       ('gone.png', FileNotFoundError)])
def test_bad_image_is_named(folder, name, kind):
    with pytest.raises(kind, match=f'{name}: cannot be read as an image'):
        LoadImageOrSkip()(dict(img_path=str(folder / name)))


def test_skip_warns_once_per_file_and_counts(folder):
    transform = LoadImageOrSkip(on_error='skip')
    with pytest.warns(UserWarning) as told:
        for name in ('empty.png', 'text.png', 'empty.png'):
            assert transform(dict(img_path=str(folder / name))) is None
    texts = [str(w.message) for w in told]
    assert len(texts) == 2
    assert 'skipped 1 unreadable' in texts[0] and 'empty.png' in texts[0]
    assert 'skipped 2 unreadable' in texts[1] and 'text.png' in texts[1]


class Files(BaseDataset):

    def load_data_list(self):
        return [dict(img_path=path) for path in self._metainfo['paths']]


@pytest.mark.filterwarnings('ignore:skipped')
def test_training_takes_another_image(folder):
    dataset = Files(
        metainfo=dict(paths=[str(folder / 'text.png'),
                             str(folder / 'good.png')]),
        pipeline=[LoadImageOrSkip(on_error='skip')],
        max_refetch=100)
    assert dataset[0]['img_path'].endswith('good.png')


@pytest.mark.parametrize(
    'name', ['hrsc2016', 'hrsd', 'marina', 'synthetic_harbour'])
def test_configs_name_bad_images_in_training(name):
    cfg = Config.fromfile(DATASETS / f'{name}.py')
    assert cfg.train_dataloader.dataset.pipeline[0] == dict(
        type='LoadImageOrSkip')
    # DetInferencer looks for this name.
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        assert loader.dataset.pipeline[0].type == 'LoadImageFromFile'


def test_illegal_policy():
    with pytest.raises(ValueError, match='on_error'):
        LoadImageOrSkip(on_error='ignore')


def test_is_in_both_registries():
    for host in (mmdet.registry, mmrotate.registry):
        assert host.TRANSFORMS.get('LoadImageOrSkip') is LoadImageOrSkip
