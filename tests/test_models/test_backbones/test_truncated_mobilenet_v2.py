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
