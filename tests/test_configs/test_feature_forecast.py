"""Every config builds what its name says."""
import copy
import functools
from pathlib import Path

import pytest
import torch
from mmdet.registry import HOOKS, MODELS, PARAM_SCHEDULERS
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

from mmextra.datasets.ilsvrc_classes import VID_CLASSES
from mmextra.evaluation.references import get_reference
from mmextra.models.detectors import FeatureForecastDetector
from tests.helpers import backward
from tests.video_helpers import clip, video

CONFIGS = Path(__file__).parents[2] / 'configs' / 'feature_forecast'
NAMES = sorted(p.stem for p in CONFIGS.glob('*.py'))
PRETRAIN = [name for name in NAMES if '-pretrain' in name]
# Row of Table 2 -> what makes it.
ROWS = {
    '': ('Complete', 'FeatureForecastModule', 'mean', True),
    'baseline': ('Baseline', 'RecurrentFeatureModule', 'converted', False),
    'wo_forecast': ('wo_forecast', 'FeatureForecastModule', 'mean', False),
    'wo_combination': ('wo_combination', 'FeatureForecastModule',
                       'converted', True),
}


@functools.lru_cache(maxsize=None)
def read(name):
    return Config.fromfile(CONFIGS / f'{name}.py')


def load(name):
    cfg = copy.deepcopy(read(name))
    init_default_scope(cfg.default_scope)
    return cfg


def inner(dataset):
    while 'dataset' in dataset:
        dataset = dataset.dataset
    return dataset.datasets[0] if 'datasets' in dataset else dataset


@pytest.mark.parametrize('name', NAMES)
def test_config_is_consistent(name):
    cfg = load(name)
    for hook in cfg.get('custom_hooks', []):
        HOOKS.build(hook)
        if hook.get('reference'):
            assert 'ImageNet-VID' in str(get_reference(hook.reference))
    detector = cfg.model if name in PRETRAIN else cfg.model.detector
    classes = (inner(cfg.train_dataloader.dataset).get('metainfo') or
               dict(classes=tuple(VID_CLASSES)))['classes']
    assert detector.bbox_head.num_classes == len(classes)
    if name in PRETRAIN:
        return
    test = cfg.test_dataloader
    assert test.batch_size == 1 and test.sampler.type == 'TrackImgSampler'
    assert test.dataset.test_mode
    assert cfg.test_evaluator.type == 'ImageNetVIDMetric'
    assert cfg.find_unused_parameters is False
    assert cfg.default_hooks.visualization.type == 'VIDVisualizationHook'
    sample, *_, geometry, pack = [
        step for step in inner(cfg.train_dataloader.dataset).pipeline
        if step['type'] != 'ClipBroadcaster']
    assert sample.type == 'ThinningClipSample'
    resize = test.dataset.pipeline[0].transforms[1]
    assert tuple(geometry.img_scale) == tuple(resize.scale)
    assert 'instances' not in pack.default_meta_keys
    text = repr(cfg.train_dataloader)
    assert 'share_random_params' not in text


@pytest.mark.parametrize('name', NAMES)
def test_schedules_fit_the_parameters(name):
    cfg = load(name)
    wrapper = build_optim_wrapper(
        MODELS.build(cfg.model), cfg.optim_wrapper)
    driven = [PARAM_SCHEDULERS.build(
        dict(each), default_args=dict(optimizer=wrapper, epoch_length=10))
        for each in cfg.param_scheduler]
    assert len(driven) == (
        2 if cfg.model.get('scheduler') else len(cfg.param_scheduler))


