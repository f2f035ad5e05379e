import math

import pytest
import torch
from mmdet.registry import MODELS

from mmextra.models.layers import (
    LocalCorrespondenceGCN,
    affinity,
    affinity_stats,
    block_correspondence,
    dense_correspondence,
    gcn_costs,
    shared_correspondence,
)
from mmextra.models.layers.affinity import DISTANCES
from tests.helpers import worked_case


def case(name):
    found = worked_case('gcn_fsod', name)
    tensors = {
        key: torch.tensor(value, dtype=torch.float64)
        for part in ('inputs', 'expected')
        for key, value in found[part].items() if isinstance(value, list)
    }
    return tensors, found['inputs'], found['atol']


def gcn(theta1, theta2, **kwargs):
    module = MODELS.build(dict(
        type='LocalCorrespondenceGCN', in_channels=len(theta1),
        gcn_channels=(theta1.shape[1], theta2.shape[1]), **kwargs)).double()
    with torch.no_grad():
        module.theta1.copy_(theta1)
        module.theta2.copy_(theta2)
    return module


def random_graph(n=37, supports=(5, 1, 8), channels=6, hidden=4, out=5):
    rng = torch.Generator().manual_seed(1)

    def draw(*shape):
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    return (draw(n, channels).abs(), [draw(m, channels).abs()
                                      for m in supports],
            draw(channels, hidden), draw(hidden, out))


def dense(query, supports, theta1, theta2, distance, temperature):
    return torch.stack([
        dense_correspondence(query, s, theta1, theta2, distance, temperature)
        for s in supports
    ])


FORMS = dict(
    cache=dict(cached=True), stream=dict(cached=False),
    stream_chunk=dict(cached=False, chunk=1, block=7),
    cache_block=dict(cached=True, chunk=2, block=5))


@pytest.mark.parametrize('name', [
    'affinity_printed_T1.0', 'affinity_unit_T0.5', 'affinity_unit_sq_T0.5'])
def test_affinity(name):
    tensors, inputs, atol = case(name)
    matrix = affinity(tensors['V'], inputs['distance'], inputs['T'])
    torch.testing.assert_close(matrix, tensors['A'], rtol=0, atol=atol)
    torch.testing.assert_close(matrix.sum(1), tensors['D'], rtol=0, atol=atol)


def test_rel_sq_by_hand():
    nodes = torch.tensor([[3., 4, 0], [3, 0, 4], [6, 8, 0]]).double()
    matrix = affinity(nodes, 'rel_sq', 2.)
    # Rows 0 and 2 are parallel, 5 and 10 long: (10 - 5)^2 / (5 * 10).
    assert matrix[0, 2].item() == pytest.approx(math.exp(-.5 / 2))
    assert matrix[0, 1].item() == pytest.approx(math.exp(-32 / 25 / 2))


@pytest.mark.parametrize('impl', ['dense', 'cache', 'stream', 'block', 'auto'])
@pytest.mark.parametrize(
    'name', ['gcn_two_layers_unit', 'gcn_support_permutation'])
def test_two_layers(name, impl):
    t, inputs, atol = case(name)
    module = gcn(t['Theta1'], t['Theta2'], distance=inputs['distance'],
                 temperature=inputs['T'], impl=impl, block_size=4)
    for grad in (True, False):
        with torch.set_grad_enabled(grad):
            result = module(t['Q'], [t['S']])
        assert result.shape == (1, 6, 4)
        torch.testing.assert_close(result[0], t['L'], rtol=0, atol=atol)


@pytest.mark.parametrize('impl', ['dense', 'cache', 'stream', 'block'])
def test_gradient(impl):
    t, inputs, atol = case('gcn_gradient')
    module = gcn(t['Theta1'], t['Theta2'], distance=inputs['distance'],
                 temperature=inputs['T'], impl=impl, block_size=4)
    query, support = t['Q'].requires_grad_(), t['S'].requires_grad_()
    (module(query, [support])[0] * t['R']).sum().backward()
    for got, name in ((query, 'gQ'), (support, 'gS'),
                      (module.theta1, 'gTheta1'), (module.theta2, 'gTheta2')):
        torch.testing.assert_close(got.grad, t[name], rtol=0, atol=atol)


