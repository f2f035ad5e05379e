import functools
import json

import cv2
import numpy as np
import pytest
import torch
from mmdet.apis import init_detector
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.structures import InstanceData

from mmextra.apis import parse_tile_id
from mmextra.apis.image_demo import smaller
from mmextra.datasets.converters.tiles import tile_dataset
from mmextra.datasets.dota_txt import read_dota_txt
from mmextra.datasets.hrsd import HRSDDataset
from mmextra.datasets.tiff_windows import overview
from mmextra.structures import box_corners, rotated_iou
from mmextra.visualization import enlarge, enlargement
from tests.helpers import load_tool

tile_images = load_tool('dataset_converters/tile_images.py')
image_demo = load_tool('image_demo.py')
FORMATS_OF_ROTATED = ('coco', 'csv', 'dota', 'dota_tasks', 'geojson',
                      'label_studio', 'yolo_obb')

# cx, cy, w, h, theta in an image of 150 x 100 px. Of the third, from x = 72
# to 112, 35 % are left of x = 86, where the last tile begins.
SHIPS = np.array([[20., 20., 20., 8., 0.3], [60., 50., 30., 10., 1.],
                  [92., 80., 40., 8., 0.], [140., 10., 12., 6., 0.]])


@pytest.fixture
def hrsd(tmp_path):
    root = tmp_path / 'hrsd'
    for folder in ('images', 'labelTxt', 'ImageSets'):
        (root / folder).mkdir(parents=True)
    image = np.random.default_rng(0).integers(
        1, 255, (100, 150, 3)).astype(np.uint8)
    cv2.imwrite(str(root / 'images' / 'port.png'), image)
    cv2.imwrite(str(root / 'images' / 'sea.bmp'), image[:40, :50])
    lines = [
        ' '.join(f'{v:.2f}' for v in quad.ravel()) + f' ship {int(i == 3)}\n'
        for i, quad in enumerate(box_corners(SHIPS))
    ]
    (root / 'labelTxt' / 'port.txt').write_text('gsd:0.5\n' + ''.join(lines))
    (root / 'ImageSets' / 'train.txt').write_text('port\n')
    (root / 'ImageSets' / 'test.txt').write_text('sea\nport\n')
    # As other systems leave them behind.
    (root / 'ImageSets' / '._test.txt').write_bytes(b'\0\5\26\7')
    (root / 'images' / '._sea.bmp').write_bytes(b'\0\5\26\7')
    return root


def test_tiles_of_a_data_set(hrsd, tmp_path):
    out = tmp_path / 'tiles'
    counts = tile_dataset(hrsd, out, size=64, overlap=24)
    assert counts == {'train': 8, 'test': 9}
    train = (out / 'ImageSets' / 'train.txt').read_text().split()
    assert train == [f'port__64__{x}___{y}' for y in (0, 36)
                     for x in (0, 40, 80, 86)]
    assert (out / 'ImageSets' / 'test.txt').read_text().split() == [
        'sea__64__0___0', *train]
    full = cv2.imread(str(hrsd / 'images' / 'port.png'))
    for name in train:
        tile = parse_tile_id(name)
        image = cv2.imread(str(out / 'images' / f'{name}.png'))
        np.testing.assert_array_equal(
            image, full[tile.y:tile.y + 64, tile.x:tile.x + 64])
    small = cv2.imread(str(out / 'images' / 'sea__64__0___0.png'))
    assert small.shape == (64, 64, 3)
    assert small[:40, :50].all() and not small[40:].any()
    assert (out / 'labelTxt' / 'sea__64__0___0.txt').read_text() == ''


def test_labels_of_the_tiles(hrsd, tmp_path):
    """Moved back they are the ships; little parts are difficult."""
    tile_dataset(hrsd, tmp_path / 'tiles', size=64, overlap=24)
    quads = box_corners(SHIPS).reshape(-1, 8)
    seen = 0
    for path in (tmp_path / 'tiles' / 'labelTxt').glob('port*.txt'):
        tile = parse_tile_id(path.stem)
        window = np.array([[tile.x, tile.y, tile.x + 64., tile.y + 64.]])
        share = rotated_iou(SHIPS, window, 'iof')[:, 0]
        found = read_dota_txt(path)
        assert len(found.quads) == (share > 0).sum()
        expected = quads[share > 0] - np.tile([tile.x, tile.y], 4)
        np.testing.assert_allclose(found.quads, expected, atol=0.011)
        truth = np.where(share < 0.7, 2, [0, 0, 0, 1])[share > 0]
        np.testing.assert_array_equal(found.difficulties, truth)
        assert set(found.names) <= {'ship'}
        seen += len(truth)
    assert seen > len(SHIPS)


