from types import SimpleNamespace

import pytest
import torch
from mmdet.models.roi_heads.bbox_heads import BBoxHead
from mmdet.registry import MODELS
from mmengine.config import ConfigDict

from mmextra.models.roi_heads.bbox_heads import (
    AttentiveBBoxHead,
    global_matching_vector,
    local_matching_vector,
)
from tests.helpers import worked_case


def case(name):
    found = worked_case('gcn_fsod', name)
    return (found['inputs'], {
        key: torch.tensor(value, dtype=torch.float64)
        for key, value in found['expected'].items()
    }, dict(rtol=0, atol=found['atol']))


def tensor(value):
    return torch.tensor(value, dtype=torch.float64)


def set_linear(layer, weights):
    with torch.no_grad():
        layer.weight.copy_(tensor(weights[0]).t())
        layer.bias.copy_(tensor(weights[1]))


def test_global_matching_vector():
    inputs, want, exact = case('global_matching_vector')
    query, support = tensor(inputs['q']), tensor(inputs['s'])
    torch.testing.assert_close(
        global_matching_vector(query, support[None]), want['q_g'], **exact)


def test_local_matching_vector_is_a_full_size_correlation():
    rng = torch.Generator().manual_seed(0)
    query = torch.randn(3, 4, 7, 7, generator=rng)
    support = torch.randn(4, 7, 7, generator=rng)
    want = torch.nn.functional.conv2d(query, support[:, None], groups=4)
    torch.testing.assert_close(
        local_matching_vector(query, support[None]), want[..., 0, 0])
    torch.testing.assert_close(
        local_matching_vector(query, support[None], 'mean'),
        want[..., 0, 0] / 49)
    # All channels of a RoI together.
    cosines = local_matching_vector(query, support[None], 'cosine').sum(1)
    torch.testing.assert_close(cosines / 4, torch.cosine_similarity(
        query.flatten(1), support.flatten()[None]))


def test_a_roi_of_nothing_has_no_cosine():
    query = torch.zeros(1, 2, 7, 7, requires_grad=True)
    found = local_matching_vector(query, torch.ones(1, 2, 7, 7), 'cosine')
    found.sum().backward()
    assert not found.any()
    assert torch.isfinite(query.grad).all()


def test_dual_level_scores():
    inputs, want, exact = case('dual_level_scores')
    head = AttentiveBBoxHead(in_channels=4, embed_channels=5).double()
    set_linear(head.global_embed[0], inputs['global_fc1'])
    set_linear(head.global_embed[2], inputs['global_fc2'])
    set_linear(head.global_cls, inputs['global_cls'])
    set_linear(head.local_embed[0], inputs['local_fc1'])
    set_linear(head.local_cls, inputs['local_cls'])
    whole = head.global_cls(head.global_embed(tensor(inputs['q_g'])))
    local = head.local_cls(head.local_embed(tensor(inputs['q_l'])))
    torch.testing.assert_close(whole, want['logits_global'], **exact)
    torch.testing.assert_close(local, want['logits_local'], **exact)
    for logits, key in ((whole + local, 'fg_score'),
                        (whole, 'fg_score_only_global'),
                        (local, 'fg_score_only_local')):
        torch.testing.assert_close(logits.softmax(1)[:, 0], want[key],
                                   **exact)


def test_head_adds_both_levels():
    """The whole head on features whose vectors the worked cases give."""
    inputs, want, exact = case('dual_level_scores')
    features, _, _ = case('global_matching_vector')
    query, support = tensor(features['q']), tensor(features['s'])[None]
    scores = {}
    for name, options in dict(
            fg_score={}, fg_score_only_global=dict(local_matching=False),
            fg_score_only_local=dict(global_matching=False)).items():
        head = AttentiveBBoxHead(
            in_channels=4, embed_channels=5, **options).double()
        if head.global_matching:
            set_linear(head.global_embed[0], inputs['global_fc1'])
            set_linear(head.global_embed[2], inputs['global_fc2'])
            set_linear(head.global_cls, inputs['global_cls'])
        if head.local_matching:
            set_linear(head.local_embed[0], inputs['local_fc1'])
            set_linear(head.local_cls, inputs['local_cls'])
        logits, deltas = head(query, support)
        assert deltas.shape == (3, 4)
        scores[name] = logits.softmax(1)[:, 0]
    for name, score in scores.items():
        torch.testing.assert_close(score, want[name], **exact)


