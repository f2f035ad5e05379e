import pytest
import torch
from mmdet.models.backbones import MobileNetV2
from mmdet.registry import MODELS


@pytest.mark.parametrize('out_indices', [(1, 2, 4, 6), (2, ), (4, 7)])
def test_equals_the_host_without_what_nothing_needs(out_indices):
    torch.manual_seed(0)
    host = MobileNetV2(out_indices=out_indices)
    ours = MODELS.build(dict(
        type='TruncatedMobileNetV2', out_indices=out_indices))
    # train() of mmdet's returns nothing.
    host.eval(), ours.eval()
    missing, unexpected = ours.load_state_dict(
        host.state_dict(), strict=False)
    assert not missing
    assert bool(unexpected) == (7 not in out_indices)
    image = torch.randn(2, 3, 64, 64)
    found = ours(image)
    for one, other in zip(found, host(image), strict=True):
        assert torch.equal(one, other)
    sum(part.sum() for part in found).backward()
    assert all(p.grad is not None for p in ours.parameters())


@pytest.mark.parametrize('out_stride, out_indices', [(8, (2, 4)), (16, (6, )),
                                                     (4, (6, ))])
def test_dilated_maps_hold_those_of_the_host(out_stride, out_indices):
    torch.manual_seed(0)
    host = MODELS.build(dict(
        type='TruncatedMobileNetV2', out_indices=out_indices)).double()
    ours = MODELS.build(dict(
        type='TruncatedMobileNetV2', out_indices=out_indices,
        out_stride=out_stride)).double()
    host.eval(), ours.eval()
    ours.load_state_dict(host.state_dict())
    image = torch.randn(1, 3, 64, 96, dtype=torch.float64)
    for coarse, fine in zip(host(image), ours(image), strict=True):
        factor = fine.shape[-1] // coarse.shape[-1]
        assert fine.shape[-1] == max(96 // out_stride, coarse.shape[-1])
        torch.testing.assert_close(fine[..., ::factor, ::factor], coarse)


def test_unknown_stride():
    with pytest.raises(ValueError, match='out_stride'):
        MODELS.build(dict(type='TruncatedMobileNetV2', out_stride=3))