def test_data_set_reads_the_tiles(hrsd, tmp_path):
    out = tmp_path / 'tiles'
    tile_dataset(hrsd, out, size=64, overlap=24, ext='.jpg')
    dataset = HRSDDataset(
        data_root=str(out), ann_file='ImageSets/train.txt', pipeline=[])
    assert len(dataset) == 8
    flags = {}
    for i in range(8):
        info = dataset.get_data_info(i)
        assert (info['width'], info['height']) == (64, 64)
        flags[info['img_id']] = [
            item['ignore_flag'] for item in info['instances']]
    # The third ship: 80 % of it, then 65 %; the fourth is difficult itself.
    assert flags['port__64__80___36'] == [0]
    assert flags['port__64__86___36'] == [1]
    assert flags['port__64__86___0'] == [1]


def test_tiling_again_changes_nothing_and_mends(hrsd, tmp_path):
    out = tmp_path / 'tiles'
    tile_dataset(hrsd, out, size=64, overlap=24)
    before = {p: p.read_bytes() for p in out.rglob('*') if p.is_file()}
    times = {p: p.stat().st_mtime_ns for p in (out / 'images').iterdir()}
    lost = out / 'images' / 'sea__64__0___0.png'
    lost.unlink()
    tile_dataset(hrsd, out, size=64, overlap=24)
    assert {p: p.read_bytes()
            for p in out.rglob('*') if p.is_file()} == before
    kept = [p for p in times if p != lost]
    assert all(p.stat().st_mtime_ns == times[p] for p in kept)
    with pytest.raises(ValueError, match='cut with .*"overlap": 24'):
        tile_dataset(hrsd, out, size=64, overlap=16)


def test_tiling_names_what_is_wrong(hrsd, tmp_path):
    out = tmp_path / 'tiles'

    def refuse(match, error=ValueError, **kwargs):
        with pytest.raises(error, match=match):
            tile_dataset(hrsd, out, **kwargs)

    with pytest.raises(ValueError, match='folder of their own'):
        tile_dataset(hrsd, hrsd)
    refuse('val.txt is missing; there are .*test', FileNotFoundError,
           splits=['val'])
    refuse('iof_thr', iof_thr=2.)
    refuse(r"'\.gif'", ext='.gif')
    refuse('0 <= overlap < size', size=64, overlap=64)
    assert not out.exists()
    label = hrsd / 'labelTxt' / 'port.txt'
    good = label.read_text()
    label.write_text(good + '1 2 3 ship\n')
    refuse(r'port\.txt, line 6: a coordinate')
    label.write_text(good + '200 1 210 1 210 9 200 9 ship 0\n')
    refuse(r'port\.txt, line 6: .* outside of the image')
    label.write_text(good + '20 1 21 1 20 1 21 1 ship 0\n')
    refuse(r'port\.txt, line 6: .* no area')
    label.write_text(good)
    (hrsd / 'images' / 'sea.bmp').write_bytes(b'BM no image')
    refuse(r'sea\.bmp: cannot be read')
    (hrsd / 'images' / 'sea.bmp').unlink()
    refuse(r'sea\.\* is missing', FileNotFoundError)
    with pytest.raises(SystemExit, match='nowhere/images is missing'):
        tile_images.main([str(tmp_path / 'nowhere'), str(out)])


@pytest.fixture(scope='module')
def detector(tmp_path_factory):
    folder = tmp_path_factory.mktemp('detector')
    config = folder / 'config.py'
    config.write_text('''
_base_ = 'mmrotate::rotated_retinanet/' \\
    'rotated-retinanet-rbox-le90_r50_fpn_1x_dota.py'
custom_imports = dict(imports=['mmextra'], allow_failed_imports=False)
model = dict(
    backbone=dict(depth=18, init_cfg=None),
    neck=dict(in_channels=[64, 128, 256, 512], out_channels=16),
    bbox_head=dict(in_channels=16, feat_channels=16, stacked_convs=1,
                   num_classes=1),
    test_cfg=dict(nms_pre=50, max_per_img=10))
test_dataloader = dict(dataset=dict(
    metainfo=dict(classes=('ship', ), palette=[(255, 0, 0)]),
    pipeline=[
        dict(type='LoadImageFromFile'),
        dict(type='mmdet.Resize', scale=(64, 64), keep_ratio=True),
        dict(type='mmdet.PackDetInputs',
             meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape',
                        'scale_factor'))
    ]))
''')
    torch.manual_seed(0)
    with pytest.warns(UserWarning, match='COCO classes'):
        model = init_detector(Config.fromfile(config), None, device='cpu')
    torch.nn.init.normal_(model.bbox_head.retina_cls.weight, std=0.5)
    checkpoint = folder / 'weights.pth'
    torch.save(dict(
        state_dict=model.state_dict(),
        meta=dict(dataset_meta=dict(classes=('ship', )))), checkpoint)
    return str(config), str(checkpoint)


