import json

import cv2
import numpy as np
import pytest

from mmextra.datasets import HRSC2016Dataset, HRSDDataset
from tests.helpers import load_tool

ROLABELIMG = """<annotation><filename>{name}</filename>
<object><type>robndbox</type><name>Big Ship</name><difficult>0</difficult>
<robndbox><cx>50</cx><cy>30</cy><w>{w}</w><h>10</h><angle>1.570796</angle>
</robndbox></object>
<object><type>bndbox</type><name>raft</name><difficult>1</difficult>
<bndbox><xmin>2</xmin><ymin>3</ymin><xmax>12</xmax><ymax>9</ymax></bndbox>
</object></annotation>"""


@pytest.fixture(scope='module')
def tool():
    return load_tool('dataset_converters/convert_hrsd.py')


def image(path, size=(100, 60)):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((size[1], size[0], 3), 7, np.uint8))


def rows(path):
    return [line.split() for line in path.read_text().splitlines()]


def corners(row):
    """The corners of a line, sorted."""
    return sorted(np.array(row[:8], float).reshape(4, 2).tolist())


def test_hrsc_gives_the_same_boxes(tool, harbour, tmp_path, capsys):
    tool.main(['--from', 'hrsc_xml', str(harbour), str(tmp_path), '--link'])
    assert 'train 6 images' in capsys.readouterr().out
    for split in ('train', 'val', 'trainval', 'test'):
        old = HRSC2016Dataset(
            data_root=str(harbour),
            ann_file=f'ImageSets/{split}.txt',
            data_prefix=dict(sub_data_root='FullDataSet/'))
        new = HRSDDataset(
            data_root=str(tmp_path), ann_file=f'ImageSets/{split}.txt')
        assert len(old) == len(new)
        for k in range(len(old)):
            one, two = old.get_data_info(k), new.get_data_info(k)
            assert one['img_id'] == two['img_id']
            assert (one['width'], one['height']) == (two['width'],
                                                     two['height'])
            assert [i['ignore_flag'] for i in one['instances']] == [
                i['ignore_flag'] for i in two['instances']]
            for a, b in zip(one['instances'], two['instances']):
                np.testing.assert_allclose(
                    sorted(np.reshape(a['bbox'], (4, 2)).tolist()),
                    sorted(np.reshape(b['bbox'], (4, 2)).tolist()),
                    atol=1e-3)


def test_again_changes_nothing(tool, harbour, tmp_path):
    args = ['--from', 'hrsc_xml', str(harbour), str(tmp_path)]

    def content():
        return {p: p.read_bytes() for p in tmp_path.rglob('*') if p.is_file()}

    tool.main(args)
    before = content()
    tool.main(args)
    tool.main(args + ['--link'])
    assert content() == before
    assert next((tmp_path / 'images').iterdir()).is_symlink()


def test_hrsc_without_lists(tool, tmp_path):
    (tmp_path / 'src').mkdir()
    with pytest.raises(SystemExit, match='no list of a split'):
        tool.main(['--from', 'hrsc_xml', str(tmp_path / 'src'),
                   str(tmp_path / 'out')])


@pytest.fixture
def rolabelimg(tmp_path):
    for name, w in (('a', 40), ('b', 20)):
        image(tmp_path / f'img/{name}.jpg')
        (tmp_path / f'{name}.xml').write_text(
            ROLABELIMG.format(name=name, w=w))
    return tmp_path


def test_rolabelimg(tool, rolabelimg, tmp_path):
    out = tmp_path / 'out'
    (tmp_path / 'v.txt').write_text('b\n')
    (tmp_path / 't.txt').write_text('a\n\n')
    tool.main(['--from', 'rolabelimg', str(rolabelimg), str(out),
               '--img-dir', str(rolabelimg / 'img'), '--lists',
               f'train={tmp_path / "t.txt"}', f'val={tmp_path / "v.txt"}',
               '--rename', 'raft=float'])
    turned, upright = rows(out / 'labelTxt/a.txt')
    np.testing.assert_allclose(
        corners(turned), [[45, 10], [45, 50], [55, 10], [55, 50]], atol=1e-3)
    assert turned[8:] == ['Big_Ship', '0']
    assert corners(upright) == [[2, 3], [2, 9], [12, 3], [12, 9]]
    assert upright[8:] == ['float', '1']
    assert (out / 'ImageSets/train.txt').read_text() == 'a\n'
    assert (out / 'ImageSets/val.txt').read_text() == 'b\n'
    dataset = HRSDDataset(
        data_root=str(out), ann_file='ImageSets/val.txt',
        metainfo=dict(classes=('Big_Ship', 'float')))
    assert [i['bbox_label'] for i in dataset[0]['instances']] == [0, 1]


