import pytest
import torch
from mmdet.structures.bbox import cat_boxes
from mmengine.structures import InstanceData
from mmrotate.models.task_modules.prior_generators import (
    FakeRotatedAnchorGenerator,
)
from mmrotate.structures.bbox import RotatedBoxes

from mmextra.models.task_modules.assigners import (
    SameCenterAssigner,
    inside_pairs,
    shape_iou,
)
from mmextra.models.task_modules.coders import norm_angle_45, rbox2distance
from mmextra.models.task_modules.prior_generators import (
    RotatedShapePriorGenerator,
)
from tests.helpers import random_rboxes, worked_case


def levels(strides, anchors, image_hw):
    generator = RotatedShapePriorGenerator(strides, anchors)
    sizes = [(image_hw[0] // s, image_hw[1] // s) for s in strides]
    priors = generator.grid_priors(sizes, device='cpu')
    count = generator.num_base_priors[0]
    points = [p.view(-1, count, 5)[:, 0, :2] for p in priors]
    return points, generator.shapes, torch.cat(priors)


def reference(points, shapes, gts, pos_thr=0.5, ignore_thr=0.2):
    """The rule of the paper, one location, prior and box after another."""
    gts = norm_angle_45(gts)
    out = []
    for level_points, level_shapes in zip(points, shapes):
        result = torch.full((len(level_points), len(level_shapes)), -1)
        for p, point in enumerate(level_points):
            inside = rbox2distance(point, gts)[0].amin(-1) > 0
            for k, shape in enumerate(level_shapes):
                iou = shape_iou(shape[None], gts[:, 2:4])[0] * inside
                best = iou.max()
                if best > pos_thr:
                    tied = (iou == best).nonzero().flatten()
                    areas = gts[tied, 2] * gts[tied, 3]
                    result[p, k] = tied[areas.argmin()]
                elif best >= ignore_thr:
                    result[p, k] = -2
        out.append(result)
    return out


def test_shape_iou_by_hand():
    shapes = torch.tensor([[4., 2.], [2., 4.]])
    boxes = torch.tensor([[4., 2.], [8., 1.]])
    expected = torch.tensor([[1., 4 / 12], [4 / 12, 2 / 14]])
    assert torch.allclose(shape_iou(shapes, boxes), expected)


def test_points_on_a_side_are_outside():
    points = torch.tensor([[5., 5.], [5., 10.], [9.99, 5.], [10., 5.]])
    point, box = inside_pairs(points, torch.tensor([[5., 5., 10., 10., 0.]]))
    assert point.tolist() == [0, 2]
    assert box.tolist() == [0, 0]


def test_single_level_by_hand():
    case = worked_case('larsd', 'assign_single_level')
    given, expected = case['input'], case['expected']
    stride, (height, width) = given['stride'], given['grid_hw']
    points, shapes, _ = levels(
        [stride], [given['anchors_wh']], (height * stride, width * stride))
    gts = torch.tensor(given['gt_boxes'])
    assert torch.allclose(
        shape_iou(shapes[0], norm_angle_45(gts)[:, 2:4]),
        torch.tensor(expected['shape_iou']), atol=1e-5)
    assigner = SameCenterAssigner(match_low_quality=False)
    result, = assigner.assign_levels(points, shapes, gts)
    labels = torch.tensor(expected['labels'])
    assert torch.equal(result.view(height, width, 2), labels)
    assert (result >= 0).sum() == expected['num_pos']
    assert (result == -2).sum() == expected['num_ignored']


def test_low_quality_over_levels_by_hand():
    case = worked_case('larsd', 'assign_low_quality_multilevel')
    given, expected = case['input'], case['expected']
    points, shapes, _ = levels(given['strides'], given['anchors_wh'],
                               given['img_hw'])
    gts = torch.tensor(given['gt_boxes'], dtype=torch.float32)
    table = torch.stack([shape_iou(s, gts[:, 2:4])[:, 0] for s in shapes])
    assert torch.allclose(
        table, torch.tensor(expected['shape_iou']), atol=1e-5)
    result = SameCenterAssigner().assign_levels(points, shapes, gts)
    assert [int((r >= 0).sum()) for r in result] == \
        expected['num_pos_per_level']
    assert [int((r == -2).sum()) for r in result] == \
        expected['num_ignored_per_level']
    best = result[expected['best_level']][:, expected['best_anchor']]
    assert (best >= 0).sum() == sum(expected['num_pos_per_level'])


@pytest.mark.parametrize('seed', range(3))
def test_equals_the_rule_written_as_loops(seed):
    anchors = [[(30, 9), (9, 30)], [(60, 15), (15, 60)]]
    points, shapes, _ = levels([8, 16], anchors, (128, 128))
    gts = random_rboxes(25, seed=seed, extent=128)
    assigner = SameCenterAssigner(
        match_low_quality=False, ensure_location=False)
    found = assigner.assign_levels(points, shapes, gts)
    for level, expected in zip(found, reference(points, shapes, gts)):
        assert torch.equal(level, expected)


def with_nets(points, shapes, gts, ignored, pos_thr=0.5, ignore_thr=0.2):
    """The whole rule, both safety nets included, as loops."""
    gts = norm_angle_45(gts)
    tables = [shape_iou(level, gts[:, 2:4]) for level in shapes]
    forced, best = set(), {}
    for g in range(len(gts)):
        flat = torch.cat([table[:, g] for table in tables])
        index, level = int(flat.argmax()), 0
        while index >= len(tables[level]):
            index, level = index - len(tables[level]), level + 1
        best[g] = level
        if flat.max() <= pos_thr:
            forced.add((level, index, g))

    def positive(level, k, g):
        return tables[level][k, g] > pos_thr or (level, k, g) in forced

    inside = [torch.stack([rbox2distance(point, gts)[0].amin(-1) > 0
                           for point in level]) for level in points]
    for g in range(len(gts)):
        levels_of = [level for level, table in enumerate(tables)
                     if any(positive(level, k, g) for k in range(len(table)))]
        if levels_of and not any(inside[level][:, g].any()
                                 for level in levels_of):
            gap = (points[best[g]] - gts[g, :2]).square().sum(-1)
            inside[best[g]][gap.argmin(), g] = True
    out = []
    for level, (table, within) in enumerate(zip(tables, inside)):
        result = torch.full((len(within), len(table)), -1)
        covered = torch.zeros(len(within), dtype=torch.bool)
        for p, point in enumerate(points[level]):
            covered[p] = (rbox2distance(
                point, ignored)[0].amin(-1) > 0).any()
            for k in range(len(table)):
                rivals = [(((level, k, g) in forced), float(table[k, g]),
                           -float(gts[g, 2] * gts[g, 3]), -g)
                          for g in within[p].nonzero().flatten().tolist()]
                if rivals:
                    winner = -max(rivals)[-1]
                    if positive(level, k, winner):
                        result[p, k] = winner
                    elif table[k, winner] >= ignore_thr:
                        result[p, k] = -2
        result[covered[:, None] & (result == -1)] = -2
        out.append(result)
    return out


@pytest.mark.parametrize('seed', range(3))
def test_safety_nets_equal_the_rule_written_as_loops(seed):
    anchors = [[(30, 9), (9, 30), (4, 4)], [(60, 15), (15, 60), (20, 20)]]
    points, shapes, _ = levels([8, 16], anchors, (96, 96))
    gts = random_rboxes(20, seed=seed, extent=96)
    gts[::3, 2:4] *= 0.1
    gts[::6, :2] = (gts[::6, :2] / 16).round() * 16  # equally near to four
    ignored = random_rboxes(3, seed=seed + 9, extent=96)
    found = SameCenterAssigner().assign_levels(points, shapes, gts, ignored)
    expected = with_nets(points, shapes, gts, ignored)
    for level, wanted in zip(found, expected):
        assert torch.equal(level, wanted)


@pytest.mark.parametrize('mixed', [False, True])
def test_in_a_flat_list_each_shape_is_a_level(mixed):
    """Levels of one stride have locations in common."""
    anchors = [[(30, 9), (9, 30)], [(60, 15), (15, 60)], [(8, 8), (7, 2)]]
    _, _, priors = levels([8, 16, 8], anchors, (128, 128))
    if mixed:
        priors = priors[torch.randperm(
            len(priors), generator=torch.Generator().manual_seed(0))]
    gts = random_rboxes(40, seed=11, extent=128)
    gts[::2, 2:4] *= 0.1
    result = SameCenterAssigner().assign(
        InstanceData(priors=RotatedBoxes(priors)),
        InstanceData(bboxes=RotatedBoxes(gts), labels=torch.arange(40) % 3))
    shapes = priors[:, 2:4].unique(dim=0)
    members = [(priors[:, 2:4] == shape).all(-1).nonzero().flatten()
               for shape in shapes]
    expected = SameCenterAssigner().assign_levels(
        [priors[member, :2] for member in members], list(shapes[:, None]),
        gts)
    for shape, member, wanted in zip(shapes, members, expected):
        wanted = wanted.flatten()
        assert torch.equal(result.gt_inds[member],
                           torch.where(wanted == -2, -1, wanted + 1))
        chosen = member[wanted >= 0]
        assert torch.allclose(
            result.max_overlaps[chosen], shape_iou(
                shape[None], norm_angle_45(gts)[:, 2:4])[
                    0, wanted[wanted >= 0]])
    assert len(result.gt_inds.unique()) > 30


def test_many_boxes_do_not_depend_on_their_order():
    points, shapes, _ = levels([4], [[(24, 8), (8, 24)]], (256, 256))
    gts = random_rboxes(300, seed=5, extent=256)
    assigner = SameCenterAssigner()
    result, = assigner.assign_levels(points, shapes, gts)
    order = torch.randperm(
        300, generator=torch.Generator().manual_seed(0))
    shuffled, = assigner.assign_levels(points, shapes, gts[order])
    back = torch.where(shuffled >= 0, order[shuffled.clamp(min=0)], shuffled)
    assert torch.equal(back, result)


def test_equal_ious_go_to_the_smaller_box():
    # IoU 0.64 with both: 10x10 in 12.5x12.5, and 8x8 in 10x10.
    points, shapes, _ = levels([8], [[(10, 10)]], (8, 8))
    gts = torch.tensor([[4., 4., 12.5, 12.5, 0.], [4., 4., 8., 8., 0.]])
    assert torch.allclose(
        shape_iou(shapes[0], gts[:, 2:4]), torch.tensor([[.64, .64]]))
    for order, winner in (([0, 1], 1), ([1, 0], 0)):
        result, = SameCenterAssigner().assign_levels(
            points, shapes, gts[order])
        assert result.item() == winner


def test_forced_box_wins_over_a_better_match():
    points, shapes, _ = levels([8], [[(16, 16)]], (32, 32))
    fits, thin = [16., 16., 16., 16., 0.], [16., 16., 30., 3., 0.]
    result, = SameCenterAssigner().assign_levels(
        points, shapes, torch.tensor([fits, thin]))
    # Locations at y = 12 and 20 lie outside of the sliver (14.5 to 17.5),
    # which so gets the single location nearest to its centre.
    assert (result == 1).sum() == 1
    assert (result == 0).sum() == 3


def test_sliver_between_locations_gets_the_nearest():
    points, shapes, _ = levels([16], [[(40, 3)]], (64, 64))
    gts = torch.tensor([[33., 33., 40., 3., 0.]])
    result, = SameCenterAssigner().assign_levels(points, shapes, gts)
    position = (result >= 0).nonzero()
    assert len(position) == 1
    assert points[0][position[0, 0]].tolist() == [40., 40.]
    without, = SameCenterAssigner(ensure_location=False).assign_levels(
        points, shapes, gts)
    assert not (without >= 0).any()


def test_ignored_boxes_hide_background_only():
    points, shapes, _ = levels([8], [[(16, 16)]], (32, 32))
    gts = torch.tensor([[8., 8., 16., 16., 0.]])
    ignore = torch.tensor([[16., 8., 32., 16., 0.]])
    result, = SameCenterAssigner().assign_levels(points, shapes, gts, ignore)
    grid = result.view(4, 4)
    assert grid[:2, :2].tolist() == [[0, 0], [0, 0]]
    assert grid[:2, 2:].tolist() == [[-2, -2], [-2, -2]]
    assert (grid[2:] == -1).all()


def test_area_ranges_part_the_levels_without_anchors():
    generator = RotatedShapePriorGenerator([4, 8, 16])
    points, shapes, _ = levels([4, 8, 16], None, (64, 64))
    assert [s.tolist() for s in generator.shapes] == [
        [[32., 32.]], [[64., 64.]], [[128., 128.]]]
    gts = torch.tensor([[16., 16., 10., 10., 0.], [40., 40., 30., 10., 0.],
                        [32., 32., 60., 40., 0.]])
    assigner = SameCenterAssigner(match_shape=False, area_ranges=[100, 300])
    result = assigner.assign_levels(points, shapes, gts)
    assert [r[r >= 0].unique().tolist() for r in result] == [[0], [1], [2]]
    # every location inside is positive: 15 columns x 10 rows of stride 16
    assert (result[2] >= 0).sum() == 4 * 2
    assert all((r != -2).all() for r in result)


def test_shrink_keeps_to_the_middle():
    points, shapes, _ = levels([8], None, (64, 64))
    gts = torch.tensor([[32., 32., 64., 32., 0.]])
    whole, = SameCenterAssigner(match_shape=False).assign_levels(
        points, shapes, gts)
    half, = SameCenterAssigner(match_shape=False, shrink=0.5).assign_levels(
        points, shapes, gts)
    assert ((whole >= 0).sum(), (half >= 0).sum()) == (32, 8)


def test_no_boxes_gives_background():
    points, shapes, _ = levels([8, 16], [[(9, 9)], [(20, 20)]], (32, 32))
    result = SameCenterAssigner().assign_levels(
        points, shapes, torch.zeros(0, 5))
    assert all((r == -1).all() for r in result)


def test_host_interface_equals_the_levels():
    anchors = [[(30, 9), (9, 30)], [(60, 15), (15, 60)]]
    points, shapes, priors = levels([8, 16], anchors, (128, 128))
    gts = random_rboxes(30, seed=7, extent=128)
    instances = InstanceData(
        bboxes=RotatedBoxes(gts), labels=torch.arange(30) % 3)
    assigner = SameCenterAssigner()
    flat = torch.cat(
        [r.flatten() for r in assigner.assign_levels(points, shapes, gts)])
    result = assigner.assign(
        InstanceData(priors=RotatedBoxes(priors)), instances)
    expected = flat + 1
    expected[flat == -2] = -1
    assert torch.equal(result.gt_inds, expected)
    positive = flat >= 0
    assert torch.equal(result.labels[positive], flat[positive] % 3)
    assert (result.labels[~positive] == -1).all()
    assert result.num_gts == 30


@pytest.mark.parametrize('bad, text', [
    (dict(pos_iou_thr=0.2, ignore_iou_thr=0.5), 'ignore_iou_thr'),
    (dict(area_ranges=[300, 100]), 'ascend')])
def test_bad_settings_are_named(bad, text):
    with pytest.raises(ValueError, match=text):
        SameCenterAssigner(**bad)


def test_number_of_area_ranges_must_fit():
    points, shapes, _ = levels([4, 8], None, (32, 32))
    with pytest.raises(ValueError, match='2 levels need 1 area_ranges'):
        SameCenterAssigner(area_ranges=[1, 2]).assign_levels(
            points, shapes, random_rboxes(2))


def test_area_ranges_are_refused_for_flat_priors():
    with pytest.raises(ValueError, match='area_ranges'):
        SameCenterAssigner(area_ranges=[1]).assign(
            InstanceData(priors=random_rboxes(2)),
            InstanceData(bboxes=random_rboxes(2), labels=torch.zeros(2)))


def test_stock_anchors_of_one_shape_are_one_group():
    """Corner coordinates round differently at every location."""
    generator = FakeRotatedAnchorGenerator(
        angle_version='le90', octave_base_scale=4, scales_per_octave=3,
        ratios=[1.0, 0.5, 2.0], strides=[8, 16])
    priors = cat_boxes(generator.grid_priors(
        [(32, 32), (16, 16)], device='cpu'))
    # At the best shape of the first level every location inside counts.
    gts = torch.tensor([[128., 128., 90., 12., 0.3], [60., 60., 70., 9., -1.]])
    result = SameCenterAssigner().assign(
        InstanceData(priors=priors),
        InstanceData(bboxes=gts, labels=torch.zeros(2).long()))
    points = priors.tensor[:, :2]
    for index, gt in enumerate(gts):
        mine = (result.gt_inds == index + 1).nonzero().flatten()
        inside, _ = inside_pairs(points.unique(dim=0), gt[None])
        assert len(mine) >= 5
        assert len(mine) <= len(inside) * 9
        shape = (priors.tensor[mine, 2:4] * 4).round().unique(dim=0)
        on_level, _ = inside_pairs(points[mine].unique(dim=0), gt[None])
        assert len(on_level) == len(points[mine].unique(dim=0))
        assert len(mine) == len(shape) * len(on_level)
