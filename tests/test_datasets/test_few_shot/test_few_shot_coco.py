import json
import random

import pytest
from mmdet.registry import DATASETS
from mmdet.utils import register_all_modules

from mmextra.datasets import AnnotationError
from mmextra.datasets.few_shot.coco import default_ann_cfg, image_folder
from mmextra.utils.class_splits import COCO_SPLITS

NAMES = ('ant', 'bee', 'cod', 'doe', 'elk', 'fox')
SPLITS = dict(
    BASE_CLASSES=NAMES[:4], NOVEL_CLASSES=NAMES[4:], ALL_CLASSES=NAMES)


def build(zoo, **kwargs):
    register_all_modules()
    settings = dict(
        type='FewShotCocoDataset', data_root=str(zoo), ann_file='zoo.json',
        data_prefix=dict(img='images/'), classes='ALL_CLASSES',
        class_splits=SPLITS)
    settings.update(kwargs)
    return DATASETS.build(settings)


def boxes(dataset):
    return [(info['img_id'], tuple(i['bbox']), i['bbox_label'])
            for info in map(dataset.get_data_info, range(len(dataset)))
            for i in info['instances']]


def test_splits_of_coco():
    novel, base = COCO_SPLITS['NOVEL_CLASSES'], COCO_SPLITS['BASE_CLASSES']
    assert (len(novel), len(base)) == (20, 60)
    assert not set(novel) & set(base)
    everything = COCO_SPLITS['ALL_CLASSES']
    assert [everything.index(name) for name in novel] == [
        0, 1, 2, 3, 4, 5, 6, 8, 14, 15, 16, 17, 18, 19, 39, 56, 57, 58, 60,
        62]
    assert list(base) == [n for n in everything if n not in novel]


def test_labels_follow_the_classes_not_the_file(zoo):
    dataset = build(zoo, classes=('fox', 'ant', 'cod'))
    assert dataset.metainfo['classes'] == ('fox', 'ant', 'cod')
    found = {label for img, _, label in boxes(dataset) if img == 101}
    assert found == {2}  # a bee and a cod
    found = {label for img, _, label in boxes(dataset) if img == 105}
    assert found == {0, 1}  # a fox and an ant


def test_crowds_small_boxes_and_empty_images(zoo):
    counts = build(zoo).count_instances()
    assert counts == dict(ant=8, bee=4, cod=4, doe=4, elk=4, fox=4)
    # Images 0, 3, 6 and 9 have a small ant.
    filtered = build(zoo, min_bbox_area=100)
    assert {img for img, _, _ in boxes(filtered)} == {
        100 + i for i in range(12) if i % 3}
    # As a base class it is not seen by the filter of other classes.
    assert len(build(zoo, classes=('bee', ), min_bbox_area=100)) == 4
    everything = build(zoo, classes=('bee', ), test_mode=True)
    assert len(everything) == 12


def test_shots(zoo, tmp_path):
    coco = json.loads((zoo / 'zoo.json').read_text())
    random.Random(0).shuffle(coco['annotations'])
    random.Random(1).shuffle(coco['images'])
    other = tmp_path / 'other_order.json'
    other.write_text(json.dumps(coco))
    before = set()
    for shots in (1, 2, 3):
        chosen = build(zoo, num_base_shots=shots, num_novel_shots=shots)
        assert set(chosen.count_instances().values()) == {shots}
        now = set(boxes(chosen))
        assert before <= now
        before = now
        again = build(zoo, ann_file=str(other), num_base_shots=shots,
                      num_novel_shots=shots)
        assert boxes(again) == boxes(chosen)
    seeds = [frozenset(boxes(build(zoo, num_novel_shots=2, shot_seed=seed,
                                   classes='NOVEL_CLASSES')))
             for seed in range(4)]
    assert len(set(seeds)) > 1


def test_base_and_novel_shots_differ(zoo):
    counts = build(zoo, num_base_shots=3, num_novel_shots=1)
    assert list(counts.count_instances().values()) == [3, 3, 3, 3, 1, 1]
    only = build(zoo, num_novel_shots=1).count_instances()
    assert list(only.values()) == [8, 4, 4, 4, 1, 1]