@pytest.mark.parametrize('old,new,message', [
    ('<h>10</h>', '<h>wide</h>',
     r"object 0: <h> must be a number, once, got \['w"),
    ('<angle>1.570796</angle>', '', 'object 0: <angle> must be a number'),
    ('<h>10</h>', '<h>0</h>', r'a\.xml, object 0: the box .* has no area'),
    ('<cx>50</cx>', '<cx>500</cx>', 'object 0: .*outside of the image'),
    ('<name>raft</name>', '', 'object 1: <name> must be there once'),
    ('bndbox>', 'circle>', 'object 1: neither <robndbox> nor <bndbox>'),
    ('</annotation>', '', r'a\.xml: is not well-formed XML'),
])
def test_rolabelimg_bad_entry(tool, rolabelimg, tmp_path, old, new, message):
    path = rolabelimg / 'a.xml'
    # "bndbox>" is also the end of "robndbox>".
    text = path.read_text().replace('robndbox', 'ROBND')
    text = text.replace(old, new).replace('ROBND', 'robndbox')
    path.write_text(text)
    args = ['--from', 'rolabelimg', str(rolabelimg), str(tmp_path / 'out'),
            '--img-dir', str(rolabelimg / 'img')]
    with pytest.raises(SystemExit, match=message):
        tool.main(args)
    with pytest.warns(UserWarning, match='skipped 1 bad'):
        tool.main(args + ['--on-error', 'skip'])
    assert len(rows(tmp_path / 'out/labelTxt/b.txt')) == 2


def test_rolabelimg_unknown_id_and_missing_image(tool, rolabelimg, tmp_path):
    (tmp_path / 't.txt').write_text('a\nzz\n')
    args = ['--from', 'rolabelimg', str(rolabelimg), str(tmp_path / 'out'),
            '--img-dir', str(rolabelimg / 'img')]
    with pytest.raises(SystemExit, match='1 ids are not in .* zz'):
        tool.main(args + ['--lists', f'train={tmp_path / "t.txt"}'])
    with pytest.raises(SystemExit, match='takes NAME=VALUE'):
        tool.main(args + ['--rename', 'raft'])
    (rolabelimg / 'img/b.jpg').unlink()
    with pytest.raises(SystemExit, match='no image b .*--img-dir'):
        tool.main(args)


def coco(path, annotations):
    image(path / 'img/sub/a.png')
    source = path / 'coco.json'
    source.write_text(
        json.dumps(
            dict(
                images=[dict(id=3, file_name='sub/a.png')],
                categories=[dict(id=5, name='ship')],
                annotations=[
                    dict(dict(id=k, image_id=3, category_id=5), **item)
                    for k, item in enumerate(annotations)
                ])))
    return source


@pytest.mark.parametrize('angle,flags', [
    (0.5, []), (np.rad2deg(0.5), ['--angle', 'deg']), (-0.5, ['--ccw'])])
def test_coco_angles(tool, tmp_path, angle, flags):
    source = coco(tmp_path, [dict(bbox=[50, 30, 40, 10, angle], iscrowd=1)])
    tool.main(['--from', 'coco_rbox', str(source), str(tmp_path / 'out'),
               '--img-dir', str(tmp_path / 'img'), '--split', 'val', *flags])
    row, = rows(tmp_path / 'out/labelTxt/a.txt')
    cos, sin = np.cos(.5), np.sin(.5)
    wanted = sorted([50 + 20 * u * cos - 5 * v * sin,
                     30 + 20 * u * sin + 5 * v * cos]
                    for u in (-1, 1) for v in (-1, 1))
    np.testing.assert_allclose(corners(row), wanted, atol=1e-3)
    assert row[8:] == ['ship', '1']
    assert (tmp_path / 'out/ImageSets/val.txt').read_text() == 'a\n'


def test_coco_polygons(tool, tmp_path):
    quad = [10, 10, 30, 10, 30, 20, 10, 20]
    house = [10, 10, 20, 10, 30, 10, 30, 20, 10, 20]
    source = coco(tmp_path, [
        dict(bbox=[10, 10, 20, 10], segmentation=[quad]),
        dict(bbox=[10, 10, 20, 10], segmentation=[house])
    ])
    tool.main(['--from', 'coco_rbox', str(source), str(tmp_path / 'out'),
               '--img-dir', str(tmp_path / 'img')])
    for row in rows(tmp_path / 'out/labelTxt/a.txt'):
        np.testing.assert_allclose(
            corners(row), [[10, 10], [10, 20], [30, 10], [30, 20]],
            atol=1e-3)


