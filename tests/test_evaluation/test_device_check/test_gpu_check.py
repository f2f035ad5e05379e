"""The check of a device, reduced: a CPU and one family."""
import json
import logging

import pytest
import torch
import torch.distributed as dist

from mmextra.evaluation import device_check
from mmextra.evaluation.device_check import (
    FamilySteps,
    check,
    check_ops,
    ops,
    to_markdown,
)
from mmextra.evaluation.device_check.distributed import ddp_step
from tests.helpers import ROOT, load_tool

NAME = 'LARSD without anchors'


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('gpu_check')


@pytest.fixture(scope='module')
def report(folder):
    level = logging.root.manager.disable
    try:
        return load_tool('analysis_tools/gpu_check.py').main([
            '--device', 'cpu', '--families', NAME, '--rounds', '1',
            '--data', str(folder / 'data'), '--out', str(folder / 'out')])
    finally:
        logging.disable(level)


def test_report(report, folder):
    assert report['passed']
    row, = report['families']
    assert row['name'] == NAME and row['precision'] == 'fp32'
    assert row['loss'] == pytest.approx(row['loss_cpu'], rel=1e-4)
    assert row['detections'] > 0 and row['fps'] > 0
    # Training keeps what its backward pass needs.
    assert row['train_peak_mib'] > row['test_peak_mib'] > 0
    assert all(each['difference'] == 0 for each in report['ops'])
    saved = json.loads((folder / 'out' / 'gpu_check.json').read_text())
    assert saved['families'][0]['loss'] == row['loss']
    page = (folder / 'out' / 'gpu_check.md').read_text()
    assert page.startswith('# Check of a device: passed')
    assert f'| {NAME} | fp32 |' in page and 'no two GPUs' in page
    # It is to be shown to others.
    assert str(ROOT) not in page + json.dumps(saved)


def test_what_fails_is_said(report, folder, monkeypatch):
    monkeypatch.setattr(check, 'TOLERANCES', dict(fp32=-1.))
    row, = device_check.check_family(
        NAME, ROOT / 'configs', folder / 'data', 'cpu', ['fp32'], 1)
    assert not row['passed'] and 'on the CPU' in row['problem']
    monkeypatch.setattr(
        FamilySteps, 'test', lambda *_: 1 / 0)
    row, = device_check.check_family(
        NAME, ROOT / 'configs', folder / 'data', 'cpu', ['fp32'], 1)
    assert not row['passed'] and 'ZeroDivisionError' in row['problem']
    failed = dict(report, families=[row], passed=False)
    assert 'FAILED' in to_markdown(failed)
    assert 'ZeroDivisionError' in to_markdown(failed)


def test_an_operation_that_is_wrong_is_found(monkeypatch):
    calls = []

    def wrong(tensors):
        calls.append(tensors)
        return [tensors['scores'] + len(calls)]

    monkeypatch.setattr(ops, 'OPS', dict(wrong=wrong, broken=lambda t: 1 / 0))
    wrong, broken = check_ops('cpu')
    assert wrong['difference'] == pytest.approx(1) and not wrong['passed']
    assert not broken['passed'] and 'ZeroDivision' in broken['problem']


def test_a_missing_gpu_and_family_are_said(tmp_path):
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match='sees no GPU'):
            device_check.check_device(ROOT / 'configs', tmp_path, 'cuda')
    with pytest.raises(ValueError, match='LARSD'):
        device_check.check_device(
            ROOT / 'configs', tmp_path, 'cpu', families=['ours'])


def test_a_distributed_step(report, folder, tmp_path):
    steps = FamilySteps(NAME, ROOT / 'configs', folder / 'data')
    dist.init_process_group(
        'gloo', init_method=f'file://{tmp_path}/store', rank=0, world_size=1)
    try:
        assert ddp_step(steps, 'cpu') == dict(finite=True, apart=0.)
    finally:
        dist.destroy_process_group()
