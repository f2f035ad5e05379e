"""The stock tools on videos, from training to the table."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
TINY = """
_base_ = '{root}/configs/feature_forecast/synthetic.py'
data_root = '{data}/'
model = dict(
    policy=dict(threshold=0.4),
    detector=dict(
        init_cfg=None,
        backbone=dict(base_channels=4, with_cp=True),
        neck=dict(in_channels=(16, ), out_channels=(16, 16, 16)),
        bbox_head=dict(in_channels=(16, 16, 16)),
        test_cfg=dict(max_per_img=10)),
    temporal=dict(in_channels=16, hidden_channels=8))
data = dict(data_root=data_root)
train_cfg = dict(max_epochs=2, val_interval=2)
train_dataloader = dict(
    batch_size=2, dataset=dict(times=1, dataset=data))
val_dataloader = dict(dataset=data)
test_dataloader = dict(dataset=data)
default_hooks = dict(logger=dict(interval=1))
custom_hooks = [
    dict(type='FeatureForecastPhaseHook', decision_begin=1, thinning_off=1),
    dict(type='VIDDumpCheckHook'),
    dict(type='BenchmarkHook',
         reference='feature_forecast/table2/Complete/ImageNet-VID')
]
"""


@pytest.fixture
def config(tmp_path, moving):
    path = tmp_path / 'tiny.py'
    path.write_text(TINY.format(root=ROOT, data=moving))
    return path


def run(*command, cwd):
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True,
        text=True, timeout=600, env=dict(
            os.environ, OMP_NUM_THREADS='1', PYTHON=sys.executable,
            PYTHONWARNINGS='ignore'))
    assert done.returncode == 0, (done.stdout + done.stderr)[-20000:]
    return done.stdout + done.stderr


def row_of(folder, mode='test'):
    rows = json.loads((folder / 'benchmark.json').read_text())['rows']
    row, = (row for row in rows if row['mode'] == mode)
    return row


def test_two_processes_train_across_the_phases_and_test_as_one(
        config, tmp_path):
    tools = ROOT / 'tools'
    log = run('bash', tools / 'dist_train.sh', config, 2, '--work-dir',
              tmp_path / 'train', cwd=tmp_path)
    # The scheduler is idle in the first epoch and trains in the second.
    first, second = (
        [line for line in log.splitlines() if f'Epoch(train) [{k}]' in line]
        for k in (1, 2))
    assert first and all('loss_decision: 0.0000' in s for s in first)
    assert second and all('decision_acc' in s for s in second)
    assert all('forecast_vs_copy' in s for s in first + second)
    checkpoint = tmp_path / 'train' / 'epoch_2.pth'
    names = torch.load(checkpoint, weights_only=True)['state_dict']
    assert not any('stream' in name for name in names)

    run(sys.executable, tools / 'test.py', config, checkpoint, '--work-dir',
        tmp_path / 'one', '--show-dir', 'drawn', '--cfg-options',
        f'test_evaluator.out_file={tmp_path}/one.json', cwd=tmp_path)
    run('bash', tools / 'dist_test.sh', config, checkpoint, 2, '--work-dir',
        tmp_path / 'two', '--cfg-options',
        f'test_evaluator.out_file={tmp_path}/two.json', cwd=tmp_path)
    one, two = row_of(tmp_path / 'one'), row_of(tmp_path / 'two')
    assert (one['world_size'], two['world_size']) == (1, 2)
    assert one['measured'] == two['measured']
    assert 0 < one['measured']['vid/forecast_ratio'] < 1
    assert one['synthetic'] and 'moving_objects' in one['dataset']
    frames = 2 + 5 + 8 + 1
    assert one['samples'] == 4
    results = [json.loads((tmp_path / f'{name}.json').read_text())
               for name in ('one', 'two')]
    assert results[0] == results[1] and len(results[0]) == frames
    assert len(list((tmp_path / 'one').rglob('drawn/*/*.JPEG'))) == frames
    table = run(sys.executable, tools / 'benchmark_table.py',
                tmp_path / 'one', cwd=tmp_path)
    assert 'synthetic' in table and '65.7' in table
