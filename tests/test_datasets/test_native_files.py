"""Files as people have them, through every reader of boxes: read in full,
told, or refused by name, never silently something else."""
import json
import shutil

import numpy as np
import pytest
from mmengine.registry import init_default_scope

from mmextra.datasets import (
    AnnotationError,
    DIORVASDataset,
    FewShotVOCDataset,
    HRSC2016Dataset,
)
from tests.test_datasets.native_sets import (
    READERS,
    STATED,
    build,
    caught,
    change_json,
    load_pixels,
    loading,
    picture,
    rebuild,
    record,
    turned,
)


@pytest.fixture(params=READERS)
def kind(request):
    init_default_scope('mmrotate' if request.param in (
        'HRSD', 'HRSC2016') else 'mmdet')
    return request.param


@pytest.mark.parametrize('form, suffix', [('JPEG', '.jpg'), ('PNG', '.png')])
def test_an_orientation_is_applied_to_size_and_pixels(kind, tmp_path, form,
                                                      suffix):
    dataset, told = caught(
        build, kind, tmp_path, turned(form), suffix, box=(45, 60, 55, 78),
        size=(60, 80))
    info = record(kind, dataset)
    assert load_pixels(kind, dataset).shape == (80, 60, 3)
    assert (info['width'], info['height']) == (60, 80)
    assert len(info['instances']) == 1 and 'size' not in told


@pytest.mark.parametrize('kind', STATED, indirect=True)
@pytest.mark.parametrize('image', [turned(), picture(size=(60, 80))])
def test_a_record_of_another_size_is_told(kind, tmp_path, image):
    _, told = caught(build, kind, tmp_path, image, box=(5, 5, 25, 20))
    assert '60 x 80' in told and '80 x 60' in told and 'a.jpg' in told
    assert 'EXIF' in told


@pytest.mark.parametrize('mode, suffix', [
    ('I;16', '.png'), ('I;16', '.tif'), ('F', '.tif'), ('I', '.tif')])
@pytest.mark.parametrize('loader', ['LoadImageFromFile',
                                    'LoadImageOrSkip'])
def test_more_than_eight_bits_are_refused(kind, tmp_path, mode, suffix,
                                          loader):
    image = picture('TIFF' if suffix == '.tif' else 'PNG', mode)
    dataset = build(kind, tmp_path, image, suffix,
                    pipeline=loading(kind, type=loader))
    with pytest.raises(AnnotationError, match=f'a{suffix}: has .* bits per '
                       'channel.*eight.*Stretch it'):
        load_pixels(kind, dataset)


def test_a_loader_that_keeps_all_bits_is_let_alone(kind, tmp_path):
    dataset = build(kind, tmp_path, picture('PNG', 'I;16'), '.png',
                    pipeline=loading(kind, color_type='unchanged'))
    assert load_pixels(kind, dataset).dtype == np.uint16


@pytest.mark.parametrize('mode', ['RGBA', 'LA', 'L', 'P', '1'])
def test_alpha_grey_and_palette_are_three_channels(kind, tmp_path, mode):
    dataset = build(kind, tmp_path, picture('PNG', mode), '.png')
    assert load_pixels(kind, dataset).shape == (60, 80, 3)


def test_an_image_beyond_the_limit_names_it(kind, tmp_path, monkeypatch):
    monkeypatch.setattr('mmextra.datasets.image_files.PIXEL_LIMIT', 4000)
    dataset = build(kind, tmp_path, picture())
    with pytest.raises(AnnotationError, match='a.jpg: has 80 x 60 = 4800 pix'
                       'els, .* up to 4000.*OPENCV_IO_MAX_IMAGE_PIXELS=4800'):
        load_pixels(kind, dataset)


def test_strangers_in_folders_are_passed_over(kind, tmp_path):
    build(kind, tmp_path, picture())
    folders = {path.parent for path in tmp_path.rglob('*') if path.is_file()}
    for folder in folders:
        for name in ('.DS_Store', '._a.jpg', '._a.txt', '._a.xml', '._b.jpg',
                     'Thumbs.db', 'desktop.ini'):
            (folder / name).write_bytes(b'\0\5\26\7')
    dataset, told = caught(build, kind, tmp_path, picture())
    assert len(dataset) == 1 and str(tmp_path) not in told


def test_a_text_is_one_class(kind, tmp_path):
    name = READERS[kind][1]
    dataset = build(kind, tmp_path, picture(), metainfo=dict(classes=name))
    assert dataset.metainfo['classes'] == (name, )
    assert len(record(kind, dataset)['instances']) == 1