@pytest.mark.parametrize('distance', sorted(DISTANCES))
def test_all_forms_agree(distance):
    query, supports, *thetas = random_graph()
    temperature = torch.tensor(.2).double().requires_grad_()
    inputs = [query, *supports, *thetas]
    for tensor in inputs:
        tensor.requires_grad_()
    inputs.append(temperature)
    weight = torch.linspace(-1, 2, 37 * 5).double().reshape(37, 5)

    def values_and_gradients(form):
        result = form(query, supports, *thetas, distance, temperature)
        (result * weight * torch.tensor([1., -2, 3])[:, None, None]
         ).sum().backward()
        gradients = [tensor.grad for tensor in inputs]
        for tensor in inputs:
            tensor.grad = None
        return [result.detach(), *gradients]

    expected = values_and_gradients(dense)
    assert all(value.abs().sum() > 0 for value in expected)

    def block(query, supports, *rest, **kwargs):
        return torch.stack([block_correspondence(
            query, s, *rest, block=7, **kwargs) for s in supports])

    forms = {name: lambda *args, kw=kw: shared_correspondence(*args, **kw)
             for name, kw in FORMS.items()}
    forms.update(block=block, block_cached=lambda *args: block(
        *args, cached=True))
    for name, form in forms.items():
        for got, want in zip(values_and_gradients(form), expected):
            torch.testing.assert_close(
                got, want, rtol=1e-9, atol=1e-10, msg=lambda m, n=name:
                f'{n}: {m}')
    with torch.no_grad():
        for name in FORMS:
            torch.testing.assert_close(
                forms[name](query, supports, *thetas, distance, temperature),
                expected[0], rtol=1e-9, atol=1e-12)


def test_block_gradient_by_finite_differences():
    query, (support, *_), *thetas = random_graph(5, (3, ), 3, 2, 2)

    def function(*tensors):
        return block_correspondence(*tensors, 'unit', 0.3, block=3)

    tensors = [t.requires_grad_() for t in (query, support, *thetas)]
    assert torch.autograd.gradcheck(function, tensors, atol=1e-6)


def block_loss(query, support, theta1, theta2):
    return block_correspondence(query, support, theta1, theta2, 'unit', 0.3,
                                block=3).square().sum()


def test_block_gradient_by_function_transforms():
    query, (support, *_), *thetas = random_graph(5, (3, ), 3, 2, 2)
    found = torch.func.grad(block_loss, (0, 1, 2, 3))(
        query, support, *thetas)
    leaves = [t.requires_grad_() for t in (query, support, *thetas)]
    dense_correspondence(*leaves, 'unit', 0.3).square().sum().backward()
    for got, leaf in zip(found, leaves):
        torch.testing.assert_close(got, leaf.grad, rtol=1e-9, atol=1e-12)
    with pytest.raises(RuntimeError, match='vmap'):
        torch.func.vmap(block_loss, (0, None, None, None))(
            query.detach()[None], support.detach(), *thetas)


def test_block_gradient_is_not_differentiated_again():
    query, (support, *_), *thetas = random_graph(5, (3, ), 3, 2, 2)
    query.requires_grad_()
    first, = torch.autograd.grad(
        block_loss(query, support, *thetas), query, create_graph=True)
    with pytest.raises(RuntimeError, match='differentiate twice'):
        first.sum().backward()


def test_block_keeps_what_needs_no_gradient_out():
    """No gradient of the affinities is made where none is wanted."""
    query, (support, *_), theta1, theta2 = random_graph(5, (3, ), 3, 2, 2)
    theta1.requires_grad_()
    block_loss(query, support, theta1, theta2).backward()
    found, theta1.grad = theta1.grad, None
    dense_correspondence(query, support, theta1, theta2, 'unit',
                         0.3).square().sum().backward()
    torch.testing.assert_close(found, theta1.grad, rtol=1e-9, atol=1e-12)