def set_tower(head, inputs):
    with torch.no_grad():
        for number in (1, 2, 3):
            conv = getattr(head.reg_tower, f'conv{number}')
            conv.weight.copy_(tensor(inputs[f'conv{number}']))
    set_linear(head.fc_reg, inputs['fc'])


def test_stacked_regression():
    inputs, want, exact = case('stacked_regression')
    head = AttentiveBBoxHead(in_channels=4, reg_branch='stacked')
    head.reg_tower = type(head.reg_tower)(8, 2, 4)
    head.double()
    set_tower(head, inputs)
    deltas = head.regress(tensor(inputs['q']), tensor(inputs['s'])[None])
    torch.testing.assert_close(deltas, want['deltas'], **exact)


@pytest.mark.parametrize('keep_cells', [False, True])
@pytest.mark.parametrize('branch', ['category_attentive', 'stacked'])
def test_regression_step_by_step(branch, keep_cells):
    """Independent of the tower: plain functions, query weighted or first."""
    torch.manual_seed(0)
    head = AttentiveBBoxHead(
        in_channels=8, reg_branch=branch, reg_keep_cells=keep_cells).double()
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter)
    query = torch.randn(2, 8, 7, 7, dtype=torch.float64)
    support = torch.randn(2, 8, 7, 7, dtype=torch.float64)
    if branch == 'stacked':
        pair = torch.cat([query, support], 1)
    else:
        pair = query * support.mean((2, 3), keepdim=True)
    tower = head.reg_tower
    x = torch.einsum('oi,nihw->nohw', tower.conv1.weight[:, :, 0, 0],
                     pair).clamp_min(0)
    x = x.unfold(2, 3, 1).unfold(3, 3, 1)
    x = x.mean((4, 5)).unfold(2, 3, 1).unfold(3, 3, 1)
    x = torch.einsum('ncxyij,ocij->noxy', x, tower.conv2.weight).clamp_min(0)
    x = torch.einsum('oi,nihw->nohw', tower.conv3.weight[:, :, 0, 0],
                     x).clamp_min(0)
    if keep_cells:
        want = torch.einsum('nchw,dchw->nd', x,
                            head.fc_reg.weight.view(4, 8, 3, 3)
                            ) + head.fc_reg.bias
    else:
        want = head.fc_reg(x.mean((2, 3)))
    assert want.abs().min() > 0
    torch.testing.assert_close(head.regress(query, support), want)


@pytest.mark.parametrize('kind', ['AttentiveBBoxHead',
                                  'MultiRelationBBoxHead'])
def test_one_support_for_many(kind):
    head = MODELS.build(dict(type=kind, in_channels=8))
    head.init_weights()
    query, support = torch.randn(3, 8, 7, 7), torch.randn(1, 8, 7, 7)
    one = head(query, support)
    each = head(query, support.expand(3, -1, -1, -1))
    torch.testing.assert_close(one, each)
    sum(part.sum() for part in one).backward()
    assert all(p.grad is not None for p in head.parameters())
    # The stock head initialises the last layer of the regression finer.
    assert head.fc_reg.weight.std() < 0.003


@pytest.mark.parametrize('global_matching', [True, False])
@pytest.mark.parametrize('layers', [1, 2])
def test_starts_as_a_similarity(layers, global_matching):
    torch.manual_seed(0)
    head = AttentiveBBoxHead(
        8, global_matching=global_matching, local_fcs=layers,
        local_reduction='mean', local_start='similarity')
    head.init_weights()
    query, support = torch.randn(5, 8, 7, 7), torch.randn(1, 8, 7, 7)
    logits, _ = head(query, support)
    wanted = (query * support).mean((2, 3)).sum(1) / 8 ** .5
    torch.testing.assert_close(logits[:, 0], wanted)
    torch.testing.assert_close(logits[:, 1], -wanted)


def test_ablations_have_no_unused_modules():
    assert not hasattr(AttentiveBBoxHead(8, global_matching=False),
                       'global_cls')
    assert not hasattr(AttentiveBBoxHead(8, local_matching=False),
                       'local_cls')


@pytest.mark.parametrize('kwargs, text', [
    (dict(global_matching=False, local_matching=False), 'both'),
    (dict(reg_branch='none'), 'stacked'),
    (dict(local_reduction='max'), 'mean'), (dict(num_classes=2), '1'),
    (dict(local_start='cosine'), 'similarity'),
    (dict(local_start='similarity', local_fcs=0), 'local_fcs'),
    (dict(local_start='similarity', local_matching=False), 'local_match')])
