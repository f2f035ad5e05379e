import json
import math
import sys

import pytest
import torch
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.config import Config, ConfigDict
from mmrotate.structures.bbox import QuadriBoxes, RotatedBoxes

from tests.helpers import load_tool


@pytest.fixture(scope='module')
def tool():
    return load_tool('analysis_tools/kmeans_anchors.py')


@pytest.mark.parametrize('step, expected', [
    # A 1000 x 500 image.
    (dict(type='Resize', scale=(800, 600), keep_ratio=True), [(0.8, 0.8)]),
    (dict(type='Resize', scale=(800, 300), keep_ratio=True), [(0.6, 0.6)]),
    (dict(type='mmdet.Resize', scale=(800, 600)), [(0.8, 1.2)]),
    (dict(type='Resize', scale=512), [(0.512, 1.024)]),
    (dict(type='Resize', scale_factor=0.5), [(0.5, 0.5)]),
    (dict(type='Resize', scale_factor=(0.5, 2.0)), [(0.5, 2.0)]),
    (dict(type='FixScaleResize', scale=(500, 500), keep_ratio=True),
     [(0.5, 0.5)]),
    (dict(type='RandomChoiceResize', resize_type='mmdet.Resize',
          scales=[(500, 500), (2000, 2000)], keep_ratio=True),
     [(0.5, 0.5), (2, 2)]),
    (dict(type='RandomResize', scale=(1000, 1000), ratio_range=(0.5, 1.5),
          keep_ratio=True), [(0.5, 0.5), (1, 1), (1.5, 1.5)]),
    (dict(type='RandomResize', scale=[(400, 400), (600, 600)],
          keep_ratio=True), [(0.4, 0.4), (0.5, 0.5), (0.6, 0.6)]),
])
def test_resize_factors(tool, step, expected):
    factors = tool.resize_factors(step, (1000, 500))
    assert len(factors) == len(expected)
    for found, wanted in zip(factors, expected):
        assert found == pytest.approx(wanted)


def test_shapes_of_every_kind_of_box(tool):
    turned = torch.tensor([[50., 50, 40, 10, math.radians(80)]])
    # 80 degrees is -10 with the sides swapped.
    assert tool.shapes_of(RotatedBoxes(turned)).tolist() == [[10, 40]]
    quad = RotatedBoxes(turned).convert_to('qbox')
    assert isinstance(quad, QuadriBoxes)
    torch.testing.assert_close(
        tool.shapes_of(quad), torch.tensor([[10., 40]]), rtol=1e-4, atol=1e-4)
    flat = HorizontalBoxes(torch.tensor([[1., 2, 11, 5]]))
    assert tool.shapes_of(flat).tolist() == [[10, 3]]


@pytest.fixture
def coco(tmp_path):
    """Config of a tiny COCO set: 1000 x 500 image, no image file."""
    def box(number, w, h, crowd=0):
        return dict(id=number, image_id=1, category_id=1, area=w * h,
                    bbox=[10, 10, w, h], iscrowd=crowd)

    (tmp_path / 'a.json').write_text(json.dumps(dict(
        images=[dict(id=1, file_name='1.png', width=1000, height=500)],
        annotations=[box(1, 100, 50), box(2, 40, 80), box(3, 300, 300, 1),
                     box(4, 60, 1.5)],
        categories=[dict(id=1, name='ship')])))
    leaf = dict(
        type='CocoDataset', data_root=str(tmp_path), ann_file='a.json',
        data_prefix=dict(img=''),
        metainfo=dict(classes=('ship', )),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True),
            dict(type='Resize', scale=(500, 500), keep_ratio=True),
            dict(type='RandomFlip', prob=1.0),
            dict(type='PackDetInputs')])
    return Config(dict(train_dataloader=dict(dataset=dict(
        type='RepeatDataset', times=5, dataset=leaf))))


def leaf(cfg):
    return cfg.train_dataloader.dataset.dataset


def test_training_shapes(tool, coco):
    # Halved; the crowd box and the one of 0.75 pixels are left out.
    assert tool.training_shapes(coco).tolist() == [[50, 25], [20, 40]]


def test_training_shapes_without_resize(tool, coco):
    del leaf(coco).pipeline[2]
    assert tool.training_shapes(coco).tolist() == [
        [100, 50], [40, 80], [60, 1.5]]


def test_every_data_set_of_a_concatenation_counts(tool):
    cfg = ConfigDict(type='ConcatDataset', datasets=[
        dict(type='A'), dict(type='RepeatDataset', dataset=dict(type='B'))])
    assert [part['type'] for part in tool.leaf_datasets(cfg)] == ['A', 'B']


def test_resize_around_the_data_set_counts(tool, coco):
    """As behind a Mosaic, which needs images of more than one sample."""
    inner = leaf(coco)
    outer = [dict(type='Mosaic', img_scale=(500, 500)), inner.pipeline.pop(2),
             inner.pipeline.pop(-1)]
    coco.train_dataloader.dataset = dict(
        type='RepeatDataset', times=2, dataset=dict(
            type='MultiImageMixDataset', dataset=inner, pipeline=outer))
    assert tool.training_shapes(coco).tolist() == [[50, 25], [20, 40]]
    inner.pipeline.append(dict(type='Resize', scale=(8, 8)))
    coco.train_dataloader.dataset.dataset.dataset = inner
    with pytest.raises(ValueError, match='CocoDataset.* 2 resizing'):
        tool.training_shapes(coco)


def test_no_boxes_left(tool, coco):
    leaf(coco).pipeline[2].scale = (8, 8)
    with pytest.raises(ValueError, match='no box with sides.*3 smaller'):
        tool.training_shapes(coco)


def test_pipeline_without_annotations(tool, coco):
    del leaf(coco).pipeline[1]
    with pytest.raises(ValueError, match='CocoDataset has 0 LoadAnn'):
        tool.training_shapes(coco)


def test_written_fragment_is_a_config(tool, coco, tmp_path, monkeypatch):
    config, out = tmp_path / 'c.py', tmp_path / 'new' / 'anchors.py'
    coco.dump(config)
    monkeypatch.setattr(sys, 'argv', [
        'tool', str(config), '--groups', '2', '--clusters', '1',
        '--symmetric', '--out', str(out)])
    tool.main()
    # Areas 800, 800 | 1250, 1250; a box and its mirror share the median.
    assert Config.fromfile(out).to_dict() == dict(
        larsd_anchors=[[(30.0, 30.0)], [(37.5, 37.5)]],
        larsd_area_ranges=[800])


def test_long_lists_are_broken_between_pairs(tool):
    from mmextra.models.task_modules.prior_generators import anchor_clustering
    level = [(100.0 + i, 200.0 + i) for i in range(9)]
    text = tool.fragment(
        anchor_clustering.AnchorShapes([level], [], [0.5], 0.5, 0.5), 'T')
    assert max(map(len, text.splitlines())) <= 79
    scope = {}
    exec(text, scope)
    assert scope['larsd_anchors'] == [level]