def test_shot_filter_leaves_classes_out(zoo):
    dataset = build(zoo, ann_shot_filter=dict(ant=2, bee=0))
    counts = dataset.count_instances()
    assert (counts['ant'], counts['bee'], counts['cod']) == (2, 0, 4)


def test_instance_wise(zoo):
    dataset = build(zoo, instance_wise=True, num_base_shots=2,
                    num_novel_shots=2)
    assert len(dataset) == 12
    labels = [label for _, _, label in boxes(dataset)]
    assert labels == sorted(labels)
    every = build(zoo, instance_wise=True)
    assert len(every) == 28
    assert all(len(every.get_data_info(i)['instances']) == 1
               for i in range(28))


def test_several_files_are_merged(zoo, tmp_path):
    """A file per class as TFA has them, one of them twice."""
    coco = json.loads((zoo / 'zoo.json').read_text())
    entries = []
    for number, name in enumerate(NAMES[4:]):
        cats = [c for c in coco['categories'] if c['name'] == name]
        anns = [a for a in coco['annotations']
                if a['category_id'] == cats[0]['id'] and not a['iscrowd']]
        ids = {a['image_id'] for a in anns}
        part = dict(categories=cats, annotations=anns, images=[
            i for i in coco['images'] if i['id'] in ids])
        (tmp_path / f'{name}.json').write_text(json.dumps(part))
        entries += [dict(type='ann_file', ann_file=f'{name}.json')] * (
            1 + number)
    merged = build(zoo, ann_file='', ann_cfg=entries, ann_root=str(tmp_path),
                   classes='NOVEL_CLASSES')
    whole = build(zoo, classes='NOVEL_CLASSES')
    assert sorted(boxes(merged)) == sorted(boxes(whole))
    assert len({img for img, _, _ in boxes(merged)}) == len(merged)


def test_saved_dataset(zoo, tmp_path):
    dataset = build(zoo, num_novel_shots=2, classes='NOVEL_CLASSES')
    path = str(tmp_path / 'saved.json')
    dataset.save_data_infos(path)
    entry = dict(type='saved_dataset', ann_file=path)
    again = build(zoo, ann_file='', ann_cfg=[entry],
                  classes='NOVEL_CLASSES')
    assert boxes(again) == boxes(dataset)
    with pytest.raises(AnnotationError, match='elk.*fox'):
        build(zoo, ann_file='', ann_cfg=[entry], classes=('fox', 'elk'))


def test_prepare_keeps_some_boxes(zoo):
    load = dict(type='LoadAnnotations', with_bbox=True)
    dataset = build(zoo, multi_pipelines=dict(query=[load], support=[load]))
    whole = dataset.get_data_info(0)['instances']
    assert len(whole) == 3
    found = dataset.prepare(0, 'query', [2, 0])
    assert [tuple(box) for box in found['gt_bboxes'].tensor.tolist()] == [
        tuple(whole[i]['bbox']) for i in (2, 0)]
    assert len(dataset.get_data_info(0)['instances']) == 3
    with pytest.raises(ValueError, match="'support'"):
        dataset.prepare(0, 'test')


def test_folders_of_coco():
    assert image_folder('COCO_val2014_0001.jpg', 'x.json') == 'val2014/'
    assert image_folder('1.jpg', 'a/instances_train2017.json') == 'train2017/'
    assert image_folder('1.jpg', 'mine.json') == ''
    # A word that ends like a folder of COCO is none.
    assert image_folder('interval2014_7.jpg', 'x.json') == ''
    assert image_folder('train2014/COCO_train2014_1.jpg', 'x.json') == ''


def test_published_settings():
    files = [entry['ann_file'] for entry in default_ann_cfg(
        'GCN_FSOD', '10SHOT')]
    assert len(files) == 20
    assert files[0] == ('benchmark_10shot/full_box_10shot_person_trainval'
                        '.json')
    seed = default_ann_cfg('TFA', '30SHOT', 3, novel_only=False)
    assert len(seed) == 80 and seed[0]['ann_file'].startswith('seed3/')
    official, = default_ann_cfg('Attention_RPN', 'Official_10SHOT')
    assert 'official_10_shot' in official['ann_file']
    for bad in (('TFA', 'Official_10SHOT'), ('TFA', '4SHOT'),
                ('FSRW', '10SHOT')):
        with pytest.raises(ValueError, match='10SHOT'):
            default_ann_cfg(*bad)