def test_illegal_arguments(kwargs, text):
    with pytest.raises(ValueError, match=text):
        AttentiveBBoxHead(8, **kwargs)


def test_cosine_classifier():
    head = MODELS.build(dict(
        type='CosineSimBBoxHead', in_channels=2, fc_out_channels=4,
        roi_feat_size=1, num_classes=3, scale=20.))
    features = torch.randn(5, 4)
    scores = head.fc_cls(features)
    weight = head.fc_cls.weight
    for row in range(5):
        for column in range(4):
            want = 20 * torch.cosine_similarity(
                features[row], weight[column], dim=0)
            torch.testing.assert_close(scores[row, column], want)
    # Only directions count.
    torch.testing.assert_close(head.fc_cls(features * 7), scores)


@pytest.mark.parametrize('branch', ['category_attentive', 'stacked'])
def test_tower_that_sees_edges_step_by_step(branch):
    """By windows of a padded map, pooled by hand."""
    torch.manual_seed(0)
    head = AttentiveBBoxHead(
        in_channels=8, reg_branch=branch, reg_tower='edges').double()
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter)
    query = torch.randn(2, 8, 7, 7, dtype=torch.float64)
    support = torch.randn(2, 8, 7, 7, dtype=torch.float64)
    if branch == 'stacked':
        x = torch.cat([query, support], 1)
    else:
        x = query * support.mean((2, 3), keepdim=True)
    tower = head.reg_tower
    for conv in (tower.conv1, tower.conv2):
        framed = torch.zeros(*x.shape[:2], 9, 9, dtype=x.dtype)
        framed[:, :, 1:-1, 1:-1] = x
        windows = framed.unfold(2, 3, 1).unfold(3, 3, 1)
        x = torch.einsum('ncxyij,ocij->noxy', windows,
                         conv.weight).clamp_min(0)
    x = torch.stack([torch.stack([
        x[:, :, i:i + 3, j:j + 3].mean((2, 3)) for j in (0, 2, 4)], -1)
        for i in (0, 2, 4)], -2)
    x = torch.einsum('oi,nihw->nohw', tower.conv3.weight[:, :, 0, 0],
                     x).clamp_min(0)
    want = torch.einsum('nchw,dchw->nd', x, head.fc_reg.weight.view(
        4, 8, 3, 3)) + head.fc_reg.bias
    torch.testing.assert_close(head.regress(query, support), want)


@pytest.mark.parametrize('concat', [True, False])
def test_targets_are_those_of_the_stock_head(concat):
    head = AttentiveBBoxHead(in_channels=4)
    rng = torch.Generator().manual_seed(0)

    def result(positive, negative):
        rows = torch.rand(3, positive + negative, 4, generator=rng) * 20
        rows[..., 2:] += rows[..., :2] + 1
        return SimpleNamespace(
            pos_priors=rows[0, :positive], neg_priors=rows[1, :negative],
            pos_gt_bboxes=rows[2, :positive],
            pos_gt_labels=torch.zeros(positive, dtype=torch.long))

    results = [result(*each) for each in ((2, 5), (0, 3), (4, 0), (0, 0))]
    cfg = ConfigDict(pos_weight=-1)
    wanted = BBoxHead.get_targets(head, results, cfg, concat)
    found = head.get_targets(results, cfg, concat)
    for ours, theirs in zip(found, wanted):
        if concat:
            ours, theirs = [ours], [theirs]
        assert len(ours) == len(theirs)
        for each, other in zip(ours, theirs):
            assert torch.equal(each, other)


@pytest.mark.parametrize('tower', ['pooled', 'edges'])
def test_a_gate_hides_no_channel(tower):
    """Supports of no mean leave the query as it is."""
    torch.manual_seed(0)
    head = AttentiveBBoxHead(8, reg_weights='gate', reg_tower=tower)
    query, support = torch.randn(5, 8, 7, 7), torch.randn(1, 8, 7, 7)
    support = support - support.mean((2, 3), keepdim=True)
    torch.testing.assert_close(
        head.regress(query, support), head.fc_reg(head.reg_tower(query)))
    shift = torch.randn(8)[:, None, None]
    torch.testing.assert_close(
        head.regress(query, support + shift),
        head.fc_reg(head.reg_tower(query * 2 * shift.sigmoid())))
