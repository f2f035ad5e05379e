"""Proposals from a few regressed cells are those of the whole map."""
import pytest
import torch

from mmextra.models.dense_heads.lazy_boxes import LazyBoxes
from tests.test_models.test_dense_heads.test_lcrpn_head import (
    build,
    sample,
    supports,
)


def calm(**kwargs):
    """Boxes near their anchors, as a trained head's are, and scores that
    differ, for the order of equal ones is nobody's promise."""
    head = build(**kwargs).eval()
    for layer in (head.rpn_reg, head.rpn_cls):
        for parameter in layer.parameters():
            parameter.data *= .02
    return head


def proposals(head, x, pairs, images, lazy, monkeypatch):
    """Of a test, and how many cells were regressed."""
    cells = []
    deltas = LazyBoxes.deltas
    monkeypatch.setattr(
        LazyBoxes, 'deltas',
        lambda self, vector, where: (cells.append(len(where)),
                                     deltas(self, vector, where))[1])
    if not lazy:
        monkeypatch.setattr(LazyBoxes, 'fits', lambda *_: False)
    samples = [sample(*size) for size in ((96, 128), (80, 120))]
    with torch.no_grad():
        found = head.predict([x], samples, supports=pairs, images=images)
    monkeypatch.undo()
    return found, sum(cells)


@pytest.mark.parametrize('limits', [
    dict(nms_pre=150, max_per_img=5), dict(nms_pre=150, max_per_img=60),
    dict(nms_pre=-1, max_per_img=10), dict(nms_pre=9999, max_per_img=10),
    dict(nms_pre=150, max_per_img=-1), dict(nms_pre=30, max_per_img=20),
    dict(nms_pre=150, max_per_img=5, min_bbox_size=8)])
@pytest.mark.parametrize('kwargs', [
    dict(), dict(reg_weights='gate'),
    dict(correspondence='global_kernel')])
def test_same_proposals(kwargs, limits, monkeypatch):
    head = calm(**kwargs)
    head.test_cfg.update(limits)
    rng = torch.Generator().manual_seed(3)
    x = torch.rand(2, 8, 12, 16, generator=rng)
    arguments = (head, x, supports(3), [0, 1, 1])
    found, cells = proposals(*arguments, True, monkeypatch)
    wanted, none = proposals(*arguments, False, monkeypatch)
    assert none == 0 < cells and sum(map(len, found)) > 0
    for one, other in zip(found, wanted):
        assert len(one) == len(other)
        torch.testing.assert_close(one.scores, other.scores, rtol=0, atol=0)
        torch.testing.assert_close(one.bboxes, other.bboxes, rtol=1e-5,
                                   atol=1e-4)
    if limits['max_per_img'] == 5:
        assert cells < 3 * 12 * 16 // 2


def test_it_goes_on_until_enough_are_kept(monkeypatch):
    """A strict suppression leaves little at first."""
    head = calm()
    head.test_cfg.update(nms_pre=300, max_per_img=40)
    head.test_cfg.nms.iou_threshold = .01
    x = torch.rand(2, 8, 12, 16, generator=torch.Generator().manual_seed(5))
    counts = []
    single = type(head)._predict_by_feat_single
    monkeypatch.setattr(
        type(head), '_predict_by_feat_single',
        lambda self, *args, cfg, **kwargs: (
            counts.append(cfg.nms_pre),
            single(self, *args, cfg=cfg, **kwargs))[1])
    with torch.no_grad():
        found = head.predict([x], [sample(96, 128)], supports=supports(1),
                             images=[0])[0]
    assert counts == [160, 300] and len(found) <= 40
    monkeypatch.undo()
    wanted, _ = proposals(head, x, supports(1), [0], False, monkeypatch)
    torch.testing.assert_close(found.bboxes, wanted[0].bboxes, rtol=1e-5,
                               atol=1e-4)


def test_where_it_does_not_apply():
    head, x = build(), torch.rand(1, 8, 4, 4)
    assert not LazyBoxes.fits(head, x)  # gradients are wanted
    with torch.no_grad():
        assert LazyBoxes.fits(head, x)
        assert not LazyBoxes.fits(head, x.to('meta'))
        head.rpn_conv = torch.nn.Conv2d(8, 8, 3, padding=2, dilation=2)
        assert not LazyBoxes.fits(head, x)


def test_under_autocast():
    head = calm()
    x = torch.rand(1, 8, 12, 16, generator=torch.Generator().manual_seed(5))
    with torch.no_grad(), torch.autocast('cpu', torch.bfloat16):
        where = torch.tensor([0, 20])
        found = LazyBoxes(head, x[0]).deltas(supports(1).vectors[0], where)
    with torch.no_grad():
        wanted = LazyBoxes(head, x[0]).deltas(supports(1).vectors[0], where)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), wanted, rtol=.05, atol=.02)
