"""A convolution's start, against numpy's singular values."""
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from torch import nn

from mmextra.engine.hooks import (
    PrincipalComponentsHook,
    principal_components,
    principal_components_hook,
)


def cells(number=500, channels=6):
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(number, 3)) @ rng.normal(size=(3, channels))
    mixed = mixed + 0.1 * rng.normal(size=(number, channels))
    return mixed * rng.uniform(.1, 10, channels) + rng.normal(size=channels)


@pytest.mark.parametrize('sources', [None, (1, 5)])
@pytest.mark.parametrize('whiten', [0, 0.5, 1])
def test_components_are_those_of_singular_vectors(whiten, sources):
    x = cells()
    weight, bias = principal_components(
        torch.from_numpy(x), 4, whiten, sources)
    found = x @ weight.numpy().T + bias.numpy()
    standard = (x - x.mean(0)) / x.std(0, ddof=1)
    if sources:
        standard[:, 1:] /= np.sqrt(5)
    left, values, _ = np.linalg.svd(standard, full_matrices=False)
    wanted = left[:, :4] * values[:4]**(1 - whiten)
    wanted /= np.sqrt((wanted**2).sum(0).mean() / (len(x) - 1))
    signs = np.sign((found * wanted).sum(0))
    np.testing.assert_allclose(found, wanted * signs, atol=1e-9)


def test_a_channel_that_never_changes():
    x = torch.from_numpy(cells())
    x[:, 2] = 7
    weight, bias = principal_components(x, 6, 1.)
    assert torch.isfinite(x @ weight.T + bias).all()


class Detector(nn.Module):
    """Of pairs where ``pairs``, as GCN-FSOD, else of images."""

    def __init__(self, pairs=False):
        super().__init__()
        self.backbone = nn.Conv2d(3, 6, 3)
        self.neck = nn.Sequential(nn.Conv2d(6, 4, 1), nn.Dropout())
        self.pairs = pairs

    def data_preprocessor(self, batch, training):
        assert training
        images = torch.stack(batch)
        return dict(inputs=dict(query=images, support=images[..., :5])
                    if self.pairs else images)

    def extract_feat(self, images):
        return self.neck(self.backbone(images))


def make_runner(model, iteration=0, images=7, load_from=None):
    torch.manual_seed(0)
    dataset = [torch.randn(3, 9, 8) for _ in range(images)]
    return SimpleNamespace(
        model=model, iter=iteration, cfg=dict(load_from=load_from),
        logger=MMLogger.get_instance('principal'),
        train_dataloader=SimpleNamespace(dataset=dataset, collate_fn=list))


@pytest.mark.parametrize('pairs', [False, True])
def test_the_convolution_of_a_detector(pairs):
    model = Detector(pairs)
    runner = make_runner(model)
    PrincipalComponentsHook('neck.0', num_images=3).before_train(runner)
    assert model.training and model.neck.training
    # Every second of seven.
    seen = [image[None] for image in runner.train_dataloader.dataset[::2]]
    if pairs:
        seen = [part for image in seen for part in (image, image[..., :5])]
    rows = torch.cat([model.backbone(image)[0].flatten(1).T
                      for image in seen])
    out = torch.cat([model.neck[0](model.backbone(image))[0].flatten(1).T
                     for image in seen])
    weight, bias = principal_components(rows.detach(), 4, .5)
    torch.testing.assert_close(
        out, (rows.double() @ weight.T + bias).float(), atol=1e-4, rtol=1e-4)
    assert out.mean(0).abs().max() < 1e-4
    assert out.var(0).mean().item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize('kwargs', [
    dict(iteration=5), dict(load_from='base.pth')])
def test_weights_of_a_checkpoint_are_left_as_they_are(kwargs):
    model = Detector()
    before = model.neck[0].weight.clone()
    PrincipalComponentsHook('neck.0').before_train(
        make_runner(model, **kwargs))
    assert torch.equal(model.neck[0].weight, before)


def test_of_a_large_map_some_cells_are_enough(monkeypatch):
    monkeypatch.setattr(principal_components_hook, 'MAX_CELLS', 20)
    seen = []
    components = principal_components_hook.principal_components
    monkeypatch.setattr(
        principal_components_hook, 'principal_components',
        lambda cells, *args: (seen.append(len(cells)),
                              components(cells, *args))[1])
    PrincipalComponentsHook('neck.0').before_train(make_runner(Detector()))
    # 7 x 6 cells of each of seven images, every third.
    assert seen == [7 * 14]


@pytest.mark.parametrize('conv', ['neck.reduction_conv.conv', 'backbone'])
def test_what_is_no_such_convolution(conv):
    with pytest.raises(ValueError, match=f'{conv}.*1 x 1 convolution'):
        PrincipalComponentsHook(conv).before_train(make_runner(Detector()))


def test_arguments_that_do_not_fit():
    with pytest.raises(ValueError, match='num_images.*0'):
        PrincipalComponentsHook(num_images=0)
    with pytest.raises(ValueError, match='5 channels.*6 inputs'):
        PrincipalComponentsHook('neck.0', sources=[2, 3]).before_train(
            make_runner(Detector()))