def test_equal_and_empty_nodes_have_finite_gradients():
    """Cells of zero padding are equal, and some are zero."""
    nodes = torch.tensor([[1., 2], [1, 2], [2, 4], [0, 0], [0, 0]])
    for distance in DISTANCES:
        for form in (dense_correspondence, block_correspondence):
            query = nodes.clone().requires_grad_()
            form(query, nodes, torch.eye(2), torch.eye(2), distance,
                 0.1).sum().backward()
            assert query.grad.isfinite().all(), distance


def test_detached_affinity():
    query, supports, *thetas = random_graph(9, (4, ))
    gradients = {}
    for impl in ('dense', 'cache', 'stream', 'block'):
        module = gcn(*thetas, impl=impl, detach_affinity=True)
        leaf = query.clone().requires_grad_()
        module(leaf, supports).sum().backward()
        gradients[impl] = leaf.grad
    attached = query.clone().requires_grad_()
    gcn(*thetas, impl='dense')(attached, supports).sum().backward()
    assert not torch.allclose(attached.grad, gradients['dense'])
    for impl in ('cache', 'stream', 'block'):
        torch.testing.assert_close(gradients[impl], gradients['dense'])


def test_precision():
    """Single precision is near double, also for nearly equal nodes."""
    rng = torch.Generator().manual_seed(0)
    query = torch.rand(300, 64, generator=rng) * 4
    query[100:200] = query[100] + torch.rand(100, 64, generator=rng) * .01
    supports = [torch.rand(50, 64, generator=rng) for _ in range(3)]
    thetas = [torch.randn(64, 16, generator=rng),
              torch.randn(16, 64, generator=rng)]
    exact = dense(query.double(), [s.double() for s in supports],
                  *[t.double() for t in thetas], 'unit', 0.1)
    for cached in (True, False):
        with torch.no_grad():
            got = shared_correspondence(query, supports, *thetas, 'unit',
                                        0.1, cached=cached)
        assert ((got - exact).norm() / exact.norm()).item() < 1e-3


def test_autocast_does_not_reach_it():
    query, supports, *thetas = random_graph()
    module = gcn(*thetas).float()
    query, supports = query.float(), [s.float() for s in supports]
    expected = module(query, supports)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        torch.testing.assert_close(module(query, supports), expected)
        assert module(query.bfloat16(), supports).dtype == torch.float32


def test_project_keeps_less():
    query, supports, *thetas = random_graph()
    for impl in ('dense', 'cache', 'block'):
        module = gcn(*thetas, impl=impl, class_chunk=2)
        whole = module(query, supports)
        sums = module(query, supports, lambda part: part.sum((1, 2)))
        torch.testing.assert_close(sums, whole.sum((1, 2)))


def test_implementation_is_chosen_by_size():
    module = gcn(torch.eye(3), torch.eye(3), cache_bytes=4 * 100**2,
                 dense_bytes=2 * 5 * 4 * 110**2)
    assert module.choose(100, [10, 10]) == 'dense'
    assert module.choose(100, [10] * 3) == 'block'
    with torch.no_grad():
        assert module.choose(100, [10] * 3) == 'cache'
        assert module.choose(101, [10]) == 'stream'


def test_learnable_temperature():
    query, supports, *thetas = random_graph()
    module = gcn(*thetas, learnable_temperature=True, temperature=0.25)
    module(query, supports).sum().backward()
    assert module.temperature.item() == pytest.approx(0.25)
    assert module.log_temperature.grad.abs() > 0


def test_stats():
    rng = torch.Generator().manual_seed(0)
    nodes = torch.randn(200, 512, generator=rng)
    narrow = affinity_stats(nodes, 'unit', 0.01)
    wide = affinity_stats(nodes, 'unit', 100.)
    assert narrow['n_eff'] == pytest.approx(1 / 200, rel=0.01)
    assert wide['n_eff'] == pytest.approx(1, rel=0.01)
    assert wide['mean_affinity'] > .98
    # Random directions in many dimensions are sqrt(2) apart.
    assert narrow['t_star'] == pytest.approx(
        math.sqrt(2) / math.log(200), rel=0.02)


def test_costs():
    costs = gcn_costs(4200, 400, 20, 1024, (256, 1024))
    assert round(costs['naive'] / 1e9) == 698
    assert round(costs['shared'] / 1e9) == 288


