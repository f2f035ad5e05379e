import pytest
import torch

from mmextra.models.task_modules.assigners.point_tiles import PointTiles
from tests.helpers import random_rboxes


def grid(columns, rows, stride):
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns),
                          indexing='ij')
    return torch.stack([x, y], -1).view(-1, 2) * float(stride)


def scattered(points):
    order = torch.randperm(
        len(points), generator=torch.Generator().manual_seed(1))
    return points[order]


@pytest.mark.parametrize('points', [
    grid(37, 23, 8), scattered(grid(37, 23, 8)), grid(1, 1, 8),
    grid(64, 1, 4) - 100])
def test_inside_equals_every_point_and_box(points):
    boxes = torch.cat([random_rboxes(60, seed=3, extent=300),
                       torch.tensor([[8., 8., 16., 16., 0.],
                                     [0., 0., 1e4, 1e4, .3],
                                     [9., 9., .1, .1, 0.]])])
    point, box = PointTiles(points).inside(boxes)
    cx, cy, w, h, angle = boxes.unbind(-1)
    dx, dy = points[:, :1] - cx, points[:, 1:] - cy
    expected = (((dx * angle.cos() + dy * angle.sin()).abs() < w / 2) &
                ((dy * angle.cos() - dx * angle.sin()).abs() < h / 2))
    found = torch.zeros_like(expected)
    found[point, box] = True
    assert torch.equal(found, expected)
    assert len(point) == expected.sum()


@pytest.mark.parametrize('points', [
    grid(37, 23, 8), scattered(grid(37, 23, 8)), grid(3, 1, 8)])
def test_nearest_is_the_first_of_the_nearest_of_its_group(points):
    generator = torch.Generator().manual_seed(2)
    groups = torch.rand(len(points), 3, generator=generator) < .3
    groups[0] = True
    centres = torch.rand(80, 2, generator=generator) * 400 - 50
    centres[::2] = (centres[::2] / 4).round() * 4  # many are equally near
    group = torch.arange(80) % 3
    gaps = (points[:, None] - centres).square().sum(-1)
    gaps[~groups[:, group]] = float('inf')
    assert torch.equal(PointTiles(points).nearest(centres, groups, group),
                       gaps.argmin(0))
