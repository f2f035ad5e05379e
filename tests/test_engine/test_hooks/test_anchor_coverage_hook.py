import logging
from types import SimpleNamespace

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from mmrotate.structures.bbox import RotatedBoxes

from mmextra.engine.hooks import AnchorCoverageHook
from tests.larsd_helpers import make_head

SHAPES = [(20., 6.), (40., 10.), (80., 20.)]


def batch(shapes, angle=0.3):
    boxes = torch.tensor([[50., 50., w, h, angle] for w, h in shapes])
    sample = DetDataSample()
    sample.gt_instances = InstanceData(bboxes=RotatedBoxes(boxes))
    return dict(data_samples=[sample])


def told(caplog, head, batches, **kwargs):
    """Level and text of what the hook says of some batches."""
    logger = logging.getLogger('coverage')
    runner = SimpleNamespace(
        iter=0,
        model=SimpleNamespace(bbox_head=head), logger=logger,
        cfg=ConfigDict(filename='configs/larsd/some.py'))
    hook = AnchorCoverageHook(num_boxes=6, **kwargs)
    caplog.clear()
    with caplog.at_level(logging.INFO, 'coverage'):
        hook.before_train(runner)
        for each in batches:
            hook.before_train_iter(runner, 0, each)
    return [(record.levelname, record.getMessage())
            for record in caplog.records]


def test_fitting_anchors_are_no_warning(caplog):
    (level, text), = told(caplog, make_head(), [batch(SHAPES)] * 4)
    assert level == 'INFO'
    # Each level of the head has the anchor of one shape.
    assert '100.0 % of the first 6 boxes' in text
    assert text.count('33.3 % on stride') == 3


@pytest.mark.parametrize('angle', [1.4, -3.0])
def test_another_description_is_the_same_box(caplog, angle):
    (level, _), = told(caplog, make_head(), [batch(SHAPES, angle)] * 2)
    assert level == 'INFO'


def test_anchors_that_fit_nothing_are_told_with_the_command(caplog):
    (level, text), = told(
        caplog, make_head(), [batch([(200., 8.), (300., 60.)])] * 3)
    assert level == 'WARNING'
    assert ' 0.0 % of the first 6 boxes' in text
    assert ('python tools/analysis_tools/kmeans_anchors.py '
            'configs/larsd/some.py --symmetric') in text


def test_one_idle_level_is_told(caplog):
    (level, text), = told(caplog, make_head(), [batch(SHAPES[1:])] * 3)
    assert level == 'WARNING'
    assert '100.0 % of the first 6' in text
    assert ' 0.0 % on stride 4' in text


def test_models_without_such_anchors_are_left_alone(caplog):
    head = make_head(anchors=None, assigner=dict(
        type='SameCenterAssigner', match_shape=False))
    assert told(caplog, head, [batch(SHAPES)] * 4) == []
    assert told(caplog, None, [batch(SHAPES)] * 4) == []


def test_too_few_boxes_say_nothing_yet(caplog):
    assert told(caplog, make_head(), [batch(SHAPES), None]) == []