def test_demo_draws_a_folder(hrsd, detector, tmp_path, capsys):
    out = tmp_path / 'drawn'
    image_demo.main([
        str(hrsd / 'images'), *detector, '--out-dir', str(out), '--tile',
        '64', '--overlap', '24', '--batch-size', '4', '--score-thr', '0.1',
        '--txt', '--labels', 'off', '--device', 'cpu'
    ])
    printed = capsys.readouterr().out
    for name, source in (('port', 'port.png'), ('sea', 'sea.bmp')):
        drawn = cv2.imread(str(out / f'{name}.png'))
        original = cv2.imread(str(hrsd / 'images' / source))
        original = enlarge(original, enlargement(*original.shape[:2]))
        assert drawn.shape == original.shape
        lines = (out / f'{name}.txt').read_text().splitlines()
        assert f'{source}: {len(lines)} of ' in printed
        assert lines and (drawn != original).any()
        for line in lines:
            parts = line.split()
            assert len(parts) == 10 and parts[8] == 'ship'
            assert float(parts[9]) >= 0.1


def test_demo_without_tiles_and_without_boxes(hrsd, detector, tmp_path,
                                              capsys):
    image = hrsd / 'images' / 'port.png'
    image_demo.main([str(image), *detector, '--out-dir', str(tmp_path),
                     '--score-thr', '1.1', '--device', 'cpu'])
    original = cv2.imread(str(image))
    np.testing.assert_array_equal(
        cv2.imread(str(tmp_path / 'port.png')),
        enlarge(original, enlargement(*original.shape[:2])))
    assert 'port.png: 0 of ' in capsys.readouterr().out
    assert not (tmp_path / 'port.txt').exists()


def test_demo_of_a_scene_that_is_read_by_windows(hrsd, detector, tmp_path,
                                                 monkeypatch):
    """The same boxes as of the whole image, on a smaller picture."""
    scene = tmp_path / 'port.tif'
    cv2.imwrite(str(scene), cv2.imread(str(hrsd / 'images' / 'port.png')))
    arguments = [str(scene), *detector, '--tile', '64', '--overlap', '24',
                 '--score-thr', '0.1', '--txt', '--device', 'cpu']
    image_demo.main([*arguments, '--out-dir', str(tmp_path / 'whole')])
    monkeypatch.setattr('mmextra.datasets.tiff_windows.LARGE', 5000)
    monkeypatch.setattr('mmextra.apis.image_demo.overview',
                        functools.partial(overview, side=50))
    image_demo.main([*arguments, '--out-dir', str(tmp_path / 'windows')])
    texts = [(tmp_path / name / 'port.txt').read_text()
             for name in ('whole', 'windows')]
    assert texts[0] == texts[1] and texts[0]
    drawn = cv2.imread(str(tmp_path / 'windows' / 'port.png'))
    assert drawn.shape[:2] == (34 * 4, 50 * 4)


def test_boxes_on_a_smaller_picture():
    for boxes, expected in (
            ([[40., 20., 8., 4., 1.]], [[10., 5., 2., 1., 1.]]),
            ([[4., 8., 12., 16.]], [[1., 2., 3., 4.]])):
        sample = DetDataSample(pred_instances=InstanceData(
            bboxes=torch.tensor(boxes), scores=torch.ones(1)))
        assert smaller(sample, 4).pred_instances.bboxes.tolist() == expected
        assert sample.pred_instances.bboxes.tolist() == boxes


def test_demo_writes_what_other_tools_read(hrsd, detector, tmp_path):
    image = hrsd / 'images' / 'port.png'
    image_demo.main([str(image), *detector, '--out-dir', str(tmp_path),
                     '--score-thr', '0', '--device', 'cpu', '--format',
                     *FORMATS_OF_ROTATED])
    count = len((tmp_path / 'dota' / 'port.txt').read_text().splitlines())
    coco = json.loads((tmp_path / 'coco' / 'detections.coco.json').read_text())
    assert len(coco['annotations']) == count > 0
    with pytest.raises(SystemExit):
        image_demo.main([str(image), *detector, '--out-dir', str(tmp_path),
                         '--score-thr', '0', '--device', 'cpu', '--format',
                         'yolo'])


def test_demo_names_what_is_wrong(hrsd, detector, tmp_path):
    config, checkpoint = detector
    image = str(hrsd / 'images' / 'port.png')
    bad = tmp_path / 'bad.png'
    bad.write_bytes(b'no image')
    empty = tmp_path / 'empty'
    empty.mkdir()
    twins = tmp_path / 'twins'
    twins.mkdir()
    for name in ('a.png', 'a.jpg'):
        (twins / name).touch()

    def refuse(message, *arguments):
        with pytest.raises(SystemExit, match=message):
            image_demo.main([*map(str, arguments), '--device', 'cpu',
                             '--out-dir', str(tmp_path / 'out')])

    refuse('no image or folder', 'nowhere.png', config, checkpoint)
    refuse('has no image', empty, config, checkpoint)
    refuse('several images named a', twins, config, checkpoint)
    refuse('there is no config', image, 'none.py', checkpoint)
    refuse('there is no checkpoint', image, config, 'none.pth')
    refuse('bad.png cannot be loaded as a checkpoint', image, config, bad)
    refuse('bad.png cannot be read as an image', bad, config, checkpoint)
    refuse('overlap < size', image, config, checkpoint, '--tile', '64')
