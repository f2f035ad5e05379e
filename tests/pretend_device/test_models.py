"""Every kind of model on the pretend GPU: CPU's results, and few waits."""
import pytest
import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmdet.registry import TASK_UTILS as MMDET_TASK_UTILS
from mmrotate.registry import MODELS as MMROTATE_MODELS
from mmrotate.registry import TASK_UTILS as MMROTATE_TASK_UTILS
from torch import nn

from mmextra.evaluation.device_check import FAMILIES, Family, FamilySteps
from mmextra.models.dense_heads import joint_pairs
from mmextra.models.roi_heads import query_support_roi_head
from tests.helpers import ROOT
from tests.pretend_device.device import DeviceError, PretendGPU
from tests.pretend_device.steps import run

# More than the families, for what these lack.
OTHERS = {
    'recurrent features': Family('feature_forecast/synthetic-baseline',
                                 'moving_objects'),
    'cosine TFA': Family('gcn_fsod/synthetic-1shot-tfa', 'toys'),
    'global kernel': Family('gcn_fsod/synthetic-5shot-global_kernel', 'toys'),
    'normalised GCN-FSOD': Family(
        'gcn_fsod/synthetic-5shot', 'toys', changes={
            'model.match_norm': dict(type='CalibratedNorm', num_features=96),
            'model.roi_head.bbox_head.local_start': 'similarity'}),
    'lesions of RoI scores': Family(
        'covid_ct_mask_net/synthetic', 'ct', changes={
            'model.test_cfg.rcnn.score_thr': 0.,
            'model.roi_head.bbox_head.loss_cls': dict(
                type='RoIScoreCrossEntropyLoss', _delete_=True)}),
    'LARSD of several classes': Family(
        'larsd/synthetic', 'harbour', changes={
            'model.test_cfg.score_thr': 0., 'model.test_cfg.nms_pre': 100,
            'model.bbox_head.num_classes': 2,
            'model.bbox_head.loss_cls': dict(
                type='ObjectnessClassLoss', use_sigmoid=True,
                _delete_=True)}),
    'RetinaNet of centres': Family(
        'larsd/synthetic', 'harbour', model='larsd/marina-rotated_retinanet',
        changes={
            'model.test_cfg.score_thr': 0., 'model.test_cfg.nms_pre': 100,
            'model.bbox_head.type': 'LASARetinaHead',
            'model.test_cfg.lasa': dict(type='LocalityAwareScoreAlign'),
            'model.train_cfg.assigner': dict(
                type='SameCenterAssigner', _delete_=True)}),
}
# Most waits and uploads of a training step, and of a test of one image.
# Uploads are what any model needs: images, boxes, labels. Of the peers, at the
# same batch: rotated RetinaNet (46, 21), (13, 15); YOLOX-s (118, 14), (5, 7);
# SSDLite, 16 frames, (312, 183), (8, 13); Mask R-CNN (53, 31), (14, 19); TFA,
# two images, (56, 34), (4, 9).
BOUNDS = {
    'LARSD': ((14, 13), (10, 8)),
    'LARSD without anchors': ((14, 13), (6, 8)),
    'LARSD of several classes': ((14, 13), (10, 8)),
    'RetinaNet of centres': ((44, 21), (14, 15)),
    'LCB-YOLOv5s': ((6, 13), (4, 8)),
    'YOLOv5s': ((6, 13), (4, 8)),
    'GCN-FSOD': ((18, 20), (6, 10)),
    'Attention RPN': ((18, 20), (6, 10)),
    'global kernel': ((18, 20), (6, 10)),
    'normalised GCN-FSOD': ((18, 20), (6, 10)),
    'cosine TFA': ((56, 34), (4, 9)),
    # 32 frames: 20 waits and 12 uploads of the stock head for each.
    'feature forecast': ((640, 390), (9, 9)),
    'recurrent features': ((690, 395), (8, 9)),
    'lesion Mask R-CNN': ((40, 23), (6, 15)),
    'lesions of RoI scores': ((40, 23), (6, 15)),
    'COVID-CT-Mask-Net': ((10, 20), (5, 11)),
}


