"""Four of the papers, and all that is not rotated, without mmrotate."""
import json
import os
import subprocess
import sys

import pytest

from tests.helpers import ROOT

REMEDY = 'run "pip install '

SCRIPT = """
import importlib, json, pkgutil, sys
import mmextra
from mmdet.registry import DATASETS, METRICS, MODELS
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmextra.evaluation.benchmark.facts import versions
from mmextra.evaluation.speed import random_batch
from mmextra.synthetic import GENERATORS

told = dict(versions=list(versions()), refused={{}}, built=[], missing=[])


def refused(name, function):
    try:
        function()
    except ImportError as error:
        told['refused'][name] = str(error)


# Every module but those of the rotated parts can be imported.
for module in pkgutil.walk_packages(mmextra.__path__, 'mmextra.'):
    try:
        importlib.import_module(module.name)
    except ImportError as error:
        assert 'mmrotate' in str(error), error
        told['missing'].append(module.name)

for paper in ('lcb_yolov5', 'gcn_fsod', 'feature_forecast',
              'covid_ct_mask_net'):
    cfg = Config.fromfile(f'{root}/configs/{{paper}}/synthetic.py')
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        told['built'].append(type(MODELS.build(cfg.model)).__name__)
lasa = dict(type='LASARetinaHead', num_classes=1, in_channels=8,
            test_cfg=dict(lasa=dict(type='LocalityAwareScoreAlign')))
told['built'].append(type(MODELS.build(lasa)).__name__)
told['boxes'] = tuple(random_batch(1, 64, 3, 2, False)['data_samples'][0]
                      .gt_instances.bboxes.tensor.shape)

cfg = Config.fromfile(f'{root}/configs/larsd/synthetic.py')
with DefaultScope.overwrite_default_scope(cfg.default_scope):
    refused('config', lambda: MODELS.build(cfg.model))
refused('name', lambda: METRICS.build(dict(type='mmrotate.RBoxAPMetric')))
refused('head', lambda: MODELS.build(
    dict(type='LASAHead', base='mmrotate.RotatedFCOSHead')))
refused('base', lambda: Config.fromfile('rotated.py'))


def imports():
    from mmextra.datasets import HRSDDataset


refused('class', imports)
print('TOLD' + json.dumps(told))
"""


@pytest.fixture(scope='module')
def told(tmp_path_factory):
    """What a process in which mmrotate cannot be found tells."""
    folder = tmp_path_factory.mktemp('no_mmrotate')
    (folder / 'mmrotate.py').write_text(
        'raise ModuleNotFoundError("No module named \'mmrotate\'", '
        'name="mmrotate")')
    (folder / 'rotated.py').write_text(
        "_base_ = 'mmrotate::rotated_retinanet/"
        "rotated-retinanet-rbox-le90_r50_fpn_1x_dota.py'")
    (folder / 'script.py').write_text(SCRIPT.format(root=ROOT))
    run = subprocess.run(
        [sys.executable, '-W', 'ignore', 'script.py'], cwd=folder,
        capture_output=True, text=True,
        env=dict(os.environ, PYTHONPATH=f'{folder}{os.pathsep}{ROOT}'))
    assert run.returncode == 0, run.stderr
    line = run.stdout.split('TOLD')[1].splitlines()[0]
    return json.loads(line)


def test_all_but_the_rotated_parts_work(told):
    assert told['built'] == [
        'SingleStageDetector', 'GCNFSOD', 'FeatureForecastDetector',
        'MaskRCNN', 'LASARetinaHead']
    assert told['boxes'] == [3, 4]
    assert 'mmrotate' not in told['versions']


def test_only_rotated_modules_are_missing(told):
    assert {name.rsplit('.', 1)[-1] for name in told['missing']} == {
        'assigner_speed', 'larsd_head', 'lasa_sweep', 'near_rbbox_overlaps',
        'same_center_assigner', 'rotated_distance_coder', 'hrsc2016', 'hrsd',
        'rbox_random_crop', 'rbox_rotate', 'rbox_ap_metric',
        'merged_rbox_ap_metric'}


@pytest.mark.parametrize('what', ['config', 'name', 'head', 'base', 'class'])
def test_what_is_rotated_tells_the_command(told, what):
    text = told['refused'][what]
    assert REMEDY in text and 'mmrotate==' in text
    assert text.endswith('.') and '\n' not in text
