import json

import numpy as np
import pytest

from mmextra.apis.analysis import geometry_speed
from tests.helpers import load_tool


@pytest.fixture(scope='module')
def tool():
    return load_tool('analysis_tools/benchmark_geometry.py')


OPTIONS = ['--pairs', '20', '--accuracy-pairs', '30', '--candidates', '60',
           '--ships', '5', '--rounds', '2', '--threads', '1']


def test_tables_and_file(tool, tmp_path, capsys):
    out = tmp_path / 'rows.json'
    rows = tool.main([*OPTIONS, '--out', str(out)])
    assert json.loads(out.read_text()) == rows
    assert rows['iou'][0]['pairs'] == 20
    assert rows['iou'][0]['rectangles_ms'] > 0
    piled, spread = rows['nms']
    assert (piled['ships'], spread['ships']) == (5, 0)
    assert 5 <= piled['ours_kept'] < spread['ours_kept'] <= 60
    assert spread['ours_kept'] == spread['mmcv_kept']
    assert 'NMS at 0.1, median of 2' in capsys.readouterr().out
    installed = geometry_speed.find_shapely() is not None
    assert bool(rows['accuracy']) == installed
    for row in rows['accuracy']:
        assert max(row['rectangles'], row['quadrilaterals']) < 1e-9


def test_without_shapely_the_rest_is_measured(tool, monkeypatch, capsys):
    monkeypatch.setattr(geometry_speed, 'shapely', None)
    rows = tool.main(OPTIONS)
    assert rows['accuracy'] == [] and 'shapely_ms' not in rows['iou'][0]
    assert 'pip install shapely' in capsys.readouterr().out


def test_adversarial_pairs_have_the_iou_they_are_made_for():
    pairs = geometry_speed.adversarial_pairs(np.random.default_rng(1), 50)
    for kind, expected in (('identical', 1), ('turned', 1), ('slid', .6),
                           ('far away', .6)):
        np.testing.assert_allclose(
            geometry_speed.our_overlaps(*pairs[kind]), expected, atol=1e-9)
    one, two = pairs['collinear']
    np.testing.assert_allclose(geometry_speed.our_overlaps(one, two),
                               one[:, 2] / two[:, 2], atol=1e-9)
