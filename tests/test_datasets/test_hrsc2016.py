import math
import shutil
import warnings
import xml.etree.ElementTree as ET

import cv2
import numpy as np
import pytest
from mmengine.dataset import Compose
from mmrotate.registry import DATASETS, TRANSFORMS

from mmextra.datasets import AnnotationError, HRSC2016Dataset

OBJECT = dict(
    Object_ID='1000',
    Class_ID='100000001',
    difficult='0',
    mbox_cx='50',
    mbox_cy='30',
    mbox_w='40',
    mbox_h='10',
    mbox_ang='0.5',
    header_x='68',
    header_y='40')


def write_set(root, objects=(OBJECT, ), size=(100, 60), tags=True,
              extension='.bmp', image_id='7', text=None):
    """An HRSC2016 of one image; size is (width, height)."""
    for folder in ('FullDataSet/AllImages', 'FullDataSet/Annotations',
                   'ImageSets'):
        (root / folder).mkdir(parents=True, exist_ok=True)
    image = root / f'FullDataSet/AllImages/{image_id}{extension}'
    cv2.imwrite(str(image), np.full((size[1], size[0], 3), 90, np.uint8))
    top = ET.Element('HRSC_Image')
    if tags:
        width, height = size if tags is True else tags
        ET.SubElement(top, 'Img_SizeWidth').text = str(width)
        ET.SubElement(top, 'Img_SizeHeight').text = str(height)
    items = ET.SubElement(top, 'HRSC_Objects')
    for values in objects:
        item = ET.SubElement(items, 'HRSC_Object')
        for tag, value in values.items():
            if value is not None:
                ET.SubElement(item, tag).text = value
    path = root / f'FullDataSet/Annotations/{image_id}.xml'
    path.write_text(text or ET.tostring(top, encoding='unicode'))
    with open(root / 'ImageSets/train.txt', 'a') as file:
        file.write(f'{image_id}\n')
    return root


def load(root, split='train', **kwargs):
    kwargs.setdefault('data_prefix', dict(sub_data_root='FullDataSet/'))
    return HRSC2016Dataset(
        data_root=str(root), ann_file=f'ImageSets/{split}.txt', **kwargs)


def test_corners_are_worked_out(tmp_path):
    write_set(tmp_path, [dict(OBJECT, mbox_ang=str(math.pi / 6))])
    info = load(tmp_path)[0]
    cos, sin = math.sqrt(3) / 2, 0.5
    expected = [[50 + 20 * u * cos - 5 * v * sin,
                 30 + 20 * u * sin + 5 * v * cos]
                for u, v in ((1, 1), (1, -1), (-1, -1), (-1, 1))]
    np.testing.assert_allclose(
        np.reshape(info['instances'][0]['bbox'], (4, 2)), expected,
        atol=1e-4)
    assert info['instances'][0]['head'] == [68, 40]
    assert info['instances'][0]['ignore_flag'] == 0
    assert info['img_id'] == '7' and info['img_path'].endswith('7.bmp')


def test_height_is_not_the_width(tmp_path):
    info = load(write_set(tmp_path, size=(100, 60)))[0]
    assert (info['width'], info['height']) == (100, 60)


def test_size_without_tags(tmp_path):
    info = load(write_set(tmp_path, size=(100, 60), tags=False))[0]
    assert (info['width'], info['height']) == (100, 60)


def test_size_of_the_file_wins_with_a_warning(tmp_path):
    write_set(tmp_path, size=(100, 60), tags=(100, 100))
    with pytest.warns(UserWarning, match='1 images have another size.*100 x '
                      '60, annotated as 100 x 100'):
        info = load(tmp_path)[0]
    assert (info['width'], info['height']) == (100, 60)


@pytest.mark.parametrize('extension', ['.png', '.jpg', '.tif', '.bmp'])
def test_any_extension(tmp_path, extension):
    info = load(write_set(tmp_path, extension=extension))[0]
    assert info['img_path'].endswith(f'7{extension}')


def test_upper_case_extension(tmp_path):
    write_set(tmp_path)
    image = tmp_path / 'FullDataSet/AllImages/7.bmp'
    image.rename(image.with_suffix('.BMP'))
    assert load(tmp_path)[0]['img_path'].endswith('7.BMP')


@pytest.mark.parametrize('head', [(None, None), ('12.7', '-3.25'), ('', '')])
def test_header_is_optional(tmp_path, head):
    write_set(tmp_path, [dict(OBJECT, header_x=head[0], header_y=head[1])])
    instance = load(tmp_path)[0]['instances'][0]
    expected = [12.7, -3.25] if head[0] == '12.7' else None
    assert instance.get('head') == expected


@pytest.mark.parametrize('ignore', [True, False])
def test_difficult(tmp_path, ignore):
    easy, hard = OBJECT, dict(OBJECT, difficult='1')
    write_set(tmp_path, [easy, hard, dict(OBJECT, difficult=None)])
    flags = [i['ignore_flag']
             for i in load(tmp_path, ignore_difficult=ignore)[0]['instances']]
    assert flags == [0, int(ignore), 0]


