import pytest
import torch
from mmcv.cnn import fuse_conv_bn
from mmdet.registry import MODELS
from mmengine.model.utils import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from torch import nn

from mmextra.models.layers import PerImageNorm


def norms(channels=4):
    torch.manual_seed(0)
    batch, image = nn.BatchNorm2d(channels), PerImageNorm(channels)
    for norm in (batch, image):
        norm.double()
    nn.init.normal_(batch.weight)
    nn.init.normal_(batch.bias)
    image.load_state_dict(batch.state_dict(), strict=False)
    return batch, image


def test_is_batch_normalisation_of_one_image():
    batch, image = norms()
    x = torch.randn(1, 4, 5, 7, dtype=torch.float64)
    inputs = [x.clone().requires_grad_() for _ in range(2)]
    one, other = batch(inputs[0]), image(inputs[1])
    torch.testing.assert_close(one, other)
    weight = torch.randn_like(one)
    (one * weight).sum().backward()
    (other * weight).sum().backward()
    torch.testing.assert_close(inputs[0].grad, inputs[1].grad)
    for name in ('weight', 'bias'):
        torch.testing.assert_close(
            getattr(batch, name).grad, getattr(image, name).grad)


def test_a_test_and_the_other_images_change_nothing():
    _, image = norms()
    x = torch.randn(3, 4, 5, 7, dtype=torch.float64) * 9
    trained = torch.cat([image(each[None]) for each in x])
    torch.testing.assert_close(image(x), trained)
    torch.testing.assert_close(image.eval()(x), trained)


@pytest.mark.parametrize('backbone', [
    dict(type='TruncatedResNet', depth=18, truncation=2),
    dict(type='ResNet', depth=50)])
def test_a_resnet_loads_the_weights_of_the_other(backbone):
    init_default_scope('mmdet')
    of_batches, of_images = (
        MODELS.build(dict(backbone, norm_cfg=dict(type=kind), norm_eval=False))
        for kind in ('BN', 'PerImageNorm'))
    missing, unexpected = of_images.load_state_dict(
        of_batches.state_dict(), strict=False)
    assert not missing
    assert all(name.split('.')[-1] in (
        'running_mean', 'running_var', 'num_batches_tracked')
        for name in unexpected)
    x = torch.randn(1, 3, 64, 64)
    of_batches.train()
    of_images.eval()
    with torch.no_grad():
        for one, other in zip(of_batches(x), of_images(x), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def test_is_not_taken_for_batch_normalisation():
    # Whoever folds running statistics into convolutions must leave it alone.
    model = nn.Sequential(nn.Conv2d(3, 4, 1), PerImageNorm(4))
    x = torch.randn(2, 3, 6, 6)
    expected = model.eval()(x)
    torch.testing.assert_close(fuse_conv_bn(model)(x), expected)
    torch.testing.assert_close(revert_sync_batchnorm(model)(x), expected)
