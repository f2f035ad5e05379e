"""Few-shot training and testing by the stock runner and tools."""
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.registry import DATASETS, MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmengine.structures import InstanceData

from mmextra.apis.analysis.class_proposals import over_classes
from mmextra.evaluation.speed import model_costs
from mmextra.models.dense_heads import LCRPNHead
from mmextra.synthetic import make_toys
from tests.helpers import load_tool

ROOT = Path(__file__).parents[2]
GCN = dict(
    num_support_shots=1,
    backbone=dict(base_channels=8),
    rpn_head=dict(in_channels=32, feat_channels=32,
                  gcn=dict(gcn_channels=(16, 32))),
    roi_head=dict(bbox_roi_extractor=dict(out_channels=32),
                  bbox_head=dict(in_channels=32)),
    test_cfg=dict(rpn=dict(max_per_img=5), rcnn=dict(score_thr=0.)))
TFA = dict(
    backbone=dict(base_channels=8),
    rpn_head=dict(in_channels=32, feat_channels=32),
    roi_head=dict(bbox_roi_extractor=dict(out_channels=32),
                  bbox_head=dict(in_channels=32, fc_out_channels=16)),
    test_cfg=dict(rpn=dict(max_per_img=5), rcnn=dict(score_thr=0.)))


@pytest.fixture(scope='module')
def toys(tmp_path_factory):
    root = tmp_path_factory.mktemp('chain') / 'toys'
    make_toys(root, num_train=60, num_val=60, num_test=4, toys=(3, 6))
    return root


def tiny(name, toys, work, **options):
    cfg = Config.fromfile(ROOT / 'configs' / 'gcn_fsod' / f'{name}.py')
    text = cfg.pretty_text.replace('data/synthetic_toys/', f'{toys}/')
    path = work / f'{name}.py'
    path.write_text(text)
    cfg = Config.fromfile(path)
    model = TFA if 'tfa' in name else GCN
    cfg.merge_from_dict(dict(
        model=model, work_dir=str(work / name),
        train_cfg=dict(max_iters=2, val_interval=2),
        default_hooks=dict(checkpoint=dict(interval=2)), load_from=None))
    cfg.val_dataloader.dataset.indices = 3
    if 'tfa' not in name:
        cfg.train_dataloader.dataset.num_support_shots = 1
    cfg.merge_from_dict(options)
    return cfg


def trained(cfg):
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def row(folder, mode):
    text = (Path(folder) / 'benchmark.json').read_text()
    return {one['mode']: one for one in json.loads(text)['rows']}[mode]


def test_base_training_then_novel_classes(toys, tmp_path):
    """Base training, fine-tuning and test, as the configs say."""
    base = trained(tiny('synthetic', toys, tmp_path))
    assert row(base.work_dir, 'val')['measured'][
        'coco/BASE_CLASSES_bbox_mAP'] >= 0
    assert set(base.model.support_bank) == set(range(16))
    checkpoint = str(tmp_path / 'synthetic' / 'iter_2.pth')
    before = torch.load(checkpoint, weights_only=True)['state_dict']
    tuned = trained(tiny('synthetic-5shot', toys, tmp_path,
                         load_from=checkpoint))
    after = tuned.model.state_dict()
    backbone = [key for key in before if key.startswith('backbone')]
    assert backbone
    assert all(torch.equal(before[key], after[key]) for key in backbone)
    for key in ('rpn_head.gcn.theta1', 'roi_head.bbox_head.fc_reg.weight'):
        assert not torch.equal(before[key], after[key])
    result = row(tuned.work_dir, 'val')
    assert 'coco/NOVEL_CLASSES_bbox_mAP_50' in result['measured']
    assert result['synthetic'] and result['split'] == 'test'


@pytest.mark.parametrize('names', [
    ('synthetic-attention_rpn', 'synthetic-5shot-attention_rpn'),
    ('synthetic-tfa_base', 'synthetic-5shot-tfa')])
def test_baselines(names, toys, tmp_path):
    for name in names:
        measured = row(trained(tiny(name, toys, tmp_path)).work_dir,
                       'val')['measured']
    assert 'coco/NOVEL_CLASSES_bbox_mAP_50' in measured


def test_missing_hook_and_other_classes_are_told(toys, tmp_path):
    cfg = tiny('synthetic-5shot', toys, tmp_path)
    hook = cfg.custom_hooks[0]
    cfg.custom_hooks = []
    with pytest.raises(RuntimeError, match='SupportInitHook'):
        Runner.from_cfg(cfg).test()
    hook.dataset.classes = ('bolt', 'gear', 'heart', 'star')
    hook.dataset.ann_shot_filter = dict.fromkeys(hook.dataset.classes, 1)
    del hook.dataset['num_novel_shots']
    cfg.custom_hooks = [hook]
    with pytest.raises(ValueError, match='same classes in the same order'):
        Runner.from_cfg(cfg).test()


