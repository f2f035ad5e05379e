"""Few-shot training and testing by the stock runner and tools."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from mmextra.evaluation.speed import model_costs
from mmextra.synthetic import make_toys

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
