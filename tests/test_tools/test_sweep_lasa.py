import json
import math
import re
from pathlib import Path

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from mmextra.apis.analysis import lasa_sweep
from tests.helpers import load_tool

ROOT = Path(__file__).parents[2]
LARSD = """
_base_ = '{root}/configs/larsd/synthetic.py'
model = dict(
    backbone=dict(base_channels=8),
    neck=dict(in_channels=[8, 16, 32, 64], mid_channels=[8, 8, 8],
              out_channels=16),
    bbox_head=dict(in_channels=16, feat_channels=16),
    test_cfg=dict(score_thr=0.02, nms_pre=200, lasa=dict(min_score=0.01)))
test_dataloader = dict(
    batch_size=4, num_workers=0, persistent_workers=False,
    dataset=dict(data_root='{data}/', ann_file='ImageSets/train.txt'))
"""
RETINA = LARSD + """
model.update(
    neck=dict(_delete_=True, type='mmdet.FPN', in_channels=[8, 16, 32, 64],
              out_channels=16, num_outs=4),
    bbox_head=dict(
        _delete_=True, type='mmdet.LASARetinaHead', num_classes=1,
        in_channels=16, feat_channels=16, stacked_convs=1,
        anchor_generator=dict(
            type='FakeRotatedAnchorGenerator', angle_version='le90',
            octave_base_scale=4, scales_per_octave=1, ratios=[0.2, 5.0],
            strides=[4, 8, 16, 32]),
        bbox_coder=dict(
            type='DeltaXYWHTRBBoxCoder', angle_version='le90',
            norm_factor=None, edge_swap=True, proj_xy=True),
        loss_cls=dict(type='mmdet.FocalLoss', use_sigmoid=True),
        loss_bbox=dict(type='mmdet.L1Loss')),
    train_cfg=None,
    test_cfg=dict(lasa=None, score_thr=0.0, nms_pre=50))
"""
WIDE = dict(pattern='rect9', extent=0.9, mode='replace')
NARROW = dict(pattern='diamond5', extent=0.5, mode='geomean')


@pytest.fixture(scope='module')
def tool():
    return load_tool('analysis_tools/sweep_lasa.py')


def build(config, text, harbour, name):
    path = config / f'{name}.py'
    path.write_text(text.format(root=ROOT, data=harbour))
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.init_weights()
    return path, cfg, model


