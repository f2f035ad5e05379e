import json

import pytest
import torch

from mmextra.apis.analysis.assigner_speed import contestants
from tests.helpers import load_tool


@pytest.fixture(scope='module')
def tool():
    return load_tool('analysis_tools/benchmark_assigner.py')


def test_both_assign_the_same_boxes(tool):
    calls = contestants(tool.MODELS, 64, 2)
    levels = calls['same_center']()
    # 5 priors at the locations of strides 4, 8 and 16
    assert [tuple(level.shape) for level in levels] == [
        (256, 5), (64, 5), (16, 5)]
    result = calls['max_iou']()
    assert len(result.gt_inds) == (256 + 64 + 16) * 5
    found = torch.cat([level.flatten() for level in levels])
    assert set(found[found >= 0].tolist()) == {0, 1}
    assert set(result.gt_inds[result.gt_inds > 0].tolist()) == {1, 2}


def test_table_and_file(tool, tmp_path, capsys):
    out = tmp_path / 'rows.json'
    rows = tool.main(['--objects', '1', '3', '--size', '32', '--rounds', '2',
                      '--threads', '1', '--out', str(out)])
    assert [row['objects'] for row in rows] == [1, 3]
    for row in rows:
        assert list(row) == ['objects', 'same_center_ms', 'max_iou_ms',
                             'ratio']
        assert row['same_center_ms'] > 0 and row['max_iou_ms'] > 0
        assert row['ratio'] == row['max_iou_ms'] / row['same_center_ms']
    assert json.loads(out.read_text()) == rows
    printed = capsys.readouterr().out
    for text in ('32 x 32, 1 threads, median of 2', 'SameCenterAssigner ms',
                 'MaxIoUAssigner ms', 'ratio'):
        assert text in printed
    assert f'{rows[1]["max_iou_ms"]:.1f}' in printed


def test_numbers_must_be_positive(tool, capsys):
    with pytest.raises(SystemExit) as stop:
        tool.main(['--rounds', '0'])
    assert stop.value.code == 2
    assert 'must be positive' in capsys.readouterr().err


def test_orphans_lie_between_the_locations(tool):
    """Each gets the nearest location of one level, none by lying in it."""
    assigned = torch.cat([level.flatten() for level in contestants(
        tool.MODELS, 256, 20, orphans=True)['same_center']()])
    ships = assigned[assigned >= 0]
    assert 1 < len(ships.unique()) <= len(ships) <= 20