@pytest.mark.parametrize('dataset', ['imagenet_vid', 'synthetic'])
@pytest.mark.parametrize('row', sorted(ROWS))
def test_rows_of_table_2(dataset, row):
    cfg = load(f'{dataset}-{row}' if row else dataset)
    reference, module, combine, forecasts = ROWS[row]
    model = MODELS.build(cfg.model)
    assert type(model.temporal).__name__ == module
    assert model.temporal.combine_mode == combine
    assert (model.loss_forecast is not None) == forecasts
    assert (model.scheduler is not None) == forecasts
    hooks = {hook.type: hook for hook in cfg.custom_hooks}
    assert reference in hooks['BenchmarkHook'].reference
    residual = [enc.cell.residual for enc in getattr(
        model.temporal, 'enc1', [])]
    # A residual would let the map itself through to the detector.
    assert not (row == 'wo_combination' and any(residual))


def test_pretrained_weights_come_from_the_first_phase():
    for name in NAMES:
        if name in PRETRAIN:
            continue
        init = load(name).model.detector.get('init_cfg')
        if init is None:
            continue
        source = init.checkpoint.split('/')
        assert source[1] in PRETRAIN
        assert source[2] == f'epoch_{load(source[1]).max_epochs}.pth'


def shrink(cfg):
    """A model of a handful of channels, of the same parts."""
    model = cfg.model
    detector = model.get('detector', model)
    detector.pop('init_cfg', None)
    detector.backbone.pop('init_cfg', None)
    if detector.backbone.type == 'ResNet':
        detector.backbone.base_channels = 4
        width = 4 * 2**(detector.backbone.num_stages - 1)
        if detector.neck.type == 'SSDNeck':
            widths = (width, ) * len(detector.neck.out_channels)
            detector.neck.update(in_channels=widths[:1], out_channels=widths)
            detector.bbox_head.in_channels = widths
            if model.get('temporal'):
                model.temporal.update(
                    in_channels=width, hidden_channels=4)
        else:
            detector.backbone.depth = 18
            detector.neck.in_channels = [4, 8, 16, 32]
    return model


@pytest.mark.parametrize('name', [
    'imagenet_vid', 'imagenet_vid-baseline', 'imagenet_vid-stable_2lvl',
    'imagenet_vid-retinanet_r50_neck', 'imagenet_vid-rtmdet_tiny_neck',
    'synthetic', 'synthetic-per_frame', 'synthetic-wo_forecast'])
def test_one_step_and_a_video(name):
    torch.manual_seed(0)
    cfg = load(name)
    model = MODELS.build(shrink(cfg))
    assert isinstance(model, FeatureForecastDetector)
    model.init_weights()
    model.train()
    size = 160 if name.startswith('synthetic') else 128
    losses = model.loss(video(3, size=size)[None], [clip(3, size=size)])
    backward(model, losses)
    model.eval()
    model.policy = dict(mode='alternate' if model.forecasts
                        else 'always_read')
    with torch.no_grad():
        found = model.predict(video(2, size=size)[None],
                              [clip(2, size=size)])[0]
    assert found[1].is_forecast == model.forecasts
    assert found[1].pred_instances.bboxes.shape[1] == 4


def test_recipes_and_policies():
    paper, stable = load('imagenet_vid'), load('imagenet_vid-stable')
    rate = 'optim_wrapper'
    for cfg, mult, residual in ((paper, .01, False), (stable, 1., True)):
        keys = cfg[rate].paramwise_cfg.custom_keys
        assert keys['temporal.'].lr_mult == mult
        assert keys['scheduler.'].tag == 'scheduler'
        assert cfg.model.temporal.get('residual', False) == residual
    narrow = load('imagenet_vid-stable_h160').model.temporal
    assert narrow.hidden_channels == 160 and narrow.residual
    assert MODELS.build(load('imagenet_vid-p05').model).policy[
        'threshold'] == .5
    assert load('imagenet_vid-alternate').model.policy.mode == 'alternate'
    counts = {name: sum(p.numel() for p in MODELS.build(
        load(name).model).parameters()) for name in (
        'imagenet_vid-pretrain', 'imagenet_vid')}
    assert counts == {'imagenet_vid-pretrain': 3446106,
                      'imagenet_vid': 5516544}