def test_two_processes_equal_one(toys, tmp_path):
    """The stock test tool; every process sees all supports."""
    cfg = tiny('synthetic-5shot', toys, tmp_path)
    path = tmp_path / 'tested.py'
    cfg.dump(path)
    checkpoint = tmp_path / 'random.pth'
    torch.manual_seed(0)
    runner = Runner.from_cfg(cfg)
    # Detections at random places would all count as wrong.
    torch.save(dict(state_dict=runner.model.state_dict(), meta=dict(
        dataset_meta=dict(classes=('star', 'gear', 'heart', 'bolt')))),
        checkpoint)
    environment = dict(os.environ, OMP_NUM_THREADS='1',
                       PYTHON=sys.executable, PYTHONWARNINGS='ignore')
    found = []
    for number, command in enumerate((
            [sys.executable, ROOT / 'tools' / 'test.py', path, checkpoint],
            ['bash', ROOT / 'tools' / 'dist_test.sh', path, checkpoint,
             '2'])):
        work = tmp_path / f'by_{number + 1}'
        boxes = work / 'boxes'
        done = subprocess.run(
            [str(part) for part in command] + [
                '--work-dir', str(work), '--cfg-options',
                f'test_evaluator.outfile_prefix={boxes}'],
            cwd=tmp_path, env=environment, capture_output=True, text=True,
            timeout=600)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        assert row(work, 'test')['world_size'] == number + 1
        found.append(sorted(
            (one['image_id'], one['category_id'], one['score'],
             *one['bbox'])
            for one in json.loads(Path(f'{boxes}.bbox.json').read_text())))
    assert len(found[0]) > 20
    assert found[0] == found[1]


def test_costs_of_a_detector_that_is_shown_its_classes(toys, tmp_path):
    path = tmp_path / 'costs.py'
    tiny('synthetic', toys, tmp_path).dump(path)
    row, = model_costs([str(path)], rounds=1)
    assert row['problems'] == []
    assert row['macs'] > 0 and row['latency_ms'] > 0


def test_what_the_rpn_knows_of_each_class(toys, tmp_path, monkeypatch,
                                          capsys):
    """An RPN that says a known thing: boxes of 0.6 of the width, sure of
    pictures with the class, but for class 1 of those without."""
    cfg = tiny('synthetic', toys, tmp_path)
    init_default_scope('mmdet')
    torch.save(MODELS.build(cfg.model).state_dict(), tmp_path / 'any.pth')
    cfg.test_dataloader.dataset.indices = 12
    cfg.dump(tmp_path / 'dumped.py')
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    truth = [dataset.get_data_info(i) for i in range(len(dataset))]
    by_path = {info['img_path']: info['instances'] for info in truth}

    def known(self, x, samples, rescale=False, *, supports, images):
        sample, = samples
        results = []
        for label in range(len(supports.vectors)):
            boxes = torch.tensor(
                [one['bbox'] for one in by_path[sample.img_path]
                 if one['bbox_label'] == label]).reshape(-1, 4)
            boxes = boxes * torch.tensor(sample.scale_factor).repeat(2)
            boxes[:, 2] -= .4 * (boxes[:, 2] - boxes[:, 0])
            sure = .9 if (len(boxes) > 0) != (label == 1) else .1
            boxes = torch.cat([boxes, torch.tensor([[0., 0., 1., 1.]])])
            results.append(InstanceData(
                bboxes=boxes, scores=torch.full((len(boxes), ), sure)))
        return results

    monkeypatch.setattr(LCRPNHead, 'predict', known)
    tool = load_tool('analysis_tools/few_shot_proposals.py')
    arguments = [str(tmp_path / 'dumped.py'), str(tmp_path / 'any.pth'),
                 '--tops', '1', '50', '--device', 'cpu']
    tool.main([*arguments, '--out', str(tmp_path / 'rows.json')])
    rows = json.loads((tmp_path / 'rows.json').read_text())
    assert [one['name'] for one in rows] == list(
        dataset.metainfo['classes'])
    for label, one in enumerate(rows):
        counts = [sum(box['bbox_label'] == label
                      for box in info['instances']) for info in truth]
        assert one['objects'] == sum(counts)
        assert one['images'] == sum(count > 0 for count in counts)
        if not one['objects']:
            assert math.isnan(one['recall_50_0.5'])
            continue
        assert one['auc'] == (0 if label == 1 else 1)
        assert one['recall_50_0.5'] == 1 and one['recall_50_0.75'] == 0
        assert one['recall_1_0.5'] == pytest.approx(
            one['images'] / one['objects'])
    total = sum(one['objects'] for one in rows)
    assert total > 20
    together = over_classes(rows)
    assert together['recall_1_0.5'] == pytest.approx(
        sum(one['images'] for one in rows) / total)
    assert together['auc'] == pytest.approx(np.nanmean(
        [one['auc'] for one in rows]))
    capsys.readouterr()
    tool.main([*arguments, '--classes', rows[1]['name']])
    printed = capsys.readouterr().out
    assert f'│ {rows[1]["name"]} ' in printed
    assert f'│ {rows[2]["name"]} ' not in printed
    with pytest.raises(SystemExit, match='gnu'):
        tool.main([*arguments, '--classes', 'gnu'])
    with pytest.raises(SystemExit):
        tool.main([*arguments, '--tops', '5', '0'])
    cfg.custom_hooks = []
    cfg.dump(tmp_path / 'dumped.py')
    with pytest.raises(SystemExit, match='SupportInitHook'):
        tool.main(arguments)
