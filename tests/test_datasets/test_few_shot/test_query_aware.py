import itertools
import random

import pytest
import torch
from mmdet.registry import DATASETS
from mmdet.utils import register_all_modules

from mmextra.datasets import ImageViews
from mmextra.datasets.few_shot import draw_supports, query_aware_candidates

NAMES = ('ant', 'bee', 'cod', 'doe', 'elk', 'fox')
META = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')
QUERY = [dict(type='LoadImageFromFile'),
         dict(type='LoadAnnotations', with_bbox=True),
         dict(type='Resize', scale=(80, 64), keep_ratio=True),
         dict(type='PackDetInputs', meta_keys=META)]
SUPPORT = [dict(type='LoadImageFromFile'),
           dict(type='LoadAnnotations', with_bbox=True),
           dict(type='CropResizeInstance', target_size=(32, 32)),
           dict(type='PackDetInputs', meta_keys=META)]


def build(zoo, ways=2, shots=2, classes=NAMES, **kwargs):
    register_all_modules()
    dataset = dict(
        type='FewShotCocoDataset', data_root=str(zoo), ann_file='zoo.json',
        data_prefix=dict(img='images/'), classes=classes,
        multi_pipelines=dict(query=QUERY, support=SUPPORT))
    dataset.update(kwargs.pop('dataset', {}))
    return DATASETS.build(dict(
        type='QueryAwareDataset', num_support_ways=ways,
        num_support_shots=shots, dataset=dataset, **kwargs))


def test_candidates():
    supports = {0: [(1, 'a'), (2, 'b')], 1: [(1, 'c')], 2: [(3, 'd')],
                3: []}
    found = query_aware_candidates([0, 0, 1], 1, supports)
    # Label 1 has no other image, so its own counts.
    assert found['positive'] == {0: [(2, 'b')], 1: [(1, 'c')]}
    assert found['negative'] == [2]
    # A crowd of one class leaves as many others.
    crowd = query_aware_candidates([0] * 50, 9, supports)
    assert crowd['negative'] == [1, 2]


def test_draws_from_different_images_first():
    candidates = [(1, i) for i in range(5)] + [(2, 9), (3, 8)]
    rng = random.Random(0)
    for _ in range(20):
        three = draw_supports(rng, candidates, 3)
        assert len({image for image, _ in three}) == 3
        assert len(set(draw_supports(rng, candidates, 7))) == 7
        assert set(draw_supports(rng, candidates[:2], 5)) == set(
            candidates[:2])


def test_item(zoo):
    torch.manual_seed(0)
    dataset = build(zoo, ways=3, shots=2)
    assert len(dataset) == 12 and dataset.metainfo['classes'] == NAMES
    for index in range(12):
        item = dataset[index]
        query = item['data_samples']['query']
        label = query.query_class
        assert set(query.gt_instances.labels.tolist()) == {label}
        assert item['inputs']['query'].shape == (3, 64, 80)
        supports = item['data_samples']['support']
        assert torch.stack(item['inputs']['support']).shape == (6, 3, 32, 32)
        labels = [int(s.gt_instances.labels) for s in supports]
        assert labels[:2] == [label] * 2
        assert len(set(labels)) == 3 and labels[2] == labels[3]
        present = dataset.get_cat_ids(index)
        assert not set(labels[2:]) & set(present)
        # All boxes of the class, no other.
        assert len(query.gt_instances) == present.count(label)


def test_no_support_from_the_query_image(zoo):
    """A thousand draws of supports."""
    dataset = build(zoo, shots=5)
    drawn, rng = 0, random.Random(0)
    for number in range(1000):
        index = number % 12
        boxes = dataset._boxes_by_label(index)
        image = dataset.get_data_info(index)['img_id']
        found = query_aware_candidates(boxes, image, dataset.supports)
        for label in found['positive']:
            for entry in draw_supports(rng, found['positive'][label], 5):
                assert entry[0] != image
                drawn += 1
    assert drawn > 5000


def test_one_shot_may_be_its_own_support(zoo):
    with pytest.warns(UserWarning, match='its own support'):
        dataset = build(zoo, shots=1, dataset=dict(
            ann_shot_filter=dict.fromkeys(NAMES, 1)))
        for index in range(len(dataset)):
            item = dataset[index]
    assert len(item['inputs']['support']) == 2