def test_small_boxes_are_ignored_in_training(tmp_path):
    write_set(tmp_path, [OBJECT, dict(OBJECT, mbox_h='3')])
    small = dict(filter_cfg=dict(bbox_min_size=5))
    assert [i['ignore_flag']
            for i in load(tmp_path, **small)[0]['instances']] == [0, 1]
    tested = load(tmp_path, test_mode=True, **small)[0]['instances']
    assert [i['ignore_flag'] for i in tested] == [0, 0]


def test_classwise(tmp_path):
    write_set(tmp_path, [OBJECT, dict(OBJECT, Class_ID='100000005')])
    dataset = load(tmp_path, classwise=True)
    assert [i['bbox_label'] for i in dataset[0]['instances']] == [0, 4]
    assert dataset.metainfo['classes'][4] == 'Nimitz'
    assert dataset.get_cat_ids(0) == [0, 4]
    single = load(tmp_path)
    assert [i['bbox_label'] for i in single[0]['instances']] == [0, 0]
    assert single.metainfo['classes'] == ('ship', )


def test_own_classes(tmp_path):
    write_set(tmp_path, [dict(OBJECT, Class_ID='100000077')])
    dataset = load(
        tmp_path,
        classwise=True,
        metainfo=dict(classes=('tug', 'raft'), classes_id=('78', '77')))
    assert dataset[0]['instances'][0]['bbox_label'] == 1


BAD = [
    (dict(mbox_w=None), r'7\.xml, object 1 \(1000\): <mbox_w> is missing'),
    (dict(mbox_cx='ten'), r"object 1 .*<mbox_cx> must be a number, got 'ten'"),
    (dict(mbox_h='0'), 'object 1 .*no area: <mbox_w> 40, <mbox_h> 0'),
    (dict(mbox_w='-4'), 'object 1 .*no area'),
    (dict(mbox_ang='nan'), 'object 1 .*not finite'),
    (dict(mbox_cx='900'), 'object 1 .*outside of the image of 100 x 60'),
    (dict(difficult='yes'), "object 1 .*<difficult> must be 0 or 1, got 'y"),
    (dict(Class_ID='100000021'), "object 1 .*<Class_ID> '100000021' is not"),
    (dict(Class_ID=None), 'object 1 .*<Class_ID> None is not'),
]


@pytest.mark.parametrize('change,message', BAD)
def test_bad_object(tmp_path, change, message):
    write_set(tmp_path, [OBJECT, dict(OBJECT, **change), OBJECT])
    with pytest.raises(AnnotationError, match=message) as caught:
        load(tmp_path, classwise=True)
    assert 'on_error="skip"' in str(caught.value)
    with pytest.warns(UserWarning) as told:
        dataset = load(tmp_path, classwise=True, on_error='skip')
    told = [str(w.message) for w in told if 'skipped' in str(w.message)]
    assert len(told) == 1 and 'skipped 1 bad' in told[0]
    assert len(dataset[0]['instances']) == 2


def test_box_partly_outside_stays(tmp_path):
    write_set(tmp_path, [dict(OBJECT, mbox_cx='-10', mbox_ang='0')])
    assert load(tmp_path)[0]['instances'][0]['bbox'][0] == pytest.approx(10)


def add_bad_images(root):
    write_set(root, image_id='1')
    write_set(root, image_id='2', text='<HRSC_Image><unclosed>')
    write_set(root, image_id='3', text='<annotation></annotation>')
    write_set(root, image_id='4')
    (root / 'FullDataSet/AllImages/4.bmp').unlink()
    write_set(root, image_id='5')
    (root / 'FullDataSet/Annotations/5.xml').unlink()
    write_set(root, image_id='6', tags=False)
    (root / 'FullDataSet/AllImages/6.bmp').write_text('no image')


@pytest.mark.parametrize('image_id,message', [
    ('2', r'2\.xml: is not well-formed XML'),
    ('3', r'3\.xml: the root must be <HRSC_Image>, found <annotation>'),
    ('4', 'image 4 is not in .*AllImages with any extension of .bmp'),
    ('5', r'image 5 has no annotation .*5\.xml'),
    ('6', r'6\.bmp: cannot be read as an image'),
])
def test_bad_image(tmp_path, image_id, message):
    add_bad_images(tmp_path)
    (tmp_path / 'ImageSets/train.txt').write_text(f'1\n{image_id}\n')
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        load(tmp_path)


def test_bad_images_are_skipped_and_counted_once(tmp_path):
    add_bad_images(tmp_path)
    with pytest.warns(UserWarning) as told:
        dataset = load(tmp_path, on_error='skip')
    told = [str(w.message) for w in told if 'skipped' in str(w.message)]
    assert len(told) == 1 and 'skipped 5 bad images' in told[0]
    assert '2.xml' in told[0]
    assert [dataset[i]['img_id'] for i in range(len(dataset))] == ['1']


