"""Segmentation, then the classifier from its checkpoint, by the Runner."""
import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from mmextra.synthetic import make_ct
from tests.covid_helpers import narrow

CONFIGS = Path(__file__).parents[2] / 'configs' / 'covid_ct_mask_net'


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    place = tmp_path_factory.mktemp('synthetic') / 'ct'
    make_ct(place, num_train=6, num_val=3, num_test=3, image_size=96)
    return place


def tiny(name, data, work_dir):
    cfg = Config.fromfile(CONFIGS / f'{name}.py')
    model = narrow(cfg.model)
    if model.type == 'MaskRCNN':
        # So that an untrained model finds something.
        model.test_cfg.rcnn.update(score_thr=0.01, max_per_img=5)
    kind = 'covid_data' if model.type == 'MaskRCNN' else 'covidx_ct'
    for split in ('train', 'val', 'test'):
        loader = cfg[f'{split}_dataloader']
        loader.update(num_workers=0, persistent_workers=False)
        loader.dataset.data_root = str(data / kind)
    cfg.train_cfg.update(max_epochs=1, val_interval=1)
    cfg.work_dir = str(work_dir)
    cfg.default_hooks.logger.interval = 1
    cfg.visualizer.name = work_dir.name
    cfg.experiment_name = work_dir.name
    return cfg


def rows(work_dir):
    text = (work_dir / 'benchmark.json').read_text()
    return {row['mode']: row for row in json.loads(text)['rows']}


def state(path):
    return torch.load(path, weights_only=True)['state_dict']


def test_segmentation_then_classification(data, tmp_path):
    seg = Runner.from_cfg(tiny('synthetic', data, tmp_path / 'seg'))
    seg.train()
    seg.test()
    measured = rows(tmp_path / 'seg')['test']
    assert measured['synthetic'] and measured['samples'] == 3
    for key in ('lesion/mAP', 'lesion/AP50', 'coco/segm_mAP_50',
                'coco/bbox_mAP_50'):
        assert 0 <= measured['measured'][key] <= 1
    checkpoint = tmp_path / 'seg' / 'epoch_1.pth'

    cfg = tiny('synthetic-classifier', data, tmp_path / 'cls')
    cfg.load_from = str(checkpoint)
    cls = Runner.from_cfg(cfg)
    cls.train()
    before, after = state(checkpoint), state(tmp_path / 'cls/epoch_1.pth')
    assert not any('mask_head' in name for name in after)
    changed = {name for name, value in after.items()
               if name not in before or not torch.equal(before[name], value)}
    norms = {name.rsplit('.', 1)[0] for name in after
             if name.endswith('running_mean')}
    assert changed == {
        name for name in after if name.startswith('img_head.') or (
            name.rsplit('.', 1)[0] in norms
            and name.endswith(('.weight', '.bias')))}
    row = rows(tmp_path / 'cls')['val']
    for name in ('Control', 'CP', 'COVID-19'):
        assert f'img/sens_{name}' in row['measured']
    # The same weights give the same result: nothing is drawn in tests.
    first, again = cls.test(), cls.test()
    assert first == again
    assert 0 <= first['img/patient_accuracy'] <= 1
