"""LARSDHead with objectness and classes apart."""
import torch

from mmextra.models.losses import joint_logits
from tests.larsd_helpers import LASA, features, make_head, targets


def test_objectness_and_classes_apart():
    loss_cls = dict(type='mmdet.ObjectnessClassLoss', use_sigmoid=True)
    normal = dict(type='Normal', std=0.01)
    head = make_head(
        num_classes=3, loss_cls=loss_cls,
        init_cfg=dict(type='Kaiming', layer='Conv2d', override=[
            dict(normal, name='conv_cls', bias_prob=0.01),
            dict(normal, name='conv_reg')]))
    maps = features()
    raw, _ = head(maps)
    assert [level.shape[1] for level in raw] == [2 * 4] * 3
    # It starts as any head does: sure of nothing.
    assert raw[0][:, ::4].sigmoid().max() < 0.05

    gts = targets([3, 2], num_classes=3)
    metas = [dict(img_shape=(128, 128))] * 2
    optimizer = torch.optim.Adam(head.parameters(), lr=0.01)
    first = None
    for _ in range(60):
        losses = head.loss_by_feat(*head(maps), gts, metas)
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
        first = first or losses['loss_cls'].item()
    assert losses['loss_cls'].item() < first / 4
    with torch.no_grad():
        found = head.predict_by_feat(*head(maps), batch_img_metas=metas)
    # The surest detection of either image has a class that is there.
    for each, gt in zip(found, gts):
        assert each.labels[0] in gt.labels and each.scores[0] > 0.2


def test_predictions_are_those_of_the_joint_scores():
    loss_cls = dict(type='mmdet.ObjectnessClassLoss', use_sigmoid=True)
    torch.manual_seed(0)
    apart = make_head(num_classes=3, loss_cls=loss_cls, lasa=LASA)
    plain = make_head(num_classes=3, lasa=LASA)
    assert plain.conv_cls.out_channels == 2 * 3
    raw = [torch.randn(1, 2 * 4, 128 // s, 128 // s) * 3 for s in (4, 8, 16)]
    _, boxes = plain(features(1))
    metas = [dict(img_shape=(128, 128))]
    found, = apart.predict_by_feat(raw, boxes, batch_img_metas=metas)
    expected, = plain.predict_by_feat(
        [joint_logits(level, 3) for level in raw], boxes,
        batch_img_metas=metas)
    assert len(found) > 20
    torch.testing.assert_close(found.scores, expected.scores)
    torch.testing.assert_close(found.bboxes.tensor, expected.bboxes.tensor)
    assert found.labels.equal(expected.labels)