@pytest.mark.parametrize('content', [b'', b'no image', b'BM'])
def test_unreadable_image_is_named_though_its_size_is_stated(
        tmp_path, content):
    write_set(tmp_path)
    write_set(tmp_path, image_id='8')
    (tmp_path / 'FullDataSet/AllImages/7.bmp').write_bytes(content)
    with pytest.raises(ValueError, match=r'7\.bmp: cannot be read .*Replace '
                       'it, take it out of the split, or set on_error="skip'):
        load(tmp_path)
    with pytest.warns(UserWarning, match=r'skipped 1 bad.*7\.bmp'):
        assert load(tmp_path, on_error='skip')[0]['img_id'] == '8'


@pytest.mark.parametrize('missing,message', [
    ('', 'data root not found'),
    ('ImageSets/train.txt', r'list of the split \(ann_file\) not found'),
    ('FullDataSet/AllImages', 'folder of images .*not found'),
    ('FullDataSet/Annotations', 'folder of annotations .*not found'),
])
def test_missing_data_shows_layout_and_command(tmp_path, missing, message):
    root = write_set(tmp_path / 'hrsc')
    path = root / missing
    path.unlink() if path.is_file() else shutil.rmtree(path)
    with pytest.raises(FileNotFoundError, match=message) as caught:
        load(root)
    text = str(caught.value)
    assert f'{root}/FullDataSet/AllImages/*.bmp' in text
    assert f'python tools/make_synthetic.py harbour {root}' in text


def test_empty_split_is_named(tmp_path):
    write_set(tmp_path)
    (tmp_path / 'ImageSets/train.txt').write_text('\n\n')
    with pytest.raises(ValueError, match='no image is left in this split'):
        load(tmp_path)


def test_blank_lines_and_windows_ends(tmp_path):
    write_set(tmp_path)
    (tmp_path / 'ImageSets/train.txt').write_bytes(b'7 \r\n\r\n')
    assert len(load(tmp_path)) == 1


def test_illegal_policy(tmp_path):
    with pytest.raises(ValueError, match="on_error must be .* got 'warn'"):
        load(write_set(tmp_path), on_error='warn')


def test_generated_set_round_trip(harbour):
    """XML -> data set -> pipeline -> rotated box: the box of the file."""
    pipeline = Compose([
        TRANSFORMS.build(cfg) for cfg in (
            dict(type='mmdet.LoadImageFromFile'),
            dict(type='mmdet.LoadAnnotations', with_bbox=True,
                 box_type='qbox'),
            dict(type='ConvertBoxType',
                 box_type_mapping=dict(gt_bboxes='rbox')))
    ])
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        dataset = DATASETS.build(
            dict(
                type='HRSC2016Dataset',
                data_root=str(harbour),
                ann_file='ImageSets/trainval.txt',
                data_prefix=dict(sub_data_root='FullDataSet/'),
                filter_cfg=dict(filter_empty_gt=True)))
    assert len(dataset) == 8
    for k in range(len(dataset)):
        info = dataset.get_data_info(k)
        items = list(ET.parse(info['xml_path']).iter('HRSC_Object'))
        results = pipeline(info)
        assert results['img'].shape[:2] == (info['height'], info['width'])
        assert results['gt_ignore_flags'].tolist() == [
            i.findtext('difficult') == '1' for i in items
        ]
        for box, item in zip(results['gt_bboxes'].tensor.numpy(), items):
            wanted = [float(item.findtext(f'mbox_{tag}'))
                      for tag in ('cx', 'cy', 'w', 'h', 'ang')]
            cx, cy, w, h, angle = box
            if w < h:
                w, h, angle = h, w, angle + math.pi / 2
            np.testing.assert_allclose([cx, cy, w, h], wanted[:4], atol=0.02)
            # The angle up to half a turn.
            assert abs(math.sin(angle - wanted[4])) < 0.005


def test_angles_in_degrees_are_refused(tmp_path):
    write_set(tmp_path, [dict(OBJECT, mbox_ang='45')])
    with pytest.raises(AnnotationError, match='<mbox_ang>: the angle 45 .*'
                       'degrees'):
        load(tmp_path)


def test_classes_by_name_find_their_codes(tmp_path):
    write_set(tmp_path, [OBJECT, dict(OBJECT, Class_ID='100000005')])
    dataset = load(tmp_path, classwise=True,
                   metainfo=dict(classes=('nimitz', 'blue-ridge')))
    assert dataset.metainfo['classes_id'] == ('05', '17')
    # Of the two ships one is asked for.
    assert [i['bbox_label'] for i in dataset[0]['instances']] == [0]
    with pytest.raises(ValueError, match="Nimits.*nearest 'Nimitz'"):
        load(tmp_path, classwise=True, metainfo=dict(classes=('Nimits', )))
    with pytest.raises(ValueError, match='2 classes and 1 classes_id'):
        load(tmp_path, classwise=True, metainfo=dict(
            classes=('a', 'b'), classes_id=('05', )))
    with pytest.warns(UserWarning, match='classwise=False .*car'):
        load(tmp_path, metainfo=dict(classes=('car', )))