def test_other_classes_have_colours(kind, tmp_path):
    known = READERS[kind][1]
    classes = ('other', known) if kind != 'HRSC2016' else (known, )
    if kind in ('COCO', 'VID'):
        classes = (known, )
    dataset = build(kind, tmp_path, picture(), **(
        dict(classes=classes) if kind == 'VOC' else
        dict(metainfo=dict(classes=classes))))
    palette = dataset.metainfo.get('palette')
    assert palette is None or len(palette) == len(classes)
    own = type(dataset).METAINFO
    if palette and known in own['classes'] and kind != 'HRSC2016':
        place = own['classes'].index(known)
        assert palette[-1] == own['palette'][place]


@pytest.mark.parametrize('options', [
    dict(filter_cfg=dict(filter_empty_gt=True, min_size=0)),
    dict(filter_cfg=dict(filter_empty_gt=False, min_size=1000))])
def test_a_set_without_images_says_why(kind, tmp_path, options):
    # The box is of another class, as far as the reader can have one.
    build(kind, tmp_path, picture())
    for path in [*tmp_path.rglob('*.txt'), *tmp_path.rglob('*.xml'),
                 *tmp_path.rglob('*.json')]:
        if path.parent.name in ('labelTxt', 'annotations'):
            path.write_text('')
        elif path.suffix == '.xml':
            text = path.read_text()
            for tag in ('object', 'HRSC_Object'):
                start, end = text.find(f'<{tag}>'), text.find(f'</{tag}>')
                if start >= 0:
                    text = text[:start] + text[end + len(tag) + 3:]
            path.write_text(text)
        elif path.suffix == '.json':
            path.write_text(json.dumps(dict(
                json.loads(path.read_text()), annotations=[])))
    maker = rebuild(kind, tmp_path)
    with pytest.raises(ValueError, match='no image.* left') as error:
        maker(**options)
    assert 'min_size' in str(error.value) or 'no box' in str(error.value) or \
        'Correct the classes' in str(error.value)


LISTS = dict(
    HRSD='ImageSets/train.txt', HRSC2016='ImageSets/train.txt',
    DIOR='ImageSets/Main/train.txt', VOC='train.txt')


@pytest.mark.parametrize('kind', LISTS, indirect=True)
@pytest.mark.parametrize('entry', [
    'a.jpg', 'VOC2012/JPEGImages/a.jpg', 'datasets/VOC2012/JPEGImages/a.jpg',
    '/home/of/VOC2012/JPEGImages/a.jpg', 'VOC2012\\JPEGImages\\a.jpg'])
def test_paths_in_lists(kind, tmp_path, entry):
    if kind == 'VOC' and entry == 'a.jpg':
        # An entry of VOC without folder is an id, below data_root itself.
        entry = 'VOC2012/JPEGImages/a.jpg'
    build(kind, tmp_path, picture())
    (tmp_path / LISTS[kind]).write_bytes(
        b'\xef\xbb\xbf' + entry.encode() + b'\r\n\r\n')
    dataset = rebuild(kind, tmp_path)()
    assert len(record(kind, dataset)['instances']) == 1
    assert record(kind, dataset)['img_id'] == 'a'


@pytest.mark.parametrize('kind', LISTS, indirect=True)
def test_a_list_of_another_release_says_how_much_of_it_fits(kind, tmp_path):
    build(kind, tmp_path, picture())
    names = ('b', 'c') if kind != 'VOC' else (
        'VOC2012/JPEGImages/b.jpg', 'VOC2012/JPEGImages/c.jpg')
    with open(tmp_path / LISTS[kind], 'a') as file:
        file.write('\n'.join(names))
    with pytest.raises((FileNotFoundError, AnnotationError),
                       match='2 of (its )?3 entries'):
        rebuild(kind, tmp_path)()


@pytest.mark.parametrize('suffix', ['.jpg', '.PNG'])
def test_images_alone_are_read_in_test_mode(kind, tmp_path, suffix):
    maker, name = READERS[kind]
    builder = maker(tmp_path, turned('JPEG' if suffix == '.jpg' else 'PNG'),
                    suffix, (5, 5, 25, 20), name, (60, 80))
    for folder in ('labelTxt', 'annotations', 'Annotations'):
        for path in [*tmp_path.rglob(folder)]:
            shutil.rmtree(path)
    if kind in ('COCO', 'VID'):
        change_json(tmp_path, lambda c: c.pop('annotations'))
    options = dict(classes=(name, )) if kind in ('VOC', 'COCO') else dict(
        metainfo=dict(classes=(name, )))
    dataset, told = caught(builder, test_mode=True, serialize_data=False,
                           pipeline=loading(kind), **options)
    assert len(dataset) == 1 and not record(kind, dataset)['instances']
    assert (record(kind, dataset)['width'],
            record(kind, dataset)['height']) == (60, 80)
    assert load_pixels(kind, dataset).shape == (80, 60, 3)
    assert 'without objects, for inference alone' in told
    with pytest.raises((FileNotFoundError, AnnotationError),
                       match='[aA]nnotation'):
        builder(**options)


