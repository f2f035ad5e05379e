import json
import math
import sys

import pytest
import torch
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.config import Config, ConfigDict
from mmrotate.structures.bbox import QuadriBoxes, RotatedBoxes

from mmextra.apis.analysis import anchors, box_shapes
from tests.helpers import TOOLS, load_tool


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
def test_resize_factors(step, expected):
    factors = box_shapes.resize_factors(step, (1000, 500))
    assert len(factors) == len(expected)
    for found, wanted in zip(factors, expected):
        assert found == pytest.approx(wanted)


def test_shapes_of_every_kind_of_box():
    turned = torch.tensor([[50., 50, 40, 10, math.radians(80)]])
    # 80 degrees is -10 with the sides swapped.
    assert box_shapes.shapes_of(RotatedBoxes(turned)).tolist() == [[10, 40]]
    quad = RotatedBoxes(turned).convert_to('qbox')
    assert isinstance(quad, QuadriBoxes)
    torch.testing.assert_close(
        box_shapes.shapes_of(quad), torch.tensor([[10., 40]]), rtol=1e-4,
        atol=1e-4)
    flat = HorizontalBoxes(torch.tensor([[1., 2, 11, 5]]))
    assert box_shapes.shapes_of(flat).tolist() == [[10, 3]]


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


def test_training_shapes(coco):
    # Halved; the crowd box and the one of 0.75 pixels are left out.
    assert box_shapes.training_shapes(coco).tolist() == [[50, 25], [20, 40]]


def test_training_shapes_without_resize(coco):
    del leaf(coco).pipeline[2]
    assert box_shapes.training_shapes(coco).tolist() == [
        [100, 50], [40, 80], [60, 1.5]]


def test_every_data_set_of_a_concatenation_counts():
    cfg = ConfigDict(type='ConcatDataset', datasets=[
        dict(type='A'), dict(type='RepeatDataset', dataset=dict(type='B'))])
    assert [part['type'] for part in box_shapes.leaf_datasets(cfg)] == [
        'A', 'B']


def test_resize_around_the_data_set_counts(coco):
    """As behind a Mosaic, which needs images of more than one sample."""
    inner = leaf(coco)
    outer = [dict(type='Mosaic', img_scale=(500, 500)), inner.pipeline.pop(2),
             inner.pipeline.pop(-1)]
    coco.train_dataloader.dataset = dict(
        type='RepeatDataset', times=2, dataset=dict(
            type='MultiImageMixDataset', dataset=inner, pipeline=outer))
    assert box_shapes.training_shapes(coco).tolist() == [[50, 25], [20, 40]]
    inner.pipeline.append(dict(type='Resize', scale=(8, 8)))
    coco.train_dataloader.dataset.dataset.dataset = inner
    with pytest.raises(ValueError, match='CocoDataset.* 2 resizing'):
        box_shapes.training_shapes(coco)


def test_no_boxes_left(coco):
    leaf(coco).pipeline[2].scale = (8, 8)
    with pytest.raises(ValueError, match='no box with sides.*3 smaller'):
        box_shapes.training_shapes(coco)


def test_pipeline_without_annotations(coco):
    del leaf(coco).pipeline[1]
    with pytest.raises(ValueError, match='CocoDataset has 0 LoadAnn'):
        box_shapes.training_shapes(coco)


def test_written_fragment_is_a_config(tool, coco, tmp_path, monkeypatch):
    config, out = tmp_path / 'c.py', tmp_path / 'new' / 'anchors.py'
    coco.dump(config)
    monkeypatch.setattr(sys, 'argv', [
        'tool', str(config), '--groups', '2', '--clusters', '1',
        '--symmetric', '--out', str(out)])
    tool.main()
    # Areas 800, 800 | 1250, 1250; a box and its mirror share the median.
    assert Config.fromfile(out).to_dict() == dict(model=dict(
        bbox_head=dict(anchor_generator=dict(
            anchors=[[(30.0, 30.0)], [(37.5, 37.5)]])),
        train_cfg=dict(assigner=dict(area_ranges=[800]))))


def test_long_lists_are_broken_between_pairs():
    from mmextra.models.task_modules.prior_generators import anchor_clustering
    level = [(100.0 + i, 200.0 + i) for i in range(9)]
    text = anchors.fragment(
        anchor_clustering.AnchorShapes([level], [], [0.5], 0.5, 0.5), 'T')
    assert max(map(len, text.splitlines())) <= 79
    scope = {}
    exec(text, scope)
    assert scope['model']['bbox_head']['anchor_generator']['anchors'] == [
        level]


def test_what_is_printed_can_be_pasted(tool, tmp_path):
    """Below its _base_ it changes the anchors of a paper's config."""
    from mmextra.models.task_modules.prior_generators import anchor_clustering
    shapes = anchor_clustering.AnchorShapes(
        [[(20., 6.)], [(40., 12.)], [(80., 24.)]], [300., 900.], [1.] * 3,
        1., 1.)
    base = TOOLS.parent / 'configs/larsd/synthetic-p2p3p4.py'
    path = tmp_path / 'mine.py'
    path.write_text(f'_base_ = {str(base)!r}\n' + anchors.fragment(
        shapes, 'T'))
    cfg = Config.fromfile(path)
    assert cfg.model.bbox_head.anchor_generator.anchors == shapes.anchors
    assert cfg.model.train_cfg.assigner.area_ranges == [300, 900]
    assert cfg.model.type == Config.fromfile(base).model.type


