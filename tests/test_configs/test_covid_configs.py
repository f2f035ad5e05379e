"""Every config builds what its row of the tables says."""
import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmextra.evaluation.benchmark import model_facts
from mmextra.evaluation.references import get_reference
from tests.helpers import worked_case

CONFIGS = Path(__file__).parents[2] / 'configs' / 'covid_ct_mask_net'
ALL = sorted(path.stem for path in CONFIGS.glob('*.py'))
ROWS = worked_case('covid_ct_mask_net', 'param_counts')['rows']
NAMES = {'r50_t0': 'r50', 'r18_t0': 'r18', 'r34_t0': 'r34'}


def load(name):
    cfg = Config.fromfile(CONFIGS / f'{name}.py')
    init_default_scope(cfg.default_scope)
    return cfg


def shrink(cfg):
    """The model with an eighth of the channels of its backbone."""
    model = cfg.model
    base = model.backbone.get('base_channels', 64)
    model.backbone.update(base_channels=8, init_cfg=None)
    wide = model.neck.in_channels
    model.neck.in_channels = (
        [width * 8 // base for width in wide] if isinstance(wide, list)
        else wide * 8 // base)
    model.roi_head.bbox_head.fc_out_channels = 16
    return model


def count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize('row', sorted(ROWS))
def test_weights_of_the_segmentation_models(row):
    case = ROWS[row]
    model = MODELS.build(load(f'cncb-{NAMES.get(row, row)}').model)
    parts = case['seg']
    assert count(model.backbone) == parts['backbone']
    assert count(model.neck) == parts['neck']
    assert count(model.rpn_head) == parts['rpn_head']
    assert count(model.roi_head.bbox_head) == parts['bbox_head']
    assert count(model.roi_head.mask_head) == parts['mask_head']
    facts = model_facts(model)
    assert facts['parameters'] == facts['trainable'] == parts['params']
    assert facts['state'] == case['seg_state']
    assert facts['state'] - facts['parameters'] == parts['bn_buffers']


@pytest.mark.parametrize('row', sorted(ROWS))
def test_weights_of_the_classifiers(row):
    case = ROWS[row]
    cfg = load(f'covidx-{NAMES.get(row, row)}')
    assert cfg.load_from == f'work_dirs/cncb-{NAMES.get(row, row)}/' \
        'epoch_100.pth'
    model = MODELS.build(cfg.model)
    assert count(model.img_head) == case['S_params']
    facts = model_facts(model)
    assert facts['parameters'] == case['cls_params']
    assert facts['state'] == case['cls_state']
    assert facts['trainable'] == case['trainable_S_plus_all_bn']
    cfg.model.train_norm = 'no_shortcut'
    facts = model_facts(MODELS.build(cfg.model))
    assert facts['trainable'] == case['trainable_S_plus_bn_not_downsample']


def test_weights_with_two_classes():
    """The text calls the effect of a second class marginal."""
    assert count(MODELS.build(load('cncb-r18_t1_both').model)) == 6051939
    assert count(MODELS.build(load('cncb-r50_both').model)) == 31727971


@pytest.mark.parametrize('name', ALL)
def test_config_is_consistent(name):
    cfg = load(name)
    text = (CONFIGS / f'{name}.py').read_text()
    comment = ' '.join(
        line.lstrip('# ') for line in text.splitlines()
        if line.startswith('#'))
    assert 'Research only, not a medical device.' in comment
    model = cfg.model
    # A wrong stride runs, and takes features from the wrong pixels.
    strides = model.rpn_head.anchor_generator.strides
    extractors = [model.roi_head.bbox_roi_extractor]
    if model.type == 'MaskRCNN':
        extractors.append(model.roi_head.mask_roi_extractor)
        num_classes = model.roi_head.bbox_head.num_classes
        assert num_classes == model.roi_head.mask_head.num_classes
        for loader in ('train_dataloader', 'val_dataloader',
                       'test_dataloader'):
            mode = cfg[loader].dataset.class_mode
            assert num_classes == dict(merge=1, both=2, ggo=1)[mode]
    for extractor in extractors:
        # mmdet's pyramid has a fifth level, for the RPN alone.
        assert extractor.featmap_strides == strides[:4]
    if model.backbone.type == 'TruncatedResNet':
        backbone = MODELS.build(dict(model.backbone, init_cfg=None))
        assert backbone.out_strides == strides
        channels = model.neck.in_channels
        assert backbone.out_channels == (
            channels if isinstance(channels, list) else [channels])
    if model.type == 'COVIDCTMaskNet':
        assert model.test_cfg.rcnn.max_per_img == model.img_head.num_rois
        assert model.test_cfg.rcnn.score_thr < 0
    hook, = [h for h in cfg.custom_hooks if 'BenchmarkHook' in h['type']]
    references = hook.get('reference') or []
    for reference in [references] if isinstance(
            references, str) else references:
        get_reference(reference)
        dataset = hook.get('dataset')
        assert reference.endswith(dataset) if dataset else name.startswith(
            'synthetic')


def test_lightest_models_train_and_predict():
    """The networks as they are, on one small image."""
    for name in ('cncb-r18_t1', 'covidx-r18_t1'):
        torch.manual_seed(0)
        cfg = load(name)
        model = MODELS.build(cfg.model)
        model.init_weights()
        mask = np.zeros((2, 96, 96), np.uint8)
        mask[0, 10:40, 10:40] = mask[1, 50:90, 30:80] = 1
        sample = DetDataSample(metainfo=dict(
            img_id='a', img_path='a.png', img_shape=(96, 96), img_label=1,
            ori_shape=(96, 96), batch_input_shape=(96, 96),
            scale_factor=(1., 1.)))
        sample.gt_instances = InstanceData(
            bboxes=HorizontalBoxes(torch.tensor(
                [[10., 10, 40, 40], [30, 50, 80, 90]])),
            labels=torch.zeros(2, dtype=torch.long),
            masks=BitmapMasks(mask, 96, 96))
        data = dict(inputs=[torch.randint(0, 256, (3, 96, 96))],
                    data_samples=[sample])
        model.train()
        batch = model.data_preprocessor(copy.deepcopy(data), True)
        total, _ = model.parse_losses(
            model.loss(batch['inputs'], batch['data_samples']))
        assert total.isfinite() and total > 0
        total.backward()
        assert all(p.grad is not None for p in model.parameters()
                   if p.requires_grad)
        model.eval()
        with torch.no_grad():
            found = model.test_step(data)[0]
        if name.startswith('covidx'):
            assert found.pred_img_logits.shape == (3, )
            assert 0 < len(found.pred_instances) <= 128
        else:
            assert found.pred_instances.masks.shape[1:] == (96, 96)


def test_two_class_classifier_builds():
    model = MODELS.build(load('covidx-r50_both').model)
    assert model.roi_head.bbox_head.num_classes == 2
    assert count(model.img_head) == 2364419
    assert load('covidx-r18_t1_xyxy').model.img_head.box_repr == 'xyxy_norm'


def test_schedules():
    seg, cls = load('cncb-r34'), load('covidx-r34')
    assert (seg.train_cfg.max_epochs, cls.train_cfg.max_epochs) == (100, 50)
    for cfg, batch_size in ((seg, 1), (cls, 8)):
        assert cfg.train_dataloader.batch_size == batch_size
        assert cfg.auto_scale_lr.base_batch_size == batch_size
        assert dict(cfg.optim_wrapper.optimizer) == dict(
            type='Adam', lr=1e-5, weight_decay=1e-3, fused=True)
        assert cfg.param_scheduler == []


@pytest.mark.parametrize('name', [
    'covid_semiseg-fold0', 'covid_semiseg-fold0-mask_rcnn_r50',
    'ct_windows-fold0-classifier'])
def test_folds_test_on_the_statistics_that_they_train_on(name):
    # In single precision 53 layers amplify what rounding leaves.
    backbone = MODELS.build(load(name).model.backbone).double()
    image = torch.randn(1, 3, 64, 64, dtype=torch.float64)
    backbone.train()
    trained = backbone(image)
    backbone.eval()
    tested = backbone(torch.cat([image, 9 * image + 1]))
    for one, both in zip(trained, tested, strict=True):
        torch.testing.assert_close(one, both[:1])
