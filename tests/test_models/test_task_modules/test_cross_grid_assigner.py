import pytest
import torch
from mmdet.registry import TASK_UTILS

from mmextra.models.task_modules.assigners import CrossGridAssigner
from tests.helpers import worked_case

ANCHORS = torch.tensor([[[10., 13.], [16., 30.], [33., 23.]],
                        [[30., 61.], [62., 45.], [59., 119.]]])


def one_level(cx, cy, w=8., h=8., anchor=(8., 8.), size=(4, 4), **kwargs):
    return CrossGridAssigner(**kwargs).assign(
        torch.tensor([[0., 0., cx, cy, w, h]]), [size], [8],
        torch.tensor([[anchor]]))[0]


@pytest.mark.parametrize(
    'case', worked_case('lcb_yolov5', 'assignment_edges')['cases'],
    ids=lambda case: str(case['centre']))
def test_cells_of_a_centre(case):
    found = one_level(*case['centre'])
    cells = torch.stack([found.row, found.col], 1).tolist()
    assert sorted(cells) == sorted(case['cells'])


@pytest.mark.parametrize(
    'case', worked_case('lcb_yolov5', 'assignment_edges')['ratio_cases'],
    ids=lambda case: str(case['gt_wh']))
def test_shapes_that_match(case):
    found = one_level(12., 12., *case['gt_wh'], anchor=case['anchor'])
    assert (len(found.label) > 0) == case['match']


def brute_force(gts, sizes, strides, anchors):
    """The rule for one box, anchor and neighbour at a time."""
    rows = []
    for level, ((height, width), stride) in enumerate(zip(sizes, strides)):
        for a, (aw, ah) in enumerate(anchors[level].tolist()):
            for g, (img, label, cx, cy, w, h) in enumerate(gts.tolist()):
                if max(w / aw, aw / w, h / ah, ah / h) >= 4:
                    continue
                x, y = cx / stride, cy / stride
                moves = [(0, 0)]
                if x % 1 < .5 and x > 1:
                    moves.append((.5, 0))
                if y % 1 < .5 and y > 1:
                    moves.append((0, .5))
                if (width - x) % 1 < .5 and width - x > 1:
                    moves.append((-.5, 0))
                if (height - y) % 1 < .5 and height - y > 1:
                    moves.append((0, -.5))
                for dx, dy in moves:
                    col, row = int(x - dx), int(y - dy)
                    rows.append(
                        (level, int(img), a, min(max(row, 0), height - 1),
                         min(max(col, 0), width - 1), int(label), g,
                         round(x - col, 3), round(y - row, 3),
                         round(w / stride, 3), round(h / stride, 3)))
    return sorted(rows)


def test_equals_one_at_a_time():
    torch.manual_seed(0)
    count = 200
    sizes, strides = [(12, 16), (6, 8)], [8, 16]
    gts = torch.cat([
        torch.randint(0, 3, (count, 1)).float(),
        torch.randint(0, 5, (count, 1)).float(),
        torch.rand(count, 2) * torch.tensor([128., 96.]),
        2 + torch.rand(count, 2)**2 * 90
    ], 1)
    # Some on the grid's lines and on the borders.
    gts[:40, 2:4] = (gts[:40, 2:4] / 8).round() * 8
    assigned = CrossGridAssigner().assign(gts, sizes, strides, ANCHORS)
    rows = []
    for level, t in enumerate(assigned):
        for i in range(len(t.label)):
            rows.append((level, *(int(v[i]) for v in (
                t.img_idx, t.anchor_idx, t.row, t.col, t.label, t.gt_idx)),
                         *(round(v, 3) for v in t.target[i].tolist())))
    wanted = brute_force(gts, sizes, strides, ANCHORS)
    assert len(rows) == len(wanted) > count
    for found, expected in zip(sorted(rows), wanted):
        assert found[:7] == expected[:7]
        assert found[7:] == pytest.approx(expected[7:], abs=2e-3)


def test_no_ground_truth():
    levels = CrossGridAssigner().assign(
        torch.zeros(0, 6), [(4, 4), (2, 2)], [8, 16], ANCHORS)
    assert [len(t.label) for t in levels] == [0, 0]
    assert levels[0].target.shape == (0, 4)


def test_without_neighbours():
    found = one_level(10., 14., neighbor_thr=0.)
    assert torch.stack([found.row, found.col], 1).tolist() == [[1, 1]]


def test_centre_beyond_the_map_is_clamped_after_its_target():
    found = one_level(33., 12.)
    assert (found.row[0], found.col[0]) == (1, 3)
    assert found.target[0].tolist() == pytest.approx([.125, .5, 1, 1])


@pytest.mark.parametrize('wrong, message', [
    (dict(ratio_thr=1.), 'ratio_thr must exceed 1'),
    (dict(neighbor_thr=.6), 'neighbor_thr must be 0 to 0.5')])
def test_illegal_arguments(wrong, message):
    with pytest.raises(ValueError, match=message):
        TASK_UTILS.build(dict(type='CrossGridAssigner', **wrong))
