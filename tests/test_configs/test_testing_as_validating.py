"""Configs that test as they validate do so."""
from pathlib import Path

import pytest
from mmengine.config import Config

CONFIGS = Path(__file__).parents[2] / 'configs'
# Assigned to what a base has as another dict, a value is merged into it.
STATED = sorted(
    (path, key) for path in CONFIGS.glob('[!_]*/*.py')
    for key in ('evaluator', 'dataloader')
    if f'test_{key} = val_{key}' in path.read_text())


@pytest.mark.parametrize(
    'path, key', STATED, ids=[f'{path.stem}-{key}' for path, key in STATED])
def test_nothing_is_left_of_the_base(path, key):
    cfg = Config.fromfile(path)
    assert cfg[f'test_{key}'] == cfg[f'val_{key}']


@pytest.mark.parametrize('name', ['ct_crops', *(
    f'ct_windows-fold{fold}' for fold in range(5))])
def test_crops_are_of_no_known_patient(name):
    cfg = Config.fromfile(
        CONFIGS / 'covid_ct_mask_net' / f'{name}-classifier.py')
    assert cfg.test_evaluator == cfg.val_evaluator == dict(
        type='ImageSensitivityMetric')
    assert cfg.test_dataloader == cfg.val_dataloader