@pytest.mark.parametrize('kind', ['HRSC2016', 'DIOR', 'VOC', 'VisDrone'],
                         indirect=True)
def test_one_image_without_annotation_is_refused_in_test_mode(kind,
                                                              tmp_path):
    build(kind, tmp_path, picture())
    path, = tmp_path.rglob('a.jpg')
    shutil.copy(path, path.with_name('b.jpg'))
    if kind in LISTS:
        lines = (tmp_path / LISTS[kind]).read_text()
        (tmp_path / LISTS[kind]).write_text(
            lines + ('VOC2012/JPEGImages/b.jpg' if kind == 'VOC' else 'b'))
    with pytest.raises((FileNotFoundError, AnnotationError),
                       match='b.(xml|txt)'):
        rebuild(kind, tmp_path)(test_mode=True)


@pytest.mark.parametrize('kind', LISTS, indirect=True)
def test_an_image_listed_twice_is_taken_once(kind, tmp_path):
    build(kind, tmp_path, picture())
    path = tmp_path / LISTS[kind]
    path.write_text(path.read_text() * 3)
    dataset, told = caught(rebuild(kind, tmp_path), test_mode=True)
    assert len(dataset) == 1
    assert kind == 'VOC' or 'left out 2 entries of images that are ' in told


@pytest.mark.parametrize('kind', ['VOC', 'COCO', 'VID'], indirect=True)
def test_images_that_are_not_there_are_told(kind, tmp_path):
    maker, name = READERS[kind]
    make = maker(tmp_path, picture(), '.jpg', (5, 5, 25, 20), name, (80, 60))
    next(tmp_path.rglob('a.jpg')).unlink()
    _, told = caught(make, **(
        dict(metainfo=dict(classes=(name, ))) if kind == 'VID' else
        dict(classes=(name, ))))
    assert '1 of 1 images looked at are not there' in told
    assert 'a.jpg' in told and 'data_prefix' in told


@pytest.mark.parametrize('entry, suffix', [
    ('VOC2012/JPEGImages/a.JPG', '.jpg'), ('VOC2012/JPEGImages/a.jpg', '.png'),
    ('a', '.JPG'), ('a', '.png')])
def test_images_of_voc_with_another_extension(tmp_path, entry, suffix):
    init_default_scope('mmdet')
    maker, name = READERS['VOC']
    builder = maker(tmp_path, picture(), suffix, (5, 5, 25, 20), name,
                    (80, 60))
    (tmp_path / 'VOC2012.txt').write_text(entry)
    dataset = builder(ann_file='VOC2012.txt', classes=(name, ),
                      serialize_data=False)
    assert record('VOC', dataset)['img_path'].endswith('a' + suffix)


@pytest.mark.parametrize('kind', ['HRSC2016', 'DIOR', 'VOC'], indirect=True)
def test_data_root_alone_is_enough(kind, tmp_path):
    build(kind, tmp_path, picture())
    maker, name = READERS[kind]
    options = dict(maker(tmp_path, picture(), '.jpg', (5, 5, 25, 20), name,
                         (80, 60)).keywords)
    reader = dict(HRSC2016=HRSC2016Dataset, DIOR=DIORVASDataset,
                  VOC=FewShotVOCDataset)[kind]
    del options['data_prefix']
    if kind == 'VOC':
        options['classes'] = (name, )
    dataset = reader(serialize_data=False, **options)
    assert len(record(kind, dataset)['instances']) == 1


@pytest.mark.parametrize('kind', ['HRSC2016', 'HRSD', 'DIOR', 'VisDrone'],
                         indirect=True)
def test_a_set_one_folder_too_deep_is_found_for_the_message(kind, tmp_path):
    maker, name = READERS[kind]
    builder = maker(tmp_path / 'data/unpacked', picture(), '.jpg',
                    (5, 5, 25, 20), name, (80, 60))
    with pytest.raises(FileNotFoundError, match='but there is .*unpacked'):
        builder(data_root=str(tmp_path / 'data'))


