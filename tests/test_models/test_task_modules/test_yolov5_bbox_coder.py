import pytest
import torch
from mmdet.registry import TASK_UTILS
from mmdet.structures.bbox import bbox_xyxy_to_cxcywh

from tests.helpers import worked_case

CODER = TASK_UTILS.build(dict(type='YOLOv5BBoxCoder'))


def test_decode():
    for case in worked_case('lcb_yolov5', 'decode')['cases']:
        centre = (torch.tensor(case['cell_xy']) + .5).double() * case['stride']
        half = torch.tensor(case['anchor']).double() / 2
        boxes = CODER.decode(
            torch.cat([centre - half, centre + half])[None],
            torch.tensor([case['t']], dtype=torch.float64), case['stride'])
        assert boxes[0].tolist() == pytest.approx(case['xyxy'], abs=1e-9)
        # The same box, as the loss sees it.
        box = CODER.decode_relative(
            torch.tensor([case['t']], dtype=torch.float64),
            2 * half[None] / case['stride'])[0]
        box[:2] += torch.tensor(case['cell_xy'])
        assert (box * case['stride']).tolist() == pytest.approx(
            case['cxcywh'], abs=1e-9)


def test_strides_of_several_levels_at_once():
    priors = torch.tensor([[0., 0., 8., 8.], [0., 0., 16., 16.]])
    boxes = bbox_xyxy_to_cxcywh(CODER.decode(
        priors, torch.tensor([[20., 0., 0., 0.]]).expand(2, 4),
        torch.tensor([[8.], [16.]])))
    # One cell to the right of the prior's centre.
    assert boxes.tolist() == [[12, 4, 8, 8], [24, 8, 16, 16]]


def test_encode_says_what_to_do():
    with pytest.raises(NotImplementedError, match='decode_relative'):
        CODER.encode(None, None)
