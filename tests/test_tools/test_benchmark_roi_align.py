import json

import pytest

from mmextra.apis.analysis.roi_speed import RoISizes, random_rois
from tests.helpers import load_tool


@pytest.fixture(scope='module')
def tool():
    return load_tool('analysis_tools/benchmark_roi_align.py')


def test_table_and_file(tool, tmp_path, capsys):
    out = tmp_path / 'rows.json'
    rows = tool.main(['--channels', '3', '--side', '8', '--rois', '20',
                      '--rounds', '2', '--threads', '1', '--out', str(out)])
    assert json.loads(out.read_text()) == rows
    assert [row['what'] for row in rows] == ['features',
                                             'features, gradients']
    for row in rows:
        assert row['mmcv_ms'] > 0 and row['bags_ms'] > 0
        assert row['faster'] == row['mmcv_ms'] / row['bags_ms']
        assert 0 <= row['difference'] < 1e-4
    assert '20 RoIs, 3 x 8 x 8, 1 threads, median of 2' in \
        capsys.readouterr().out


def test_rois_lie_in_the_image():
    rois = random_rois(RoISizes(side=8, rois=200))
    assert rois[:, 1:].min() >= 0 and rois[:, 1:].max() <= 128
    assert (rois[:, 3:] - rois[:, 1:3]).min() >= 16


def test_bad_numbers(tool, capsys):
    for option, value in (('--rois', '0'), ('--sampling-ratio', '-1')):
        with pytest.raises(SystemExit):
            tool.main([option, value])
        assert option in capsys.readouterr().err
