import json
from pathlib import Path

import pytest

from mmextra.apis.analysis.detector_speed import Contestant
from tests.helpers import load_tool

ROOT = Path(__file__).parents[2]
TINY = """
_base_ = '{root}/configs/larsd/{base}.py'
model = dict(
    backbone=dict(base_channels=4),
    neck=dict(in_channels=[4, 8, 16, 32], out_channels=8{neck}),
    bbox_head=dict(in_channels=8, feat_channels=8))
"""
COLUMNS = [
    'model', 'mode', 'rounds', 'wall_ms', 'cpu_ms', 'assign_ms',
    'wall_min_ms', 'wall_max_ms', 'peak_mib', 'nms_boxes', 'wall_ratio',
    'cpu_ratio'
]


@pytest.fixture(scope='module')
def tool():
    return load_tool('analysis_tools/benchmark_speed.py')


@pytest.fixture
def configs(tmp_path):
    """A rotated RetinaNet and a LARSD with LASA."""
    paths = []
    for name, base, neck in (
            ('retina', 'marina-rotated_retinanet', ''),
            ('larsd', 'synthetic', ', mid_channels=[4, 4, 4]')):
        path = tmp_path / f'{name}.py'
        path.write_text(TINY.format(root=ROOT, base=base, neck=neck))
        paths.append(str(path))
    return paths


def test_all_models_bring_as_many_boxes_to_nms(
        tool, configs, tmp_path, capsys):
    out = tmp_path / 'rows.json'
    rows = tool.main([
        *configs, '--size', '64', '--objects', '3', '--rounds', '1',
        '--batch-size', '2', '--candidates', '300', '--out', str(out)])
    assert [(row['model'], row['mode']) for row in rows] == [
        ('retina', 'train'), ('larsd', 'train'), ('retina', 'test'),
        ('larsd', 'test')]
    for row in rows:
        assert list(row) == COLUMNS and row['rounds'] == 1
        assert row['peak_mib'] > 0
        assert row['nms_boxes'] == (300 if row['mode'] == 'test' else 0)
        assert (row['assign_ms'] > 0) == (row['mode'] == 'train')
    # Training keeps what the backward pass needs.
    assert rows[0]['peak_mib'] > rows[2]['peak_mib']
    assert rows[0]['wall_ratio'] == rows[2]['cpu_ratio'] == 1
    assert json.loads(out.read_text()) == rows
    printed = capsys.readouterr().out
    for text in ('train step, 2 x 64 x 64, cpu, 1 threads, median of 1',
                 'test step', 'boxes to NMS', 'peak MiB',
                 f'{rows[1]["peak_mib"]:.1f}'):
        assert text in printed


def test_candidates_may_exceed_nms_pre_and_what_there_is(tool, configs):
    for candidates in (1500, 10**6):
        rows = tool.main([
            configs[1], '--size', '64', '--objects', '3', '--rounds', '1',
            '--modes', 'test', '--candidates', str(candidates)])
        # 5 priors at the locations of strides 4, 8 and 16
        assert rows[0]['nms_boxes'] == min(candidates, 5 * (256 + 64 + 16))


def test_numbers_must_be_positive(tool, capsys):
    with pytest.raises(SystemExit) as stop:
        tool.main(['any.py', '--candidates', '0'])
    assert stop.value.code == 2
    assert 'must be positive' in capsys.readouterr().err


SMALL_YOLO = """
_base_ = '{root}/configs/lcb_yolov5/{base}.py'
model = dict(backbone=dict(widen_factor=0.0625), neck=dict(
    in_channels=[16, 32, 64]{neck}), bbox_head=dict({head}))
"""


def test_detectors_with_objectness(tool, tmp_path):
    """As many boxes where scores are products of two factors."""
    paths = []
    for name, neck, head in (
            ('visdrone-yolov5s', '', 'in_channels=[16, 32, 64]'),
            ('visdrone-yolox_s', ', out_channels=8',
             'in_channels=8, feat_channels=8')):
        path = tmp_path / f'{name}.py'
        path.write_text(SMALL_YOLO.format(
            root=ROOT, base=name, neck=neck, head=head))
        paths.append(str(path))
    path = tmp_path / 'larsd.py'
    path.write_text(TINY.format(
        root=ROOT, base='synthetic', neck=', mid_channels=[4, 4, 4]') + """
model['bbox_head'].update(num_classes=3, loss_cls=dict(
    _delete_=True, type='ObjectnessClassLoss', use_sigmoid=True))
""")
    rows = tool.main([*paths, str(path), '--size', '128', '--objects', '4',
                      '--rounds', '1', '--candidates', '100'])
    assert [row['nms_boxes'] for row in rows] == [0] * 3 + [100] * 3
    assert all(row['assign_ms'] > 0 for row in rows[:3])


def test_fused_models_are_for_tests(tool, configs, capsys):
    with pytest.raises(SystemExit):
        tool.parse_args([*configs, '--fuse'])
    assert '--modes test' in capsys.readouterr().err
    _, args = tool.parse_args([*configs, '--fuse', '--modes', 'test'])
    assert args.fuse


def test_variant_has_the_same_weights(configs):
    settings = dict(size=64, objects=3, candidates=200, variant={
        'model.test_cfg.lasa': None, 'model.test_cfg.max_per_img': 7})
    first = Contestant(configs[1], **settings)
    second = Contestant(configs[1], **settings, first=first)
    assert first.model.bbox_head.lasa is not None
    assert second.model.bbox_head.lasa is None
    assert second.model.test_cfg.max_per_img == 7
    theirs = second.model.state_dict()
    for name, value in first.model.state_dict().items():
        assert value.equal(theirs[name])


def test_rows_of_a_variant(tool, configs):
    rows = tool.main([
        *configs, '--size', '64', '--objects', '3', '--rounds', '1',
        '--modes', 'test', '--candidates', '200', '--fuse', '--variant',
        'model.test_cfg.max_per_img=7'])
    assert [row['model'] for row in rows] == [
        'retina', 'retina model.test_cfg.max_per_img=7', 'larsd',
        'larsd model.test_cfg.max_per_img=7']
    assert all(row['nms_boxes'] == 200 for row in rows)


@pytest.mark.parametrize('variant, message', [
    ('model.test_cfg.lassa=None', 'lassa: .*larsd.py has no such key'),
    ('model.test_cfg.lasa.mode.deep=1', 'has no such key'),
    ('model.test_cfg.lasa.mode=geomean', 'has the value geomean already'),
    ('model.bbox_head.feat_channels=4', 'leave the weights as they are'),
])
def test_variant_that_is_none(tool, configs, variant, message):
    with pytest.raises(SystemExit, match=message):
        tool.main([configs[1], '--size', '64', '--modes', 'test',
                   '--variant', variant])


def test_variants_are_for_tests(tool, configs, capsys):
    with pytest.raises(SystemExit):
        tool.parse_args([*configs, '--variant', 'model.test_cfg.lasa=None'])
    assert '--modes test' in capsys.readouterr().err
