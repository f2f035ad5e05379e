import pytest
from mmdet.registry import DATASETS
from mmdet.utils import register_all_modules

from mmextra.datasets import AnnotationError
from mmextra.datasets.few_shot.voc import default_voc_ann_cfg
from mmextra.utils.class_splits import VOC_SPLITS

XML = """<annotation><size><width>100</width><height>80</height></size>{}
</annotation>"""
OBJECT = """<object><name>{}</name><difficult>{}</difficult><bndbox>
<xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox>
</object>"""


@pytest.fixture
def voc(tmp_path):
    objects = {
        'VOC2007/a': [('cow', 0, 10, 20, 50, 60), ('dog', 0, 1, 1, 30, 30)],
        'VOC2007/b': [('sofa', 1, 5, 5, 40, 40), ('cow', 0, 2, 3, 44, 55)],
        'VOC2012/c': [('cow', 0, 11, 12, 51, 52)],
    }
    for name, items in objects.items():
        path = tmp_path / name.replace('/', '/Annotations/')
        path.parent.mkdir(parents=True, exist_ok=True)
        text = ''.join(OBJECT.format(*item) for item in items)
        path.with_suffix('.xml').write_text(XML.format(text))
    lists = tmp_path / 'VOC2007' / 'ImageSets'
    lists.mkdir()
    (lists / 'all.txt').write_text('a\nb\n')
    (tmp_path / 'box_2shot_cow_train.txt').write_text(
        'VOC2007/JPEGImages/a.jpg\nVOC2012/JPEGImages/c.jpg\n')
    return tmp_path


def build(voc, **kwargs):
    register_all_modules()
    settings = dict(
        type='FewShotVOCDataset', data_root=str(voc),
        data_prefix=dict(sub_data_root=''),
        ann_file='VOC2007/ImageSets/all.txt', classes='ALL_CLASSES_SPLIT1')
    settings.update(kwargs)
    return DATASETS.build(settings)


def boxes(dataset):
    names = dataset.metainfo['classes']
    return {(info['img_id'], names[i['bbox_label']]): i['bbox']
            for info in map(dataset.get_data_info, range(len(dataset)))
            for i in info['instances']}


def test_splits():
    for number in (1, 2, 3):
        novel = VOC_SPLITS[f'NOVEL_CLASSES_SPLIT{number}']
        everything = VOC_SPLITS[f'ALL_CLASSES_SPLIT{number}']
        assert len(everything) == 20 and everything[15:] == novel


def test_offset_in_training_only(voc):
    found = boxes(build(voc))
    assert found == {('a', 'cow'): [9, 19, 50, 60],
                     ('a', 'dog'): [0, 0, 30, 30],
                     ('b', 'cow'): [1, 2, 44, 55]}
    raw = boxes(build(voc, test_mode=True))
    assert raw['a', 'cow'] == [10, 20, 50, 60]
    assert raw['b', 'sofa'] == [5, 5, 40, 40]


def test_difficult(voc):
    assert ('b', 'sofa') in boxes(build(voc, use_difficult=True))
    tested = build(voc, use_difficult=True, test_mode=True)
    sofa = tested.get_data_info(1)['instances'][0]
    assert sofa['ignore_flag'] == 1


def test_shot_lists_count_one_class_and_give_paths(voc):
    dataset = build(voc, ann_file='', ann_cfg=[
        dict(type='ann_file', ann_file='box_2shot_cow_train.txt')])
    assert sorted(boxes(dataset)) == [('a', 'cow'), ('c', 'cow')]
    info = {d['img_id']: d for d in map(dataset.get_data_info, range(2))}['c']
    assert info['img_path'].endswith('VOC2012/JPEGImages/c.jpg')
    one = build(voc, classes=('cow', ), num_novel_shots=1, class_splits=dict(
        NOVEL_CLASSES=('cow', )))
    assert len(boxes(one)) == 1


def test_published_settings():
    entries = default_voc_ann_cfg('SPLIT2_5SHOT')
    assert [e['ann_file'] for e in entries][0] == (
        'benchmark_5shot/box_5shot_aeroplane_train.txt')
    assert len(default_voc_ann_cfg('SPLIT1_1SHOT', 'ALL', 2)) == 20
    with pytest.raises(ValueError, match='SPLIT'):
        default_voc_ann_cfg('SPLIT4_1SHOT')


def test_bad_files(voc):
    path = voc / 'VOC2007' / 'ImageSets' / 'bad.txt'
    path.write_text('missing\n')
    with pytest.raises(AnnotationError, match='missing'):
        build(voc, ann_file=str(path))
    (voc / 'VOC2007/Annotations/boxless.xml').write_text(
        XML.format('<object><name>cow</name></object>'))
    path.write_text('boxless\n')
    with pytest.raises(AnnotationError, match='hold one <bndbox>'):
        build(voc, ann_file=str(path))
