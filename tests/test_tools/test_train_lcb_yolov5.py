"""The paper's whole recipe by the stock tools, on a tiny town."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmdet.apis import inference_detector, init_detector

from mmextra.apis import tiled_inference
from mmextra.synthetic import make_aerial

ROOT = Path(__file__).parents[2]
TINY = """
_base_ = '{root}/configs/lcb_yolov5/visdrone.py'
data_root = '{data}/'
model = dict(
    backbone=dict(widen_factor=0.0625),
    neck=dict(in_channels=[16, 32, 64]),
    bbox_head=dict(in_channels=[16, 32, 64], img_size=128))
train_dataloader = dict(
    batch_size=2, num_workers=0, persistent_workers=False,
    dataset=dict(dataset=dict(data_root=data_root), pipeline=[
        dict(type='Mosaic', img_scale=(128, 128)),
        dict(type='CenteredRandomAffine', border=(-64, -64)),
        dict(type='RandomFlip', prob=0.5),
        dict(type='Resize', scale=(128, 128), keep_ratio=True),
        dict(type='PackDetInputs')]))
test_pipeline = _base_.test_pipeline
test_pipeline[1]['scale'] = (128, 128)
val_dataloader = dict(
    batch_size=2, num_workers=0, persistent_workers=False,
    dataset=dict(data_root=data_root, pipeline=test_pipeline))
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=2, val_interval=2)
default_hooks = dict(
    logger=dict(interval=1), checkpoint=dict(interval=1))
"""


@pytest.fixture(scope='module')
def work(tmp_path_factory):
    """A folder with a tiny config, its data, and one trained model."""
    root = tmp_path_factory.mktemp('lcb')
    make_aerial(root / 'town', num_train=8, num_val=2, num_test=1,
                image_size=128)
    (root / 'tiny.py').write_text(
        TINY.format(root=ROOT, data=root / 'town'))
    root.joinpath('log').write_text(
        run(root, 'train.py', 'tiny.py', '--work-dir', 'work'))
    return root


def run(cwd, tool, *args):
    done = subprocess.run(
        [sys.executable, str(ROOT / 'tools' / tool), *map(str, args)],
        cwd=cwd, capture_output=True, text=True, timeout=600,
        env=dict(os.environ, OMP_NUM_THREADS='1', PYTHONWARNINGS='ignore'))
    assert done.returncode == 0, (done.stdout + done.stderr)[-20000:]
    return done.stdout + done.stderr


def rows(folder):
    text = (folder / 'benchmark.json').read_text()
    return {row['mode']: row for row in json.loads(text)['rows']}


def test_training_testing_and_the_table(work):
    log = (work / 'log').read_text()
    assert 'loss_obj' in log and 'det/mAP_50' in log
    saved = torch.load(
        work / 'work/epoch_2.pth', map_location='cpu', weights_only=True)
    assert saved['meta']['iter'] == 8
    # The averaged weights are those to be tested.
    name = 'backbone.stem.conv.weight'
    average, plain = (saved[k] for k in ('state_dict', 'ema_state_dict'))
    assert not torch.equal(average[name], plain[f'module.{name}'])
    groups = saved['optimizer']['param_groups']
    # Iteration 7 of a warm-up of 1000.
    assert {round(g['lr'], 8) for g in groups} == {
        round(.01 * .505 * .007, 8),
        round(.1 + (.01 * .505 - .1) * .007, 8)}

    told = run(work, 'test.py', 'tiny.py', 'work/epoch_2.pth', '--work-dir',
               'work')
    assert 'visdrone at confidence' in told
    found = rows(work / 'work')
    assert found['test']['dataset'] == 'synthetic aerial'
    assert found['test']['model'] == found['val']['model']
    for key, value in found['val']['measured'].items():
        # The test ran with batch normalisations fused.
        assert found['test']['measured'][key] == pytest.approx(
            value, abs=2e-3)
    table = run(work, 'benchmark_table.py', 'work')
    assert 'synthetic aerial' in table and '47.9' in table


def test_inference_on_pictures_and_tiles(work):
    model = init_detector(
        str(work / 'tiny.py'), str(work / 'work/epoch_2.pth'), device='cpu')
    model.test_cfg.score_thr = model.bbox_head.test_cfg.score_thr = 0.
    picture = next((work / 'town').rglob('*.jpg'))
    found = inference_detector(model, str(picture)).pred_instances
    assert len(found) > 0 and found.bboxes.max() <= 128
    tiled = tiled_inference(model, str(picture), tile=96, overlap=32)
    assert len(tiled.pred_instances) > 0
    assert tiled.pred_instances.bboxes.max() <= 128