def test_query_unit_and_repeats(zoo):
    dataset = build(zoo, query_unit='image_class', repeat_times=3)
    # Two classes per image; every fourth has an ant anyway or one more.
    labels = {(i, label) for i in range(12)
              for label in dataset._boxes_by_label(i)}
    assert len(dataset) == 3 * len(labels)
    index = dataset.queries.index((3, 4))
    assert dataset[index]['data_samples']['query'].query_class == 4


def test_too_many_ways(zoo):
    with pytest.raises(ValueError, match='Use fewer ways'):
        build(zoo, ways=6, max_refetch=3)[0]


def test_wrapper_is_what_the_tools_expect(zoo):
    dataset = build(zoo)
    dataset.full_init()
    assert dataset.get_data_info(1)['img_id'] == 101
    from mmextra.evaluation.benchmark import dataset_facts
    assert dataset_facts(dataset).split == 'zoo'


@pytest.mark.parametrize('kwargs', [
    dict(ways=0), dict(shots=0), dict(repeat_times=0),
    dict(query_unit='box')])
def test_illegal_arguments(zoo, kwargs):
    with pytest.raises(ValueError, match='must be'):
        build(zoo, **kwargs)


def test_supports_of_other_classes(zoo):
    other = dict(
        type='FewShotCocoDataset', data_root=str(zoo), ann_file='zoo.json',
        data_prefix=dict(img='images/'), classes=NAMES[::-1],
        multi_pipelines=dict(support=SUPPORT))
    with pytest.raises(ValueError, match='same order'):
        build(zoo, support_dataset=other)


def test_loops_end(zoo):
    dataset = build(zoo, ways=2, shots=1, repeat_times=2)
    count = sum(1 for _ in itertools.islice(dataset, len(dataset) + 5))
    assert count == len(dataset) == len(list(dataset))
    for index in (len(dataset), -len(dataset) - 1):
        with pytest.raises(IndexError, match=f'has {len(dataset)} items'):
            dataset[index]
    assert dataset[-1]['inputs']


def test_views_of_queries_and_supports(zoo):
    views = ImageViews(build(zoo, ways=3, shots=2))
    found = views.views(2)
    assert len(found) == 1 + 3 * 2
    names = [view['data_samples'].img_path for view in found]
    assert names[0].startswith('000002_query_')
    assert names[1].startswith('000002_support0_')
    assert len(set(names)) == 7
    # The supports of the query's class come first.
    query = found[0]['data_samples']
    label = int(query.gt_instances.labels[0])
    assert f'_query_{NAMES[label]}_' in names[0]
    assert all(f'support{k}_{NAMES[label]}_' in names[1 + k]
               for k in range(2))
    for view in found:
        assert view['inputs'].shape[0] == 3
        assert len(view['data_samples'].gt_instances.bboxes)
    assert len(list(views)) == 7 * len(views)
    assert views.metainfo['classes'] == NAMES


def test_every_class_of_the_query_makes_a_positive_pair(zoo):
    dataset = build(zoo, ways=4, shots=2, positive_pairs='all')
    sizes = set()
    for index in range(12):
        item = dataset[index]
        query = item['data_samples']['query']
        present = dataset.get_cat_ids(index)
        classes = query.query_classes
        sizes.add(len(classes))
        assert len(set(classes)) == len(classes) == min(
            3, len(set(present)))
        assert query.query_class == classes[0]
        # All boxes of these classes, and their supports first.
        assert sorted(query.gt_instances.labels.tolist()) == sorted(
            label for label in present if label in classes)
        labels = [int(s.gt_instances.labels)
                  for s in item['data_samples']['support']]
        assert len(labels) == 8 and labels[::2] == labels[1::2]
        assert tuple(labels[::2][:len(classes)]) == classes
        assert not set(labels[::2][len(classes):]) & set(present)
    assert max(sizes) > 1


def test_positive_pairs_leave_a_way_for_an_absent_class(zoo):
    dataset = build(zoo, ways=2, shots=1, positive_pairs='all')
    for index in range(12):
        item = dataset[index]['data_samples']
        label, = item['query'].query_classes
        other = int(item['support'][1].gt_instances.labels)
        assert other not in dataset.get_cat_ids(index)
        assert set(item['query'].gt_instances.labels.tolist()) == {label}


def test_positive_pairs_of_an_image_and_a_class(zoo):
    with pytest.raises(ValueError, match="must then be 'image'"):
        build(zoo, positive_pairs='all', query_unit='image_class')
    with pytest.raises(ValueError, match="'one'"):
        build(zoo, positive_pairs='some')
