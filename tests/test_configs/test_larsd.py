"""Every config builds what its name says."""
from pathlib import Path

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmrotate.registry import MODELS
from mmrotate.structures.bbox import RotatedBoxes

from mmextra.evaluation.references import get_reference
from tests.helpers import learn_and_detect, random_rboxes

CONFIGS = Path(__file__).parents[2] / 'configs'
LARSD = sorted(p.stem for p in (CONFIGS / 'larsd').glob('*.py'))
# (strides, priors per location, LASA pattern) of the rows in Tables II-IV
ROWS = {
    'p2': ([4], 1, None),
    'p2_rect9': ([4], 1, 'rect9'),
    'p2_diamond5': ([4], 1, 'diamond5'),
    'p2_diamond9': ([4], 1, 'diamond9'),
    'p2_diamond13': ([4], 1, 'diamond13'),
    'p3': ([8], 1, None),
    'p4': ([16], 1, None),
    'p2p3p4': ([4, 8, 16], 1, None),
    'p2p3p4_diamond9': ([4, 8, 16], 1, 'diamond9'),
    'p2_anchors': ([4], 15, None),
    'p2p3p4_anchors': ([4, 8, 16], 5, None),
    '': ([4, 8, 16], 5, 'diamond9'),
}


def load(name):
    cfg = Config.fromfile(CONFIGS / 'larsd' / f'{name}.py')
    init_default_scope(cfg.default_scope)
    return cfg


def resizes(pipeline):
    return [step for step in pipeline if 'Resize' in step['type']]


@pytest.mark.parametrize('name', LARSD)
def test_config_is_consistent(name):
    cfg = load(name)
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        for step in resizes(cfg[loader].dataset.pipeline):
            # Anisotropic scales break the angle of rotated boxes.
            assert step['keep_ratio']
    assert cfg.model.data_preprocessor.boxtype2tensor is False
    hook, = [h for h in cfg.custom_hooks if 'BenchmarkHook' in h['type']]
    if hook.get('reference'):
        reference = get_reference(hook['reference'])
        assert hook.get('dataset', 'HRSC2016') in str(reference)
    assert cfg.default_hooks.visualization


def shrink(cfg):
    """The model of a config with a handful of channels."""
    model = cfg.model
    model.backbone.init_cfg = None
    model.neck.update(out_channels=8)
    if 'MobileNetV2' not in model.backbone.type:
        model.backbone.update(depth=18, base_channels=4)
        model.neck.update(in_channels=[4, 8, 16, 32])
    if 'mid_channels' in model.neck:
        model.neck.update(mid_channels=[4, 4, 4])
    if 'bbox_head' in model:
        model.bbox_head.update(in_channels=8, feat_channels=8)
        return model
    model.rpn_head.update(in_channels=8, feat_channels=8)
    for extractor in model.roi_head.bbox_roi_extractor:
        extractor.update(out_channels=8)
    for head in model.roi_head.bbox_head:
        head.update(in_channels=8, fc_out_channels=16)
    model.train_cfg.rpn_proposal.update(nms_pre=50, max_per_img=20)
    model.test_cfg.rpn.update(nms_pre=50, max_per_img=20)
    return model


def train_and_predict(model, size):
    """One step on two images; every weight must take part in it."""
    sample = DetDataSample(metainfo=dict(
        img_shape=(size, size), batch_input_shape=(size, size),
        scale_factor=(1., 1.)))
    sample.gt_instances = InstanceData(
        bboxes=RotatedBoxes(random_rboxes(6, extent=size)),
        labels=torch.zeros(6, dtype=torch.long))
    sample.ignored_instances = InstanceData(
        bboxes=RotatedBoxes(torch.zeros(0, 5)),
        labels=torch.zeros(0, dtype=torch.long))
    _, results = learn_and_detect(model, [sample] * 2, size)
    assert results[0].pred_instances.bboxes.shape[-1] == 5


@pytest.mark.parametrize('dataset', ['hrsc2016', 'hrsd', 'synthetic'])
@pytest.mark.parametrize('row', sorted(ROWS))
def test_rows_of_the_tables(dataset, row):
    cfg = load(f'{dataset}-{row}' if row else dataset)
    strides, count, pattern = ROWS[row]
    model = MODELS.build(shrink(cfg))
    head = model.bbox_head
    assert [s[0] for s in head.prior_generator.strides] == strides
    assert head.num_base_priors == count
    assert (cfg.model.test_cfg.lasa or {}).get('pattern') == pattern
    assert (head.lasa is None) == (pattern is None)
    assert head.assigner.match_shape == (count > 1)
    train_and_predict(model, 128)


@pytest.mark.parametrize('name', [
    name for name in LARSD
    if name.partition('-')[0] == 'marina' or name.partition('-')[2] not in ROWS
])
def test_other_models_learn_and_detect(name):
    train_and_predict(MODELS.build(shrink(load(name))), 64)


@pytest.mark.parametrize('dataset', ['hrsc2016', 'hrsd'])
def test_what_the_variants_change(dataset):
    cfg = load(f'{dataset}-30k')
    steps = cfg.param_scheduler[1]
    assert cfg.train_cfg.max_iters == steps.end == 30000
    assert steps.milestones == sorted(steps.milestones)
    assert steps.milestones[0] > 500 and steps.milestones[-1] < 30000
    assert load(f'{dataset}-geomean').model.test_cfg.lasa.mode == 'geomean'
    weights = [
        sum(p.numel() for p in MODELS.build(part).parameters())
        for part in (load(f'{dataset}-fast').model.neck,
                     load(dataset).model.neck)
    ]
    assert weights[0] < weights[1] / 2
    reduced = load(f'{dataset}-reduce_first').model
    assert reduced.neck.pop('fuse_order') == '1x1-3x3'
    assert reduced.neck == load(dataset).model.neck
    assert reduced.bbox_head == load(dataset).model.bbox_head


def test_literal_schedule_divides_every_10k():
    cfg = load('hrsd-literal_schedule')
    assert cfg.param_scheduler[1].type == 'StepLR'
    assert cfg.param_scheduler[1].step_size == 10000
    assert load('hrsd').optim_wrapper.optimizer.lr == 0.001
    assert load('hrsd').train_cfg.max_iters == 90000
