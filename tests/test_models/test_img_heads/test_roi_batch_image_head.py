import pytest
import torch
from mmdet.registry import MODELS

from mmextra.models.img_heads import RoIBatchImageHead
from tests.helpers import worked_case


def test_numbers_of_weights():
    case = worked_case('covid_ct_mask_net', 'S_params')
    for num_rois, width in ((128, 512), (256, 1024)):
        head = RoIBatchImageHead(num_rois, width)
        count = sum(p.numel() for p in head.parameters())
        assert count == case[f'n{num_rois}_f{width}']


@pytest.mark.parametrize('kind', ['bce', 'ce'])
def test_loss(kind):
    case = worked_case('covid_ct_mask_net', 'image_loss')
    head = RoIBatchImageHead(
        4, 8, loss=dict(type='CrossEntropyLoss', use_sigmoid=kind == 'bce'))
    logits = torch.tensor(case['z'], requires_grad=True)
    labels = torch.tensor(case['y'])
    losses = head.loss(logits, labels)
    assert losses['loss_img_cls'].item() == pytest.approx(
        case[kind], abs=1e-6)
    assert losses['img_acc'] == 50
    if kind == 'bce':
        got, = torch.autograd.grad(losses['loss_img_cls'], logits)
        want = (logits.sigmoid() - torch.eye(3)[labels]) / 6
        assert torch.allclose(got, want, atol=1e-6)
        alone = head.loss(logits[:1], labels[:1])['loss_img_cls']
        assert alone.item() == pytest.approx(
            torch.nn.functional.binary_cross_entropy_with_logits(
                logits[0], torch.eye(3)[0]).item(), abs=1e-6)


def test_forward_by_hand():
    torch.manual_seed(0)
    head = RoIBatchImageHead(2, 4, num_classes=2)
    rows = torch.randn(3, 2, 5)
    x = rows.reshape(3, 10)
    for fc in head.fcs:
        x = (x @ fc.weight.T + fc.bias).clamp(min=0)
    assert torch.allclose(
        head(rows), x @ head.fc_img.weight.T + head.fc_img.bias, atol=1e-6)
    assert torch.allclose(head.scores(head(rows)).sum(1), torch.ones(3))
    head.score_mode = 'sigmoid'
    assert torch.equal(head.scores(head(rows)), head(rows).sigmoid())
    with pytest.raises(ValueError, match=r'\(N, 2, 5\)'):
        head(rows[:, :1])


def test_initialisation_is_by_fan_out():
    head = RoIBatchImageHead()
    head.init_weights()
    for fc in (*head.fcs, head.fc_img):
        std = (2 / fc.out_features)**0.5
        assert fc.weight.std().item() == pytest.approx(std, rel=0.05)
        assert 0 < fc.bias.abs().max() <= fc.in_features**-0.5


def test_fill():
    rows = torch.arange(15.).view(3, 5)
    head = RoIBatchImageHead(7, 2).eval()
    assert head.fill(rows)[:, 0].tolist() == [0, 0, 0, 5, 5, 10, 10]
    head.train()
    drawn = {tuple(head.fill(
        rows, torch.Generator().manual_seed(seed))[:, 0].tolist())
        for seed in range(9)}
    assert len(drawn) > 1
    assert (head.fill(rows[:0]) == 0).all()
    assert head.fill(rows[:0]).shape == (7, 5)


@pytest.mark.parametrize('wrong', [
    dict(box_repr='cxcywh'), dict(score_mode='none'),
    dict(replicate=dict(test='copy')), dict(replicate=dict(val='even'))])
def test_unknown_options(wrong):
    with pytest.raises(ValueError, match='|'.join(wrong)):
        MODELS.build(dict(type='RoIBatchImageHead', **wrong))
