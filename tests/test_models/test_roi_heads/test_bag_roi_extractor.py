import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmextra.models.layers import BagRoIAlign
from mmextra.models.roi_heads import BagRoIExtractor
from mmextra.utils.untrained_model import load_config


def extractor(kind, roi_layer, strides=(4, 8, 16)):
    return MODELS.build(dict(
        type=kind, roi_layer=roi_layer, out_channels=6,
        featmap_strides=list(strides), finest_scale=16))


def test_equals_mmdets_over_levels_with_an_unused_one():
    roi_layer = dict(type='RoIAlign', output_size=7, sampling_ratio=0)
    ours = extractor('BagRoIExtractor', roi_layer)
    assert isinstance(ours, BagRoIExtractor)
    assert all(type(layer) is BagRoIAlign for layer in ours.roi_layers)
    assert roi_layer['type'] == 'RoIAlign'
    torch.manual_seed(0)
    maps = [torch.randn(2, 6, 128 // s, 128 // s, requires_grad=True)
            for s in (4, 8, 16)]
    rois = torch.tensor([[0., 3., 5., 20., 30.], [1., 40., 40., 120., 122.],
                         [1., 0., 0., 9., 9.]])
    stock = extractor('SingleRoIExtractor', roi_layer)
    found, expected = ours(maps, rois), stock(maps, rois)
    assert torch.allclose(found, expected, atol=1e-5)
    found = torch.autograd.grad(found.square().sum(), maps)
    expected = torch.autograd.grad(expected.square().sum(), maps)
    for one, two in zip(found, expected):
        assert torch.allclose(one, two, atol=1e-4)


def test_other_layers_stay_as_they_are():
    layer, = extractor('BagRoIExtractor', dict(
        type='RoIPool', output_size=7), [8]).roi_layers
    assert type(layer).__name__ == 'RoIPool'


def test_a_stock_detector_takes_it_by_one_key():
    cfg = load_config('mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py')
    init_default_scope('mmdet')
    roi_head = Config(dict(cfg.model.roi_head))
    for key in ('bbox_roi_extractor', 'mask_roi_extractor'):
        roi_head[key].type = 'BagRoIExtractor'
        built = MODELS.build(roi_head[key])
        assert all(type(layer) is BagRoIAlign for layer in built.roi_layers)