SIDES = [(8, 8), (12, 6), (9, 20), (40, 30), (30, 60), (60, 60), (90, 200),
         (200, 100), (240, 240)]


@pytest.fixture
def yolo(coco, tmp_path):
    """A YOLO config beside nine shapes, five boxes of each."""
    path = tmp_path / 'a.json'
    content = json.loads(path.read_text())
    content['annotations'] = [
        dict(id=i, image_id=1, category_id=1, area=w * h, iscrowd=0,
             bbox=[10, 10, w, h]) for i, (w, h) in enumerate(SIDES * 5)]
    path.write_text(json.dumps(content))
    inner = leaf(coco)
    inner.pipeline = [step for step in inner.pipeline
                      if step['type'] != 'Resize']
    coco.model = dict(bbox_head=dict(
        type='YOLOv5Head', anchor_generator=dict(
            type='YOLOAnchorGenerator', strides=[8, 16, 32],
            base_sizes=[[(500, 4)] * 3] * 3)))
    coco.dump(tmp_path / 'c.py')
    return tmp_path / 'c.py'


def generator(name):
    return f'model.bbox_head.anchor_generator.{name}='


@pytest.mark.parametrize('strides, order', [
    ('[8,16,32]', [0, 1, 2]), ('[32,16,8]', [2, 1, 0])])
def test_yolo_anchors_come_by_area_and_level(tool, yolo, tmp_path, capsys,
                                             strides, order):
    out = tmp_path / 'anchors.py'
    tool.main([str(yolo), '--groups', '1', '--clusters', '9', '--out',
               str(out), '--cfg-options', generator('strides') + strides])
    told = capsys.readouterr().out
    assert 'larsd' not in told
    # (500, 4) is within a factor of 4 of none of the nine.
    assert 'Best possible recall 100.0 %, 0.0 % with those of' in told
    levels = Config.fromfile(out).model.bbox_head.anchor_generator
    assert list(levels) == ['base_sizes']
    assert [sorted(map(tuple, levels['base_sizes'][i])) for i in order] == [
        sorted(SIDES[i:i + 3]) for i in (0, 3, 6)]


def test_good_yolo_anchors_stay(tool, yolo, tmp_path):
    """49 of 50 is no more than 98 percent, 45 of 45 is."""
    out = tmp_path / 'anchors.py'
    fitting = generator('base_sizes') + '[[(10,10)],[(40,40)],[(150,150)]]'
    args = [str(yolo), '--groups', '1', '--clusters', '9', '--out', str(out),
            '--cfg-options', fitting]
    with pytest.raises(SystemExit, match='match 100.00 % .* 98 %.* keep'):
        tool.main(args)
    assert not out.exists()
    path = tmp_path / 'a.json'
    content = json.loads(path.read_text())
    content['annotations'] += [
        dict(content['annotations'][0], id=100 + i, bbox=[10, 10, w, h])
        for i, (w, h) in enumerate([(8, 8)] * 4 + [(500, 4)])]
    path.write_text(json.dumps(content))
    tool.main(args)
    assert out.exists()


def test_yolo_anchors_without_any_in_the_config(tool, yolo, tmp_path):
    cfg = Config.fromfile(yolo)
    cfg.pop('model')
    cfg.dump(yolo)
    out = tmp_path / 'anchors.py'
    tool.main([str(yolo), '--groups', '1', '--clusters', '3', '--out',
               str(out)])
    generator = Config.fromfile(out).model.bbox_head.anchor_generator
    assert [len(level) for level in generator.base_sizes] == [1, 1, 1]


def test_one_group_of_larsd_anchors(tool, yolo, tmp_path):
    """Its generator has no base_sizes."""
    cfg = Config.fromfile(yolo)
    del cfg.model.bbox_head.anchor_generator['base_sizes']
    cfg.dump(yolo)
    out = tmp_path / 'anchors.py'
    tool.main([str(yolo), '--groups', '1', '--out', str(out)])
    assert list(Config.fromfile(out).model) == ['bbox_head', 'train_cfg']
    # mmdet's AnchorGenerator has numbers under the same key.
    cfg.model.bbox_head.anchor_generator.base_sizes = [8, 16]
    assert anchors.yolo_generator(cfg) is None


@pytest.mark.parametrize('clusters, message', [
    ('5', '--clusters 5 .* the 3 levels .* multiple of 3'),
    ('12', 'kmeans_anchors.py: cannot form 12 clusters .* 9 different')])
def test_unfitting_numbers_of_clusters(tool, yolo, clusters, message):
    with pytest.raises(SystemExit, match=message):
        tool.main([str(yolo), '--groups', '1', '--clusters', clusters])