@pytest.mark.parametrize('name', BOUNDS)
def test_trains_and_detects_as_on_the_cpu_and_waits_seldom(name, data):
    steps = FamilySteps({**FAMILIES, **OTHERS}[name], ROOT / 'configs', data)
    wanted = run(steps, 'cpu')
    with PretendGPU() as gpu:
        found = run(steps, 'cuda:0', gpu)
    assert found.losses == pytest.approx(wanted.losses, rel=1e-3, abs=1e-5)
    assert sum(map(len, wanted.found)) > 0
    for ours, theirs in zip(found.found, wanted.found):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)
    for mode, bounds in zip(('train', 'test'), BOUNDS[name]):
        costs, report = found.costs[mode], found.reports[mode]
        assert costs['sync'] <= bounds[0], report
        assert costs['upload'] <= bounds[1], report
        assert not costs['float64'], report


def classes_in(steps):
    """Names of classes of the package that a model and its parts are of."""
    found, todo, seen = set(), [steps.model], set()
    while todo:
        part = todo.pop()
        if id(part) in seen or isinstance(part, torch.Tensor):
            continue
        seen.add(id(part))
        if type(part).__module__.startswith(('mmextra.', 'mmdet.',
                                             'mmrotate.', 'mmcv.', 'torch.')):
            found.update(each.__name__ for each in type(part).__mro__
                         if each.__module__.startswith('mmextra.'))
            todo += list(getattr(part, '__dict__', {}).values())
        elif isinstance(part, dict):
            todo += list(part.values())
        if isinstance(part, (list, tuple, nn.ModuleList, nn.Sequential)):
            todo += list(part)
    return found


# Not classes of models, or what others are made of.
ELSEWHERE = {
    'CosineLinear',  # a factory
    'NearRBboxOverlaps2D', 'RoundedAnchorGenerator',  # of their own tests
    'ViewsTTAModel',  # wraps models, on the CPU in its own tests
    'LASAHead',  # a factory
    'TruncatedMobileNetV2',  # mmdet's, less some layers
    'FusedMapsNeck',  # mmdet's, from other weights
    'QuerySupportDetector',  # the base of two
}


def test_every_part_of_the_package_is_among_them(data):
    seen = set()
    for name in BOUNDS:
        seen |= classes_in(FamilySteps(
            {**FAMILIES, **OTHERS}[name], ROOT / 'configs', data))
    registered = {
        name for registry in (MMDET_MODELS, MMROTATE_MODELS,
                              MMDET_TASK_UTILS, MMROTATE_TASK_UTILS)
        for name, kind in registry.module_dict.items()
        if kind.__module__.startswith('mmextra.')}
    assert registered - seen - ELSEWHERE == set()


@pytest.mark.parametrize('name, part, line', [
    ('LARSD', 'bbox_head', lambda x: x + torch.zeros_like(x).cpu()),
    ('LCB-YOLOv5s', 'bbox_head', lambda x: x * torch.arange(x.shape[-1])),
    ('GCN-FSOD', 'rpn_head', lambda x: x * torch.ones(1)),
    ('feature forecast', 'temporal', lambda x: torch.cat([x, x.cpu()])),
    ('lesion Mask R-CNN', 'roi_head', lambda x: x * torch.rand(x.shape)),
])
def test_a_tensor_left_on_the_cpu_fails(name, part, line, data):
    """One line planted into the first convolution of a part."""
    steps = FamilySteps(name, ROOT / 'configs', data)
    with PretendGPU():
        model = steps.model_on('cuda:0')
        conv = next(m for m in model.get_submodule(part).modules()
                    if isinstance(m, (nn.Conv2d, nn.Linear)))
        conv.register_forward_hook(lambda module, inputs, out: line(out))
        with pytest.raises(DeviceError):
            steps.train(model)


@pytest.mark.parametrize('config', [
    'synthetic', 'synthetic-5shot-attention_rpn'])
def test_samples_of_pairs_are_those_of_mmdet(config, data, monkeypatch):
    """Bit by bit: the same assignment, and the same draws."""
    steps = FamilySteps(Family(f'gcn_fsod/{config}', 'toys'),
                        ROOT / 'configs', data)
    model = steps.model_on('cpu')
    ours = steps.train(model).losses
    gradients = [p.grad.clone() for p in model.parameters()
                 if p.grad is not None]
    for module in (joint_pairs, query_support_roi_head):
        monkeypatch.setattr(module, 'can_join', lambda *_: False)
    stock = steps.train(model).losses
    assert all(torch.equal(ours[name], stock[name]) for name in stock)
    assert all(torch.equal(a, b) for a, b in zip(
        gradients, (p.grad for p in model.parameters()
                    if p.grad is not None)))
