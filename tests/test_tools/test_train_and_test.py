"""The stock tools from training to the table, as a user runs them."""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from mmextra.utils.checkpoint_files import checkpoint_problem
from mmextra.utils.stock_tools import check_checkpoints

ROOT = Path(__file__).parents[2]
TINY = """
_base_ = '{root}/configs/larsd/synthetic.py'
data_root = '{data}/'
model = dict(
    backbone=dict(base_channels=8),
    neck=dict(in_channels=[8, 16, 32, 64], mid_channels=[8, 8, 8],
              out_channels=16),
    bbox_head=dict(in_channels=16, feat_channels=16),
    # An untrained model must find something, or all results are alike.
    test_cfg=dict(score_thr=0.005, nms_pre=50))
train_cfg = dict(max_epochs=3, val_interval=1)
train_dataloader = dict(
    batch_size=1, num_workers=0, persistent_workers=False,
    dataset=dict(data_root=data_root))
val_dataloader = dict(
    batch_size=1, num_workers=0, persistent_workers=False,
    dataset=dict(data_root=data_root))
test_dataloader = val_dataloader
default_hooks = dict(logger=dict(interval=1))
"""


@pytest.fixture
def config(tmp_path, harbour):
    path = tmp_path / 'tiny.py'
    path.write_text(TINY.format(root=ROOT, data=harbour))
    return path


def environment():
    return dict(os.environ, OMP_NUM_THREADS='1', PYTHON=sys.executable,
                PYTHONWARNINGS='ignore')


def run(*command, cwd):
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment(),
        capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, (done.stdout + done.stderr)[-20000:]
    return done.stdout + done.stderr


def rows(folder):
    text = (folder / 'benchmark.json').read_text()
    return {row['mode']: row for row in json.loads(text)['rows']}


def test_killed_training_resumes_and_is_tested(config, tmp_path):
    work = tmp_path / 'work'
    command = [sys.executable, str(ROOT / 'tools' / 'train.py'), str(config),
               '--work-dir', str(work)]
    training = subprocess.Popen(
        command, cwd=tmp_path, env=environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.time() + 300
    while not (work / 'last_checkpoint').exists():
        assert training.poll() is None and time.time() < deadline
        time.sleep(0.05)
    training.send_signal(signal.SIGKILL)
    training.wait()
    assert not (work / 'epoch_3.pth').exists()

    log = run(*command, '--resume', cwd=tmp_path)
    assert 'resumed epoch: ' in log
    saved = torch.load(
        work / 'epoch_3.pth', map_location='cpu', weights_only=True)
    assert (saved['meta']['epoch'], saved['meta']['iter']) == (3, 18)

    validated = rows(work)['val']
    assert validated['epoch'] == 3

    run(sys.executable, ROOT / 'tools' / 'test.py', config,
        work / 'epoch_3.pth', '--work-dir', work, '--cfg-options',
        'test_dataloader.dataset.ann_file=ImageSets/val.txt', cwd=tmp_path)
    row = rows(work)['test']
    assert row['epoch'] == 3 and row['checkpoint'] == 'epoch_3.pth'
    assert row['synthetic'] and row['dataset'] == 'synthetic harbour'
    # The last validation saw the same weights and images.
    assert row['measured'] == validated['measured']
    assert row['measured']['voc12/num_gt'] > 0
    table = run(sys.executable, ROOT / 'tools' / 'benchmark_table.py', work,
                cwd=tmp_path)
    assert 'synthetic harbour' in table and '90.3' in table

    # A full disk or a power cut: refused, and the one before goes on.
    last = work / 'epoch_3.pth'
    last.write_bytes(last.read_bytes()[:-100])
    with pytest.raises(SystemExit, match='epoch_3.pth is cut short.*whole '
                       'one is .*epoch_2.pth'):
        check_checkpoints('train.py', [*command[2:], '--resume'])
    log = run(*command, '--resume', work / 'epoch_2.pth', cwd=tmp_path)
    assert 'resumed epoch: 2' in log
    assert not checkpoint_problem(last)


def test_two_processes_equal_one(config, tmp_path):
    tools = ROOT / 'tools'
    run('bash', tools / 'dist_train.sh', config, 2, '--work-dir',
        tmp_path / 'train', '--cfg-options', 'train_cfg.max_epochs=1',
        cwd=tmp_path)
    checkpoint = tmp_path / 'train' / 'epoch_1.pth'
    saved = torch.load(checkpoint, map_location='cpu', weights_only=True)
    # 6 images, 2 processes with a batch of 1
    assert saved['meta']['iter'] == 3
    run(sys.executable, tools / 'test.py', config, checkpoint, '--work-dir',
        tmp_path / 'one', cwd=tmp_path)
    run('bash', tools / 'dist_test.sh', config, checkpoint, 2, '--work-dir',
        tmp_path / 'two', cwd=tmp_path)
    one, two = rows(tmp_path / 'one')['test'], rows(tmp_path / 'two')['test']
    assert (one['world_size'], two['world_size']) == (1, 2)
    assert one['measured'] == two['measured']
    assert one['measured']['voc12/num_gt'] > 0


def test_missing_data_is_told_by_dist_train(tmp_path):
    """The very first command of a user without the data."""
    done = subprocess.run(
        ['bash', str(ROOT / 'tools' / 'dist_train.sh'),
         str(ROOT / 'configs' / 'larsd' / 'hrsd.py'), '2'], cwd=tmp_path,
        env=environment(), capture_output=True, text=True, timeout=600)
    assert done.returncode != 0
    told = done.stdout + done.stderr
    assert 'data/hrsd_1024' in told and 'tile_images.py' in told