@pytest.mark.parametrize('item,message', [
    (dict(bbox=[1, 2, 3, 4]), 'annotation 0: bbox .* is not 5 numbers'),
    (dict(bbox=[5, 5, 3, 4, 0], category_id=9), 'category_id 9 is not in'),
    (dict(bbox=[5, 5, 3, 4, 0], image_id=9), 'image_id 9 is not in'),
    (dict(bbox=[5, 5, 0, 4, 0]), 'annotation 0: .*no area'),
])
def test_coco_bad_entry(tool, tmp_path, item, message):
    source = coco(tmp_path, [item])
    args = ['--from', 'coco_rbox', str(source), str(tmp_path / 'out'),
            '--img-dir', str(tmp_path / 'img')]
    with pytest.raises(SystemExit, match=message):
        tool.main(args)
    with pytest.warns(UserWarning, match='skipped 1 bad'):
        tool.main(args + ['--on-error', 'skip'])


def test_coco_wrong_files(tool, tmp_path):
    source = tmp_path / 'x.json'
    source.write_text('{"images": []}')
    args = ['--from', 'coco_rbox', str(source), str(tmp_path / 'out')]
    with pytest.raises(SystemExit, match='needs --img-dir'):
        tool.main(args)
    with pytest.raises(SystemExit, match=r'x\.json is not a COCO file'):
        tool.main(args + ['--img-dir', str(tmp_path)])


def test_two_images_of_one_name(tool, tmp_path):
    source = coco(tmp_path, [])
    data = json.loads(source.read_text())
    data['images'].append(dict(id=4, file_name='other/a.png'))
    source.write_text(json.dumps(data))
    with pytest.raises(SystemExit, match='would both become a'):
        tool.main(['--from', 'coco_rbox', str(source), str(tmp_path / 'out'),
                   '--img-dir', str(tmp_path / 'img')])


@pytest.mark.parametrize('ids, problem', [
    ((0, 0), 'annotation 1: id 0 is given twice'),
    ((None, [1]), r'annotation 1: id must be a .*got \[1\]'),
    ((None, None), '')])
def test_ids_of_annotations(tool, tmp_path, ids, problem):
    source = coco(tmp_path, [])
    data = json.loads(source.read_text())
    image, ship = data['images'][0]['id'], data['categories'][0]['id']
    data['annotations'] = [
        dict(id=key, image_id=image, category_id=ship,
             bbox=[50, 30, 40, 10, 0.]) for key in ids]
    source.write_text(json.dumps(data))
    args = ['--from', 'coco_rbox', str(source), str(tmp_path / 'out'),
            '--img-dir', str(tmp_path / 'img')]
    if problem:
        with pytest.raises(SystemExit, match=problem):
            tool.main(args)
    else:
        tool.main(args)


@pytest.mark.parametrize('angle', ['30', '-6.4'])
def test_degrees_are_refused_as_radians(tool, rolabelimg, tmp_path, angle):
    path = rolabelimg / 'a.xml'
    path.write_text(path.read_text().replace('1.570796', angle))
    args = ['--from', 'rolabelimg', str(rolabelimg), str(tmp_path / 'out'),
            '--img-dir', str(rolabelimg / 'img')]
    with pytest.raises(SystemExit, match=r'object 0.*--angle deg'):
        tool.main(args)
    source = tmp_path / 'c.json'
    source.write_text(json.dumps(dict(
        images=[dict(id=0, file_name='img\\a.jpg')],
        categories=[dict(id=0, name='ship')],
        annotations=[dict(id=0, image_id=0, category_id=0,
                          bbox=[50, 30, 40, 10, float(angle)])])))
    args = ['--from', 'coco_rbox', str(source), str(tmp_path / 'out'),
            '--img-dir', str(tmp_path)]
    with pytest.raises(SystemExit, match=r'annotation 0.*--angle deg'):
        tool.main(args)
    tool.main([*args, '--angle', 'deg'])
    found = np.array(rows(tmp_path / 'out/labelTxt/a.txt')[0][:8], float)
    turn = np.deg2rad(float(angle))
    along = found.reshape(4, 2)[1] - found.reshape(4, 2)[0]
    np.testing.assert_allclose(
        along, [40 * np.cos(turn), 40 * np.sin(turn)], atol=1e-3)


def test_a_name_to_replace_that_nobody_has_is_told(tool, rolabelimg,
                                                   tmp_path):
    with pytest.warns(UserWarning, match="no object is called Raft.*'raft'"):
        tool.main(['--from', 'rolabelimg', str(rolabelimg),
                   str(tmp_path / 'out'), '--img-dir',
                   str(rolabelimg / 'img'), '--rename', 'Raft=float'])
