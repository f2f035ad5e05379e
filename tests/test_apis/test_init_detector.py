import copy

import pytest
import torch
from mmcv.ops import RoIAlign
from mmdet.structures import DetDataSample
from mmengine.config import Config
from torch import nn

from mmextra.apis import init_detector, init_few_shot_detector
from mmextra.apis.init_detector import use_channels_last
from mmextra.models.layers import BagRoIAlign

OPTIONS = ['fold_norm', 'channels_last', 'bag_roi_align']


@pytest.fixture(scope='module')
def config():
    """A stock Faster R-CNN, small."""
    cfg = Config(dict(
        default_scope='mmdet',
        model=dict(
            type='FasterRCNN',
            data_preprocessor=dict(type='DetDataPreprocessor'),
            backbone=dict(type='ResNet', depth=18, base_channels=8,
                          norm_eval=True),
            neck=dict(type='FPN', in_channels=[8, 16, 32, 64],
                      out_channels=8, num_outs=5,
                      norm_cfg=dict(type='BN')),
            rpn_head=dict(
                type='RPNHead', in_channels=8, feat_channels=8,
                anchor_generator=dict(
                    type='AnchorGenerator', scales=[8], ratios=[1.],
                    strides=[4, 8, 16, 32, 64])),
            roi_head=dict(
                type='StandardRoIHead',
                bbox_roi_extractor=dict(
                    type='SingleRoIExtractor', out_channels=8,
                    roi_layer=dict(
                        type='RoIAlign', output_size=7, sampling_ratio=0),
                    featmap_strides=[4, 8, 16, 32]),
                bbox_head=dict(
                    type='Shared2FCBBoxHead', in_channels=8,
                    fc_out_channels=16, num_classes=3)),
            train_cfg=None,
            test_cfg=dict(
                rpn=dict(nms_pre=100, max_per_img=20, min_bbox_size=0,
                         nms=dict(type='nms', iou_threshold=.7)),
                rcnn=dict(score_thr=0., max_per_img=10,
                          nms=dict(type='nms', iou_threshold=.5))))))
    torch.manual_seed(0)
    return cfg


@pytest.fixture(scope='module')
def checkpoint(config, tmp_path_factory):
    """Weights whose normalisation is not the identity."""
    model = init_detector(copy.deepcopy(config), device='cpu',
                          palette='random')
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for each in (module.weight.data, module.running_var):
                each.uniform_(.5, 2)
            for each in (module.bias.data, module.running_mean):
                each.uniform_(-.5, .5)
    path = tmp_path_factory.mktemp('detector') / 'weights.pth'
    torch.save(dict(state_dict=model.state_dict(), meta=dict(
        dataset_meta=dict(classes=('a', 'b', 'c')))), path)
    return str(path)


def detections(model):
    torch.manual_seed(1)
    model.test_cfg.rcnn.score_thr = 0.
    images = [torch.randint(0, 255, (3, 96, 128)).byte()]
    sample = DetDataSample(metainfo=dict(
        img_shape=(96, 128), ori_shape=(96, 128), scale_factor=(1., 1.)))
    with torch.no_grad():
        result, = model.test_step(dict(inputs=images, data_samples=[sample]))
    return result.pred_instances


@pytest.mark.parametrize('options', [
    *[[name] for name in OPTIONS], OPTIONS, []])
def test_results_stay(config, checkpoint, options):
    def build(**kwargs):
        return init_detector(copy.deepcopy(config), checkpoint,
                             device='cpu', palette='random', **kwargs)

    expected = detections(build())
    model = build(**dict.fromkeys(options, True))
    found = detections(model)
    assert len(found) == len(expected) > 5
    assert torch.allclose(found.scores, expected.scores, atol=1e-3)
    assert torch.allclose(found.bboxes, expected.bboxes, atol=.05)
    layers = model.roi_head.bbox_roi_extractor.roi_layers
    kind = BagRoIAlign if 'bag_roi_align' in options else RoIAlign
    assert all(type(layer) is kind for layer in layers)
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    assert (len(norms) == 0) == ('fold_norm' in options)
    maps = model.extract_feat(torch.rand(1, 3, 64, 64))
    assert all(each.is_contiguous() for each in maps)
    if 'channels_last' in options:
        weight = model.backbone.layer1[0].conv1.weight
        assert weight.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize('init', [init_detector, init_few_shot_detector])
def test_weights_of_another_model_are_refused(config, checkpoint, tmp_path,
                                              init):
    """mmdet's own would leave at random what does not fit."""
    cfg = copy.deepcopy(config)
    cfg.model.roi_head.bbox_head.num_classes = 5
    with pytest.raises(ValueError, match=r'weights\.pth is not a checkpoint '
                       r'of this model: .*the first roi_head\.bbox_head\.'
                       r'fc_cls.*\(4, 16\) instead of \(6, 16\).*'
                       r'classes a, b, c'):
        init(cfg, checkpoint, device='cpu', palette='random')
    path = tmp_path / 'foreign.pth'
    torch.save(dict(state_dict={'a.weight': torch.ones(2)}, meta={}), path)
    with pytest.raises(ValueError, match=r'foreign\.pth.*none of its 1'):
        init(cfg, str(path), device='cpu', palette='random')


def test_operators_that_need_the_usual_order_are_named(config):
    cfg = copy.deepcopy(config)
    cfg.model.backbone.update(
        dcn=dict(type='DCNv2', deform_groups=1), depth=50,
        stage_with_dcn=(False, False, False, True))
    cfg.model.neck.in_channels = [32, 64, 128, 256]
    with pytest.raises(TypeError, match='ModulatedDeformConv2dPack'):
        init_detector(cfg, device='cpu', palette='random',
                      channels_last=True)


def test_a_detector_without_neck_is_no_obstacle():
    class Bare(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = nn.Conv2d(3, 8, 3)

    model = Bare()
    model.backbone.forward = lambda x, f=model.backbone.forward: (f(x), )
    use_channels_last(model)
    out, = model.backbone(torch.rand(1, 3, 9, 9))
    assert out.is_contiguous()
