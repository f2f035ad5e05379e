"""Stock configs with our modules in them, as the pages show, learn."""
import functools
import tempfile
from pathlib import Path
from typing import Set, Tuple

import pytest
import torch
from mmdet.registry import MODELS
from mmdet.testing import demo_mm_inputs
from mmengine.config import Config, ConfigDict
from mmengine.dataset import pseudo_collate
from mmengine.logging import MessageHub
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmrotate.structures.bbox import RotatedBoxes
from torch import nn

from mmextra.models.detectors import (
    COVIDCTMaskNet,
    FeatureForecastDetector,
    QuerySupportDetector,
)
from tests.helpers import random_rboxes
from tests.test_readme import PAGES, configs_in
from tests.video_helpers import clip, video

SIZE = 96
SNIPPETS = {
    f'{"front" if page is PAGES[0] else page.parent.name}-{name}': text
    for page in PAGES for name, text in configs_in(page).items()
}
# What the pages must show.
SHOWN = {
    'LSM', 'SPPSBottleneck', 'Dres2Layer', 'EfficientIoULoss', 'UNetNeck',
    'LASAMixin', 'TruncatedResNet', 'SingleLevelFPN', 'RoIBatchImageHead',
    'FeatureForecastModule', 'LCRPNHead', 'LocalCorrespondenceGCN'
}


def shrink(model: ConfigDict) -> None:
    """Few layers, channels and RoIs in what is the stock config's."""
    model = model.get('detector', model)
    neck = model.get('neck') or {}
    if model.backbone.type in ('ResNet', 'mmdet.ResNet') and neck.get(
            'in_channels') == [256, 512, 1024, 2048]:
        model.backbone.update(depth=18, base_channels=16)
        neck.in_channels = [16, 32, 64, 128]
    model.backbone.init_cfg = None
    if 'roi_head' in model:
        if model.roi_head.get('shared_head'):
            model.roi_head.shared_head.init_cfg = None
        model.train_cfg.rpn_proposal.update(nms_pre=50, max_per_img=20)
        model.train_cfg.rcnn.sampler.num = 16
        model.test_cfg.rpn.update(nms_pre=50, max_per_img=20)
    loss = model.get('bbox_head', {}).get('loss_bbox', {})
    if loss.get('type') == 'RotatedIoULoss':
        # mmcv has no gradient of the rotated IoU on a CPU; this is
        # mmrotate's other variant of the detector.
        model.bbox_head.update(
            use_hbbox_loss=True, loss_bbox=dict(type='mmdet.IoULoss'),
            loss_angle=dict(type='mmdet.L1Loss'))


def rotated(samples: list) -> None:
    """Give samples rotated boxes."""
    for seed, sample in enumerate(samples):
        sample.gt_instances = InstanceData(
            bboxes=RotatedBoxes(random_rboxes(3, seed, SIZE)),
            labels=torch.arange(3))
        sample.ignored_instances = InstanceData(
            bboxes=RotatedBoxes(torch.zeros(0, 5)),
            labels=torch.zeros(0, dtype=torch.long))


def queries(model: QuerySupportDetector) -> dict:
    """A query and its supports, as their data set gives them."""
    ways, shots = model.num_support_ways, model.num_support_shots
    query = demo_mm_inputs(1, (3, SIZE, SIZE), num_items=[2])
    support = demo_mm_inputs(ways * shots, (3, 32, 32),
                             num_items=[1] * (ways * shots))
    query['data_samples'][0].gt_instances.labels[:] = 3
    for number, sample in enumerate(support['data_samples']):
        sample.gt_instances = InstanceData(
            bboxes=torch.tensor([[2., 2., 30., 30.]]),
            labels=torch.tensor([3 if number < shots else 4]))
    return pseudo_collate([
        {key: dict(query=query[key][0], support=support[key])
         for key in ('inputs', 'data_samples')}])


def losses_of(cfg: Config, model: nn.Module) -> dict:
    """The losses of a batch of the kind that the model takes."""
    # YOLOX changes the size of its images now and then.
    MessageHub.get_current_instance().update_info('iter', 0)
    if isinstance(model, FeatureForecastDetector):
        return model.loss(video(3, size=SIZE)[None], [clip(3, size=SIZE)])
    if isinstance(model, QuerySupportDetector):
        batch = queries(model)
    else:
        batch = demo_mm_inputs(2, (3, SIZE, SIZE), num_items=[3, 2],
                               with_mask=True)
        samples = batch['data_samples']
        if cfg.default_scope == 'mmrotate':
            rotated(samples)
        if isinstance(model, COVIDCTMaskNet):
            for label, sample in enumerate(samples):
                sample.set_metainfo(dict(img_label=label))
    return model(**model.data_preprocessor(batch, True), mode='loss')


def names_of(module: nn.Module) -> set:
    """Names of our classes that a module is of."""
    return {kind.__name__ for kind in type(module).__mro__
            if kind.__module__.startswith('mmextra.') and kind is not object}


@functools.lru_cache(maxsize=None)
def build(name: str) -> Tuple[Config, nn.Module]:
    """The model of a snippet, few layers and channels where it is stock."""
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'snippet.py')
        path.write_text(SNIPPETS[name])
        cfg = Config.fromfile(path)
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    shrink(cfg.model)
    # As the Runner does in one process.
    model = revert_sync_batchnorm(MODELS.build(cfg.model))
    model.init_weights()
    return cfg, model


def train_step(cfg: Config, model: nn.Module) -> Set[str]:
    """One step of training; gives the parameters that a gradient reached."""
    trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
    before = {n: p.detach().clone() for n, p in trained.items()}
    optimizer = torch.optim.SGD(trained.values(), lr=1e-3)
    total, _ = model.parse_losses(losses_of(cfg, model))
    assert total.isfinite() and total > 0
    optimizer.zero_grad()
    total.backward()
    assert not [n for n, p in trained.items() if p.grad is None]
    optimizer.step()
    assert all(p.isfinite().all() for p in trained.values())
    assert any(not torch.equal(p, before[n]) for n, p in trained.items())
    return {n for n, p in trained.items() if p.grad.any()}


@pytest.mark.parametrize('name', SNIPPETS)
def test_gradients_reach_our_modules(name):
    cfg, model = build(name)
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    model.train()
    modules = {n: {f'{n}.{k}' if n else k for k, p in
                   module.named_parameters() if p.requires_grad}
               for n, module in model.named_modules() if names_of(module)}
    waiting = {n: names for n, names in modules.items() if names}
    # Behind a projection that starts at zero the second step is the first.
    for _ in range(2):
        reached = train_step(cfg, model)
        waiting = {n: names for n, names in waiting.items()
                   if not names & reached}
        if not waiting:
            break
    assert not waiting


def test_every_module_is_shown():
    found = set().union(*(names_of(module) for name in SNIPPETS
                          for module in build(name)[1].modules()))
    assert found >= SHOWN
