import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmcv.ops import RoIAlign

from mmextra.models.layers import BagRoIAlign
from tests.pretend_device.device import PretendGPU


def random_rois(generator, count, images, extent, largest):
    """Inside, across the border and outside; the first without area."""
    corner = torch.rand(count, 2, generator=generator) * 1.4 - 0.2
    size = torch.rand(count, 2, generator=generator) * largest
    image = torch.randint(0, images, (count, 1), generator=generator)
    rois = torch.cat([image, corner * extent, (corner + size) * extent], 1)
    rois[:1, 3:] = rois[:1, 1:3]
    return rois


def both(maps, rois, **kwargs):
    """Results and gradients of mmcv's layer and of ours."""
    found = []
    for layer in (RoIAlign, BagRoIAlign):
        given_maps = maps.detach().clone().requires_grad_()
        # mmcv's reads a map in channels_last as if it were not.
        entering = given_maps.contiguous() if layer is RoIAlign \
            else given_maps
        out = layer(**kwargs)(entering, rois)
        weight = torch.linspace(-1, 1, out.numel()).view(out.shape)
        (out * weight).sum().backward()
        found.append((out.detach(), given_maps.grad))
    return found


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), channels=st.sampled_from([1, 5, 16]),
       size=st.sampled_from([(5, 7), (19, 30), (1, 1), (13, 2)]),
       output_size=st.sampled_from([7, (3, 5), 1]),
       sampling_ratio=st.integers(0, 3), aligned=st.booleans(),
       largest=st.sampled_from([.1, 1.]), whole=st.booleans(),
       channels_last=st.booleans())
def test_equals_mmcvs(seed, channels, size, output_size, sampling_ratio,
                      aligned, largest, whole, channels_last):
    generator = torch.Generator().manual_seed(seed)
    maps = torch.randn(2, channels, *size, generator=generator)
    if channels_last:
        maps = maps.to(memory_format=torch.channels_last)
    rois = random_rois(generator, 12, 2, 16. * max(size), largest)
    if whole:  # samples on cells and on the border
        rois = rois.round()
    sizes = dict(output_size=output_size, spatial_scale=1 / 16,
                 sampling_ratio=sampling_ratio, aligned=aligned)
    (expected, _), (found, _) = both(maps, rois, **sizes)
    assert torch.allclose(found, expected, atol=1e-5)
    # In single precision the gradient of a map of one cell is rounded 1e-5
    # from mmcv's, which adds hundreds of terms to it one by one.
    (expected, gradient), (found, found_gradient) = both(
        maps.double(), rois.double(), **sizes)
    assert torch.allclose(found, expected, atol=1e-10)
    assert torch.allclose(found_gradient, gradient, atol=1e-10)


def test_on_a_linear_map_a_cell_is_its_centre():
    """By hand: f(x, y) = x + 10 y on cells; with ``aligned`` the centre of
    pixel cell (i, j) is at i + 0.5."""
    y, x = torch.meshgrid(torch.arange(16.), torch.arange(16.),
                          indexing='ij')
    rois = torch.tensor([[0., 8., 16., 40., 32.]])
    out = BagRoIAlign(2, 0.25, 0)((x + 10 * y)[None, None], rois)
    # From 2 to 10 and 4 to 8 cells, in halves, from the first cell's centre.
    columns, rows = torch.tensor([4., 8.]) - .5, torch.tensor([5., 7.]) - .5
    assert torch.allclose(out[0, 0], columns + 10 * rows[:, None])


def test_gradients_in_double_precision():
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(1, 2, 4, 5, dtype=torch.float64, generator=generator,
                       requires_grad=True)
    rois = random_rois(generator, 3, 1, 64., 1.).double()
    layer = BagRoIAlign(2, 1 / 16, 0)
    assert torch.autograd.gradcheck(lambda m: layer(m, rois), maps)


def test_low_precision_keeps_its_type_and_the_places():
    generator = torch.Generator().manual_seed(1)
    maps = torch.randn(1, 8, 40, 40, generator=generator)
    rois = random_rois(generator, 5, 1, 640., .5)
    layer = BagRoIAlign(7, 1 / 16, 2)
    expected = layer(maps.bfloat16().float(), rois)
    found = layer(maps.bfloat16(), rois)
    assert found.dtype == torch.bfloat16
    assert torch.allclose(found.float(), expected, atol=0.02)


def test_no_rois_leave_the_gradients_whole():
    maps = torch.randn(1, 3, 4, 4, requires_grad=True)
    out = BagRoIAlign(7, 1 / 16, 2)(maps, torch.zeros(0, 5))
    assert out.shape == (0, 3, 7, 7)
    out.sum().backward()
    assert (maps.grad == 0).all()


@pytest.mark.parametrize('ratio', [0, 2])
def test_maximum_is_mmcvs(ratio):
    generator = torch.Generator().manual_seed(2)
    maps = torch.randn(1, 3, 9, 9, generator=generator)
    rois = random_rois(generator, 6, 1, 144., 1.)
    kwargs = dict(output_size=3, spatial_scale=1 / 16, sampling_ratio=ratio,
                  pool_mode='max')
    assert torch.equal(BagRoIAlign(**kwargs)(maps, rois),
                       RoIAlign(**kwargs)(maps, rois))


def test_bfloat16_on_a_gpu():
    """mmcv has no such kernel, on no device."""
    layer = BagRoIAlign(4, spatial_scale=.25)
    feature = torch.rand(1, 3, 16, 16).bfloat16()
    rois = torch.tensor([[0., 4., 4., 40., 40.]])
    with PretendGPU():
        found = layer(feature.cuda(), rois.bfloat16().cuda())
        assert found.is_cuda and found.dtype is torch.bfloat16
        found = found.cpu()
    torch.testing.assert_close(
        found.float(), layer(feature.float(), rois), rtol=.01, atol=.01)