@pytest.fixture(scope='module')
def larsd(tmp_path_factory, harbour):
    """Config and weights that found some ships of the test images."""
    folder = tmp_path_factory.mktemp('sweep')
    path, cfg, model = build(folder, LARSD, harbour, 'larsd')
    loader = Runner.build_dataloader(cfg.test_dataloader)
    batch = next(iter(loader))
    for sample in batch['data_samples']:
        # 128 x 128 images enter the network at 384 x 384.
        assert sample.scale_factor == (3., 3.)
        sample.gt_instances.bboxes.rescale_((3., 3.))
    data = model.data_preprocessor(batch, True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    model.train()
    # After 60 steps AP50 was 0.0995 on one CPU and above 0.1 on another.
    for _ in range(120):
        losses = model.loss(data['inputs'], data['data_samples'])
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    checkpoint = folder / 'larsd.pth'
    torch.save(dict(state_dict=model.state_dict(), meta={}), checkpoint)
    return path, checkpoint


def plain_test(path, checkpoint, lasa, iou_thrs, work_dir):
    """Metrics of mmengine's own test loop."""
    cfg = Config.fromfile(path)
    cfg.model.test_cfg.lasa = lasa
    cfg.test_evaluator = [
        dict(evaluator, iou_thrs=iou_thrs) for evaluator in
        cfg.test_evaluator
    ]
    cfg.custom_hooks = []
    cfg.load_from = str(checkpoint)
    cfg.work_dir = str(work_dir)
    return Runner.from_cfg(cfg).test()


def test_rows_equal_plain_tests(larsd, tmp_path):
    path, checkpoint = larsd
    settings = [None, WIDE, NARROW]
    rows = lasa_sweep.sweep(Config.fromfile(path), str(checkpoint),
                      settings)['rows']
    lasa = dict(type='LocalityAwareScoreAlign', min_score=0.01)
    for row, setting in zip(rows, settings):
        expected = plain_test(path, checkpoint, setting and dict(
            lasa, **setting), lasa_sweep.IOU_THRS, tmp_path)
        assert set(row['metrics']) == {
            f'{prefix}/{value}' for prefix in ('voc07', 'voc12')
            for value in ('AP50', 'AP75', 'mAP')}
        assert row['metrics'] == {key: expected[key] for key in row['metrics']}
    # Not all alike, or the above would say nothing.
    assert len({row['metrics']['voc12/mAP'] for row in rows}) == 3
    assert all(row['metrics']['voc12/AP50'] > 0.1 for row in rows)


def test_half_precision_is_near_and_told(larsd):
    path, checkpoint = larsd
    # 6 images with 12096 locations, 5 priors, 1 score and 5 coordinates
    size = 6 * 12096 * 5 * 6 * 4
    results = [lasa_sweep.sweep(Config.fromfile(path), str(checkpoint), [None],
                          limit=limit) for limit in (size, size - 1)]
    assert results[0]['cache'] == (
        f'outputs of 6 images: {size / 2**20:.1f} MiB in single precision')
    assert (f'6 images: {size / 2**21:.1f} MiB in half precision'
            in results[1]['cache'])
    single, half = (result['rows'][0]['metrics'] for result in results)
    assert half == pytest.approx(single, abs=0.05)


def test_other_heads_detect_as_in_a_plain_test(tmp_path, harbour):
    _, cfg, model = build(tmp_path, RETINA, harbour, 'retina')
    loader = Runner.build_dataloader(cfg.test_dataloader)
    cache = lasa_sweep.run_network(model, loader, 2**30)
    found = []

    class Recorder:

        def process(self, samples):
            found.extend(sample.pred_instances for sample in samples)

        def evaluate(self, size):
            assert size == 6
            return {'voc12/AP50': 0.5, 'voc12/recall50': 0.5}

    scores = []
    for setting in (NARROW, None, NARROW):
        lasa = setting and dict(type='LocalityAwareScoreAlign', **setting)
        found.clear()
        assert lasa_sweep.evaluate(
            model, cache, lasa, Recorder(),
            torch.device('cpu')) == {'voc12/AP50': 0.5}
        cfg.model.test_cfg.lasa = lasa
        plain = MODELS.build(cfg.model).eval()
        plain.load_state_dict(model.state_dict())
        with torch.no_grad():
            expected = [sample.pred_instances for batch in loader
                        for sample in plain.test_step(batch)]
        assert len(found) == len(expected) == 6
        for ours, theirs in zip(found, expected):
            assert len(ours) > 0
            assert torch.equal(ours.bboxes, theirs.bboxes)
            assert torch.equal(ours.scores, theirs.scores)
        scores.append(torch.cat([ours.scores for ours in found]))
    assert torch.equal(scores[0], scores[2])
    assert scores[0].shape != scores[1].shape or not torch.equal(
        scores[0], scores[1])


def test_cache_counts_halves_and_copies():
    cache = lasa_sweep.OutputCache(30)
    ones = torch.ones(2, 3)
    cache.add(([ones], None), [])
    assert (cache.size, cache.dtype) == (24, torch.float32)
    (restored, ), nothing = cache.restore(0, torch.device('cpu'))
    restored += 1
    assert nothing is None
    assert torch.equal(cache.restore(0, torch.device('cpu'))[0][0], ones)
    cache.add(([ones], None), [])
    assert (cache.size, cache.dtype) == (24, torch.float16)
    restored = cache.restore(1, torch.device('cpu'))[0][0]
    assert torch.equal(restored, ones) and restored.dtype == torch.float32
    with pytest.raises(ValueError, match='after 3 batches; raise the limit'):
        cache.add(([ones], None), [])


def test_metrics_are_those_of_the_config():
    init_default_scope('mmrotate')
    metrics = lasa_sweep.ap_evaluator([
        dict(type='DOTAMetric', metric='mAP'),
        dict(type='MergedRBoxAPMetric', ann_dir='full', edge_margin=4.,
             iou_thrs=0.3, eval_mode='11points', prefix='whole'),
        dict(type='RBoxAPMetric')
    ]).metrics
    assert [type(metric).__name__ for metric in metrics] == [
        'MergedRBoxAPMetric', 'RBoxAPMetric']
    assert (metrics[0].edge_margin, metrics[0].eval_mode,
            metrics[0].prefix) == (4., '11points', 'whole')
    assert all(metric.names == [str(thr) for thr in range(50, 100, 5)]
               for metric in metrics)
    with pytest.raises(ValueError, match='only DOTAMetric; put an RBoxAP'):
        lasa_sweep.ap_evaluator(dict(type='DOTAMetric', metric='mAP'))


def test_best_values_are_marked():
    off = dict(pattern=None, extent=None, mode=None)
    rows = [dict(off, metrics={'a/AP50': 0.5, 'a/mAP': math.nan}),
            dict(WIDE, metrics={'a/AP50': 0.25, 'a/mAP': math.nan}),
            dict(NARROW, metrics={'a/AP50': 0.5, 'a/mAP': math.nan})]
    assert lasa_sweep.cells(rows) == [
        ['pattern', 'extent', 'mode', 'a/AP50', 'a/mAP'],
        ['off', '', '', '0.5000*', 'nan'],
        ['rect9', '0.9', 'replace', '0.2500', 'nan'],
        ['diamond5', '0.5', 'geomean', '0.5000*', 'nan']]
    written = json.loads(lasa_sweep.to_json(dict(rows=rows)))['rows']
    assert written[1] == dict(WIDE, metrics={'a/AP50': 0.25, 'a/mAP': None})


def test_command_prints_and_writes(tool, larsd, tmp_path, capsys):
    config, checkpoint = larsd
    for suffix in ('json', 'md'):
        tool.main([
            str(config), str(checkpoint), '--device', 'cpu', '--patterns',
            'diamond9', 'rect9', '--extents', '0.8', '0.5', '--modes',
            'geomean', '--out', str(tmp_path / 'new' / f'sweep.{suffix}'),
            '--cfg-options', 'test_dataloader.dataset.indices=2'])
    printed = capsys.readouterr().out
    assert 'outputs of 2 images' in printed and 'voc12/AP75' in printed
    # The metrics' own tables would bury it.
    assert 'IoU 0.5 (area)' not in printed
    saved = json.loads((tmp_path / 'new' / 'sweep.json').read_text())
    assert [(row['pattern'], row['extent']) for row in saved['rows']] == [
        (None, None), ('diamond9', 0.8), ('diamond9', 0.5), ('rect9', 0.8),
        ('rect9', 0.5)]
    assert saved['checkpoint'] == str(checkpoint) and saved['split'] == 'test'
    lines = (tmp_path / 'new' / 'sweep.md').read_text().splitlines()
    table = [line for line in lines if line.startswith('|')]
    assert len(table) == 2 + 5 and table[2].startswith('| off |  |  | ')
    value = saved['rows'][3]['metrics']['voc07/AP50']
    assert table[5].startswith(f'| rect9 | 0.8 | geomean | {value:.4f}')


def test_errors_name_what_is_wrong(tool, larsd, tmp_path):
    config, checkpoint = larsd
    bare = tmp_path / 'bare.py'
    bare.write_text(f"_base_ = '{config}'\n"
                    "model = dict(bbox_head=dict(feat_channels=8))\n")
    stock = tmp_path / 'stock.py'
    stock.write_text("_base_ = 'mmrotate::rotated_retinanet/"
                     "rotated-retinanet-rbox-le90_r50_fpn_1x_dota.py'\n")
    dota = tmp_path / 'dota.py'
    dota.write_text(f"_base_ = '{config}'\n"
                    "test_evaluator = dict(_delete_=True, "
                    "type='DOTAMetric', metric='mAP')\n")
    broken = tmp_path / 'broken.pth'
    broken.write_bytes(b'no weights')

    def refuse(message, *arguments):
        with pytest.raises(SystemExit, match=re.escape(message)):
            tool.main([*map(str, arguments), '--device', 'cpu'])

    refuse('there is no config none.py', 'none.py', checkpoint)
    refuse('there is no checkpoint none.pth', config, 'none.pth')
    refuse('LASA extent must be in (0, 1], got 1.5', config, checkpoint,
           '--extents', 1.5)
    refuse('--out must end in .json or .md', config, checkpoint, '--out',
           'sweep.txt')
    refuse('is a RetinaHead, which has no LASA; give', stock, checkpoint)
    refuse('broken.pth is no checkpoint of this config', config, broken)
    refuse('larsd.pth is no checkpoint of this config', bare, checkpoint)
    refuse('has only DOTAMetric', dota, checkpoint)
    refuse('the config has no test_evaluator', config, checkpoint,
           '--cfg-options', 'test_evaluator=None')
    refuse('in half precision after 1 batches', config, checkpoint,
           '--max-cache', 0.0001)
    assert not (tmp_path / 'sweep.txt').exists()
