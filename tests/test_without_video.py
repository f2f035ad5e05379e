"""Four of the papers with an mmdet that has no video, as mmdet 3.0."""
import json
import os
import subprocess
import sys

import pytest

from tests.helpers import ROOT

SCRIPT = """
import importlib.util, json

find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, *args: (
    None if name == 'mmdet.models.mot' else find_spec(name, *args))

import mmextra
from mmdet.registry import (
    DATASETS, HOOKS, METRICS, MODELS, TRANSFORMS)
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmextra.apis import StreamDetector, init_stream_detector
from mmextra.datasets import ImageViews
from mmextra.models.detectors import FeatureForecastDetector
from mmextra.synthetic import make_toys

told = dict(refused={{}}, built=[])


def refused(name, function):
    try:
        function()
    except ImportError as error:
        told['refused'][name] = str(error)


def build(paper):
    cfg = Config.fromfile(f'{root}/configs/{{paper}}/synthetic.py')
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        return MODELS.build(cfg.model), cfg


for paper in ('lcb_yolov5', 'gcn_fsod', 'covid_ct_mask_net'):
    told['built'].append(type(build(paper)[0]).__name__)
told['is_forecast'] = isinstance(build('gcn_fsod')[0],
                                 FeatureForecastDetector)

make_toys('data/synthetic_toys', num_train=12, num_val=2, num_test=2)
cfg = build('gcn_fsod')[1]
with DefaultScope.overwrite_default_scope('mmdet'):
    views = ImageViews(cfg.val_dataloader.dataset)
told['views'] = len(views.views(0))

refused('config', lambda: build('feature_forecast'))
refused('stream', lambda: init_stream_detector(
    '{root}/configs/feature_forecast/synthetic.py', None, device='cpu'))
for registry, name in ((DATASETS, 'ImageNetVIDDataset'),
                       (TRANSFORMS, 'ThinningClipSample'),
                       (METRICS, 'ImageNetVIDMetric'),
                       (HOOKS, 'VIDVisualizationHook')):
    refused(name, lambda: registry.build(
        dict(type=name, some='key')))
print('TOLD' + json.dumps(told))
"""


@pytest.fixture(scope='module')
def told(tmp_path_factory):
    """What a process that finds no video in mmdet tells."""
    folder = tmp_path_factory.mktemp('no_video')
    (folder / 'script.py').write_text(SCRIPT.format(root=ROOT))
    run = subprocess.run(
        [sys.executable, '-W', 'ignore', 'script.py'], cwd=folder,
        capture_output=True, text=True,
        env=dict(os.environ, PYTHONPATH=str(ROOT)))
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.split('TOLD')[1].splitlines()[0])


def test_all_but_video_works(told):
    assert told['built'] == ['SingleStageDetector', 'GCNFSOD', 'MaskRCNN']
    assert told['is_forecast'] is False
    assert told['views'] == 1


@pytest.mark.parametrize('what', [
    'config', 'stream', 'ImageNetVIDDataset', 'ThinningClipSample',
    'ImageNetVIDMetric', 'VIDVisualizationHook'])
def test_what_is_of_video_tells_the_command(told, what):
    text = told['refused'][what]
    assert 'needs mmdet 3.1 or newer' in text
    assert 'run "pip install \'mmdet>=3.1,<3.4\'"' in text
    assert text.endswith('.') and '\n' not in text