@pytest.mark.parametrize('kwargs, text', [
    (dict(classes='BASE_CLASSES', num_novel_shots=1), 'herd.*base split'),
    (dict(classes='NOVEL_CLASSES', num_base_shots=1), 'herd.*novel split'),
    (dict(ann_shot_filter=dict(ant=1), num_base_shots=1), 'herd.*contradict'),
    (dict(ann_shot_filter=dict(gnu=1)), 'gnu'),
    (dict(num_novel_shots=-1), 'whole numbers'),
    (dict(classes='NOVEL_CLASSES', num_novel_shots=0), 'herd: 0 shots'),
    (dict(classes='NOVEL'), 'NOVEL_CLASSES'),
    (dict(classes=('ant', 'ant')), 'ant'),
    (dict(classes=('ant', 'fly'), class_splits=None, num_novel_shots=1),
     'base or a novel'),
    (dict(ann_cfg=[dict(ann_file='zoo.json')]), 'not both'),
    (dict(img_prefix_style='2014'), 'auto'),
    (dict(ann_file='', ann_cfg=[dict(type='file', ann_file='x')]),
     'saved_dataset'),
    (dict(pipeline=[dict(type='LoadAnnotations')],
          multi_pipelines=dict(query=[])), 'not both')])
def test_contradicting_settings(zoo, kwargs, text):
    with pytest.raises(ValueError, match=text):
        build(zoo, dataset_name='herd', **kwargs)


def test_bad_files(zoo, tmp_path):
    with pytest.raises(AnnotationError, match='there is no category.*fly'):
        build(zoo, classes=('ant', 'fly'))
    with pytest.raises(AnnotationError, match='make_few_shot_split'):
        build(zoo, ann_file='other.json')
    coco = json.loads((zoo / 'zoo.json').read_text())

    def variant(**changes):
        path = tmp_path / 'variant.json'
        path.write_text(json.dumps(dict(coco, **changes)))
        return str(path)

    anns = coco['annotations']
    boxless = variant(annotations=[dict(anns[0], bbox=[])] + anns[1:])
    with pytest.raises(AnnotationError, match=r'annotations\[0\].*bbox'):
        build(zoo, ann_file=boxless)
    renamed = variant(
        categories=[dict(cat, id=cat['id'] + 1)
                    for cat in coco['categories']],
        annotations=[dict(ann, category_id=ann['category_id'] + 1)
                     for ann in anns])
    with pytest.raises(AnnotationError, match='agree'):
        build(zoo, ann_file='', ann_cfg=[
            dict(ann_file=str(zoo / 'zoo.json')), dict(ann_file=renamed)])
    (tmp_path / 'text.json').write_text('no json')
    with pytest.raises(AnnotationError, match='is not valid JSON'):
        build(zoo, ann_file=str(tmp_path / 'text.json'))


def test_area_is_not_needed(zoo, tmp_path):
    coco = json.loads((zoo / 'zoo.json').read_text())
    for ann in coco['annotations']:
        del ann['area']
    path = tmp_path / 'no_area.json'
    path.write_text(json.dumps(coco))
    assert boxes(build(zoo, ann_file=str(path))) == boxes(build(zoo))


def test_fewer_instances_than_shots(zoo):
    with pytest.warns(UserWarning, match=r'(?s)fewer.*bee +4 +6'):
        dataset = build(zoo, num_base_shots=6, classes='BASE_CLASSES')
    assert dataset.count_instances() == dict(ant=6, bee=4, cod=4, doe=4)


def test_class_without_boxes(zoo, tmp_path):
    coco = json.loads((zoo / 'zoo.json').read_text())
    coco['annotations'] = [
        a for a in coco['annotations'] if a['category_id'] != 20]
    path = tmp_path / 'no_bee.json'
    path.write_text(json.dumps(coco))
    with pytest.raises(AnnotationError, match='no box of.*bee'):
        build(zoo, ann_file=str(path), num_base_shots=1, num_novel_shots=1)
    with pytest.raises(AnnotationError, match='no box of.*bee'):
        build(zoo, ann_file=str(path), instance_wise=True)
    # In a plain training it is never drawn.
    assert build(zoo, ann_file=str(path)).count_instances()['bee'] == 0
