import pytest
import torch
from mmcv.cnn import fuse_conv_bn
from mmdet.models.backbones import CSPDarknet
from mmdet.registry import MODELS
from torch import nn

from mmextra.models.backbones import LCBDarknet
from mmextra.models.dense_heads import YOLOv5Head
from mmextra.models.necks import LCBPAFPN
from tests.helpers import worked_case

SMALL = dict(deepen_factor=0.33, widen_factor=0.125)
S = dict(deepen_factor=0.33, widen_factor=0.5)
VARIANTS = {
    'baseline_IM1_IM5': {},
    'IM2_LCB': dict(downsample='lsm'),
    'IM3_SPPS': dict(spp='spps'),
    'IM4_Dres2': dict(csp='dres2'),
    'IM6_full': dict(downsample='lsm', spp='spps', csp='dres2')
}


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def network(num_classes, csp='c3', channels=(128, 256, 512), **kwargs):
    return nn.ModuleList([
        LCBDarknet(**S, **kwargs),
        LCBPAFPN(channels, csp=csp),
        YOLOv5Head(num_classes, channels)
    ])


@pytest.mark.parametrize('arch, key', [('v6', 'v6'), ('v5', 'v5_focus')])
def test_parameters_of_yolov5s(arch, key):
    case = worked_case('lcb_yolov5', 'param_counts_baseline')[key]
    for num_classes, wanted in case.items():
        assert parameters(network(int(num_classes), arch=arch)) == wanted


@pytest.mark.parametrize('name', VARIANTS)
def test_parameters_of_the_ablations(name):
    case = worked_case('lcb_yolov5', 'param_counts_ablation')
    for num_classes in (10, 3):
        assert parameters(network(num_classes, **VARIANTS[name])) == case[
            str(num_classes)][name]


def test_parameters_of_other_graphs():
    case = worked_case('lcb_yolov5', 'architecture_table')
    assert parameters(network(10, arch='v5', **VARIANTS['IM6_full'])) == case[
        'v5_graph_total_nc10']
    fine = nn.ModuleList([
        LCBDarknet(**S, downsample='lsm', spp='spps', out_indices=(1, 2, 3)),
        LCBPAFPN((64, 128, 256), csp='dres2'),
        YOLOv5Head(10, (64, 128, 256))
    ])
    assert parameters(fine) == case['p2_variant_total_nc10']


def test_every_block_of_the_table():
    backbone, neck, head = network(10, **VARIANTS['IM6_full'])
    blocks = [backbone.stem]
    for stage in backbone.stages:
        blocks += list(stage)
    for reduce, block in zip(neck.reduce_layers, neck.top_down_blocks):
        blocks += [reduce, block]
    for down, block in zip(neck.downsamples, neck.bottom_up_blocks):
        blocks += [down, block]
    blocks += list(head.convs_pred)
    case = worked_case('lcb_yolov5', 'architecture_table')
    assert [parameters(block) for block in blocks] == [
        row[-1] for row in case['rows']
    ]
    assert sum(row[-1] for row in case['rows']) == case['total']


@pytest.mark.parametrize('arch', ['v6', 'v5'])
@pytest.mark.parametrize('downsample', ['conv', 'lsm'])
def test_strides_and_channels(arch, downsample):
    model = LCBDarknet(arch=arch, downsample=downsample,
                       out_indices=(0, 1, 2, 3, 4), **SMALL).eval()
    shapes = [out.shape[1:] for out in model(torch.rand(1, 3, 64, 96))]
    assert shapes == [(8, 32, 48), (16, 16, 24), (32, 8, 12), (64, 4, 6),
                      (128, 2, 3)]


def test_v5_graph_is_that_of_csp_darknet():
    """With mmdet's weights it computes what mmdet computes."""
    theirs = CSPDarknet(act_cfg=dict(type='SiLU'), **SMALL)
    theirs.eval()
    ours = LCBDarknet(arch='v5', **SMALL).eval()
    for norm in theirs.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.running_mean.normal_()
    values = theirs.state_dict().values()
    ours.load_state_dict(dict(zip(ours.state_dict(), values)), strict=True)
    x = torch.rand(1, 3, 64, 64)
    for found, wanted in zip(ours(x), theirs(x)):
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


def test_focus_order():
    """Phases (row, column) come as (0,0), (1,0), (0,1), (1,1)."""
    stem = LCBDarknet(arch='v5', **SMALL).stem
    seen = []
    stem.conv = nn.Identity()
    for row, col in ((0, 0), (1, 0), (0, 1), (1, 1)):
        image = torch.zeros(1, 3, 4, 4)
        image[:, 0, row, col] = 1
        seen.append(stem(image).flatten(2).sum(-1)[0].nonzero().item())
    assert seen == [0, 3, 6, 9]


def test_shallow_backbone_ends_with_the_pooling():
    model = LCBDarknet(out_indices=(1, 2), spp='spps', **SMALL)
    assert len(model.stages) == 2
    assert [len(stage) for stage in model.stages] == [2, 3]
    assert model.stages[-1][-1].kernel_size == 3


def test_frozen_stages_and_norm_eval():
    model = LCBDarknet(frozen_stages=1, norm_eval=True, **SMALL).train()
    for part, frozen in ((model.stem, True), (model.stages[0], True),
                         (model.stages[1], False)):
        assert all(p.requires_grad != frozen for p in part.parameters())
    assert not any(m.training for m in model.modules()
                   if isinstance(m, nn.BatchNorm2d))


def test_frozen_stages_are_frozen_before_the_mode_is_set():
    """A wrapper for several GPUs counts the weights that train at once."""
    model = LCBDarknet(frozen_stages=1, **SMALL)
    for part, frozen in ((model.stem, True), (model.stages[0], True),
                         (model.stages[1], False)):
        assert all(p.requires_grad != frozen for p in part.parameters())
        assert part.training != frozen


def test_starts_as_torch_does():
    torch.manual_seed(0)
    model = LCBDarknet(**S)
    model.init_weights()
    weight = model.stages[2][0].conv.weight
    limit = weight[0].numel()**-.5
    assert weight.abs().max() <= limit
    assert weight.std().item() == pytest.approx(limit / 3**.5, rel=.01)


@pytest.mark.parametrize('wrong, message', [
    (dict(arch='v8'), "arch must be one of .*'v8'"),
    (dict(downsample='LSM'), "downsample must be one of .*'LSM'"),
    (dict(spp='spp'), "spp must be one of .*'spp'"),
    (dict(out_indices=(4, 3)), r'out_indices must be rising .*\(4, 3\)'),
    (dict(out_indices=()), 'out_indices'),
    (dict(out_indices=(2, 5)), 'out_indices'),
    (dict(out_indices=(1, 2), frozen_stages=3), '2, the last stage, got 3'),
])
def test_illegal_arguments(wrong, message):
    with pytest.raises(ValueError, match=message):
        LCBDarknet(**SMALL, **wrong)


def test_fused_model_agrees():
    torch.manual_seed(0)
    cfg = dict(type='LCBDarknet', downsample='lsm', spp='spps', **SMALL)
    model = nn.Sequential(
        MODELS.build(cfg), LCBPAFPN((32, 64, 128), csp='dres2'))
    for norm in model.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.running_mean.normal_(std=.2)
            norm.running_var.uniform_(.5, 2)
    model.eval()
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        plain = model(x)
        fused = fuse_conv_bn(model)
        assert not any(isinstance(m, nn.BatchNorm2d) for m in fused.modules())
        for found, wanted in zip(fused(x), plain):
            scale = (wanted.max() - wanted.min()).item()
            assert (found - wanted).abs().max() < 1e-5 * scale