@pytest.mark.parametrize('kwargs, text', [
    (dict(distance='cosine'), 'unit'), (dict(impl='fast'), 'stream'),
    (dict(temperature=0), 'positive'), (dict(gcn_channels=(3, )), 'two'),
    (dict(origin_mark=-1), 'origin_mark'),
    (dict(learnable_temperature=True, detach_affinity=True), 'choose one')])
def test_illegal_arguments(kwargs, text):
    with pytest.raises(ValueError, match=text):
        MODELS.build(dict(type='LocalCorrespondenceGCN', **kwargs))


@pytest.mark.parametrize('impl', ['dense', 'cache', 'stream', 'block',
                                  'batch'])
def test_origin_mark_is_two_more_features_outside_of_the_affinity(impl):
    """By Eq. 2 as printed, with one-hot origins beside the nodes."""
    query, (_, _, support), theta1, theta2 = random_graph()
    module = gcn(theta1, theta2, temperature=.3, origin_mark=2.,
                 impl='auto' if impl == 'batch' else impl, block_size=7)
    assert torch.equal(module.mark[0], -module.mark[1])
    torch.nn.init.normal_(module.mark)
    nodes = torch.cat([query, support])
    matrix = affinity(nodes, 'unit', .3)
    scale = torch.diag(matrix.sum(1).rsqrt())
    mixing = scale @ matrix @ scale
    origin = torch.zeros(len(nodes), 2).double()
    origin[:len(query), 0] = origin[len(query):, 1] = 1
    hidden = (mixing @ torch.cat([nodes, origin], 1) @ torch.cat(
        [theta1, module.mark])).relu()
    want = (mixing @ hidden @ theta2).relu()[:len(query)]
    if impl == 'batch':
        got = module.float().forward_batch(query.float(),
                                           support[None].float())[0]
        torch.testing.assert_close(got, want.float(), rtol=1e-4, atol=1e-5)
        return
    got = module(query, [support])[0]
    torch.testing.assert_close(got, want)
    expected = torch.autograd.grad(want.square().sum(), module.mark)
    found = torch.autograd.grad(got.square().sum(), module.mark)
    torch.testing.assert_close(found, expected)


def test_origin_marks_start_as_wide_as_they_are_told():
    torch.manual_seed(0)
    module = LocalCorrespondenceGCN(
        8, (4096, 8), origin_mark=2.)
    assert 1.9 < module.mark[1].std() < 2.1
    assert LocalCorrespondenceGCN(8, (4, 8)).mark is None


@pytest.mark.parametrize('origin_mark, learns', [(0., False), (2., True)])
def test_a_mark_lets_a_linear_layer_tell_what_the_support_shows(
        origin_mark, learns):
    """Cells of one kind among others; the support shows it, or another."""
    torch.manual_seed(0)
    kinds = torch.nn.functional.normalize(torch.randn(12, 16), dim=1)

    def cells(which, number):
        noise = .1 * torch.randn(number, 16)
        return torch.nn.functional.normalize(kinds[which] + noise, dim=1) * 4

    def pair(pool):
        shown, other = pool[torch.randperm(len(pool))[:2]].tolist()
        present = bool(torch.rand(()) < .5)
        query = torch.cat([cells(shown if present else other, 8),
                           cells(pool[torch.randint(len(pool), (16, ))], 16)])
        return query, cells(shown, 20), present

    module = LocalCorrespondenceGCN(
        16, (16, 16), temperature=.2, origin_mark=origin_mark)
    classify = torch.nn.Linear(16, 1)
    optimizer = torch.optim.Adam(
        [*module.parameters(), *classify.parameters()], 1e-2)
    seen, unseen = torch.arange(8), torch.arange(8, 12)
    for _ in range(150):
        loss = 0
        for _ in range(4):
            query, support, present = pair(seen)
            logits = classify(module(query, [support])[0])[:8, 0]
            loss = loss + torch.nn.functional.\
                binary_cross_entropy_with_logits(
                    logits, torch.full_like(logits, float(present)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    right = 0
    with torch.no_grad():
        for _ in range(100):
            query, support, present = pair(unseen)
            sure = classify(module(query, [support])[0])[:8, 0].mean() > 0
            right += bool(sure) == present
    assert (right >= 90) == learns
