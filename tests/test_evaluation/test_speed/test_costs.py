from pathlib import Path

import pytest
import torch
from mmengine.analysis import get_model_complexity_info
from torch import nn

from mmextra.evaluation.speed import model_costs
from mmextra.evaluation.speed.costs import count_macs
from tests.helpers import TINY_LARSD, load_tool

ROOT = Path(__file__).parents[3]


def test_multiply_adds_by_hand_and_as_mmengine_counts_them():
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(),
                          nn.Flatten(), nn.Linear(4 * 64, 5)).eval()
    image = torch.zeros(1, 3, 8, 8)
    # 64 places, 4 kernels of 3*3*3; then 256 inputs to 5 outputs.
    assert count_macs(lambda: model(image)) == 64 * 4 * 27 + 256 * 5
    assert get_model_complexity_info(
        model, inputs=(image, ), show_table=False,
        show_arch=False)['flops'] == 64 * 4 * 27 + 256 * 5


def test_costs_on_the_configs_own_data(harbour, tmp_path):
    good, wide, lost = (tmp_path / name for name in (
        'good.py', 'wide.py', 'lost.py'))
    good.write_text(TINY_LARSD.format(data=harbour))
    wide.write_text("_base_ = 'good.py'\n"
                    "train_dataloader = dict(batch_size=3)\n"
                    'model = dict(bbox_head=dict(stacked_convs=6))\n')
    lost.write_text(TINY_LARSD.format(data=tmp_path / 'nowhere'))
    rows = model_costs([str(good), str(wide), str(lost)], rounds=1)
    first, second, third = rows
    assert [row['config'] for row in rows] == [
        str(good), str(wide), str(lost)]
    assert first['problems'] == second['problems'] == []
    assert (first['batch_size'], second['batch_size']) == (2, 3)
    for key in ('parameters', 'macs', 'train_peak_mib'):
        assert second[key] > first[key] > 0
    for row in (first, second):
        assert row['train_step_ms'] > 0 and row['latency_ms'] > 0
        # A training keeps what the backward pass needs.
        assert row['train_peak_mib'] > row['test_peak_mib'] > 0
    # What cannot be measured has a reason, and ends nothing else.
    assert third['parameters'] == first['parameters']
    assert 'latency_ms' not in third and 'macs' not in third
    assert 'train data: FileNotFoundError' in third['problems'][0]
    assert 'nowhere' in third['problems'][0]


def test_more_checkpoints_than_configs(capsys):
    tool = load_tool('analysis_tools/model_costs.py')
    with pytest.raises(SystemExit):
        tool.main(['a.py', '--checkpoints', 'none', 'none'])
    assert '1 configs but 2 checkpoints' in capsys.readouterr().err
