import logging
from types import SimpleNamespace

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch import nn

from mmextra.engine.hooks import AnchorCheckHook
from mmextra.models.dense_heads import YOLOv5Head


def batch(*sides):
    """A batch of one image with boxes of such widths and heights."""
    wh = torch.tensor(sides, dtype=torch.float32).view(-1, 2)
    sample = DetDataSample(gt_instances=InstanceData(
        bboxes=torch.cat([torch.full_like(wh, 7), wh + 7], 1)))
    return dict(inputs=[], data_samples=[sample])


def make_runner(head=None, iteration=0):
    model = nn.Module()
    model.bbox_head = head or YOLOv5Head(2, (4, 4, 4))
    return SimpleNamespace(model=model, iter=iteration,
                           logger=logging.getLogger('anchor_check'))


def train(hook, runner, *batches):
    hook.before_train(runner)
    for number, each in enumerate(batches):
        hook.before_train_iter(runner, number, each)
    hook.after_train(runner)


def by_hand(sides, anchors):
    """Anchors of each box whose sides differ by less than a factor of 4."""
    return [sum(max(w / a, a / w, h / b, b / h) < 4 for a, b in anchors)
            for w, h in sides]


def test_share_and_anchors_per_box(caplog):
    caplog.set_level(logging.INFO)
    runner = make_runner()
    anchors = runner.model.bbox_head.anchors.view(-1, 2).tolist()
    sides = [(10, 13), (2, 3), (60, 60), (2000, 900), (12, 40)]
    counts = by_hand(sides, anchors)
    # (10, 13) is 4 times as wide as 2.5: a box of 2 finds no anchor.
    assert counts[1] == counts[3] == 0 and min(counts[::2]) > 0
    train(AnchorCheckHook(num_boxes=5), runner, batch(*sides[:2]),
          batch(), batch(*sides[2:]), batch((1, 1)))
    record, = caplog.records
    share = 100 * sum(c > 0 for c in counts) / 5
    assert f'{share:.2f} % of the first 5 boxes' in record.getMessage()
    assert f'{sum(counts) / 5:.2f} anchors per box' in record.getMessage()
    assert record.levelname == 'WARNING'
    assert 'kmeans_anchors.py' in record.getMessage()


def test_good_anchors_are_told_once_at_the_end_of_few_boxes(caplog):
    caplog.set_level(logging.INFO)
    train(AnchorCheckHook(), make_runner(), batch((30, 30), (11, 12)))
    record, = caplog.records
    assert record.levelname == 'INFO'
    assert '100.00 % of the first 2 boxes' in record.getMessage()


def test_resumed_run_and_run_without_boxes_tell_nothing(caplog):
    caplog.set_level(logging.INFO)
    train(AnchorCheckHook(), make_runner(iteration=7), batch((2, 2)))
    train(AnchorCheckHook(), make_runner(), batch())
    assert not caplog.records


def test_illegal_use():
    with pytest.raises(ValueError, match='YOLOv5Head, not those of Linear'):
        AnchorCheckHook().before_train(make_runner(nn.Linear(1, 1)))
    with pytest.raises(ValueError, match='num_boxes must be positive'):
        AnchorCheckHook(num_boxes=0)
