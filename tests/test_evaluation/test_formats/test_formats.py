"""Every format is read back by a reader that is not ours, where there is
one on the package index, else by hand."""
import csv
import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from mmrotate.structures.bbox import RotatedBoxes

from mmextra.evaluation.formats import (
    FORMATS,
    Detections,
    to_fiftyone,
    to_supervision,
    write_detections,
)
from mmextra.structures import box_corners, rotated_iou

CLASSES = ('ship', 'harbour crane')
WIDTH, HEIGHT = 200, 100
UPRIGHT = np.array([[10., 20., 60.5, 40.], [100., 50., 180., 90.]])
RBOXES = np.array([[50., 40., 30., 12., .5], [120., 60., 40., 10., -1.2],
                   [150., 30., 20., 20., math.pi / 2]])


def found(boxes, image='a.png', masks=None, image_id=None):
    count = len(boxes)
    return Detections(
        image=image, width=WIDTH, height=HEIGHT, boxes=boxes,
        scores=np.linspace(.9, .5, count) if count else np.zeros(0),
        labels=np.arange(count) % 2, classes=CLASSES, masks=masks,
        image_id=image_id)


def test_from_a_sample():
    sample = DetDataSample(metainfo=dict(
        ori_shape=(HEIGHT, WIDTH), img_path='folder/b.png', img_id=7))
    sample.pred_instances = InstanceData(
        bboxes=RotatedBoxes(torch.tensor(RBOXES)),
        scores=torch.tensor([.9, .2, .5]), labels=torch.tensor([0, 1, 1]))
    each = Detections.from_sample(sample, CLASSES, .3)
    assert (each.image, each.width, each.height, each.image_id) == (
        'folder/b.png', WIDTH, HEIGHT, 7)
    assert each.names == ['ship', 'harbour crane'] and each.rotated
    np.testing.assert_allclose(each.boxes, RBOXES[[0, 2]], atol=1e-5)


# ---------------------------------------------------------------- COCO, YOLO


def test_coco_by_pycocotools(tmp_path):
    from pycocotools.coco import COCO
    masks = np.zeros((2, HEIGHT, WIDTH), bool)
    masks[0, 20:40, 10:60] = masks[1, 50:90, 100:180] = True
    path, = write_detections(
        [found(UPRIGHT, masks=masks), found(RBOXES, 'b.png')], 'coco',
        tmp_path)
    coco = COCO(str(path))
    assert [c['name'] for c in coco.loadCats(coco.getCatIds())] == [*CLASSES]
    first, second = (coco.loadAnns(coco.getAnnIds(imgIds=[k]))
                     for k in (1, 2))
    assert first[0]['bbox'] == [10, 20, 50.5, 20]
    assert [a['score'] for a in first] == [.9, .5]
    for annotation, mask in zip(first, masks):
        np.testing.assert_array_equal(coco.annToMask(annotation), mask)
    for annotation, box in zip(second, RBOXES):
        quad = np.array(annotation['segmentation'][0])
        assert rotated_iou(quad[None], box[None])[0, 0] > .999
        assert annotation['area'] == pytest.approx(box[2] * box[3], rel=1e-3)


def test_coco_keeps_the_numbers_of_images(tmp_path):
    path, = write_detections(
        [found(UPRIGHT, 'a.png', image_id=40),
         found(UPRIGHT, 'b.png', image_id=3)], 'coco', tmp_path)
    assert [i['id'] for i in json.loads(path.read_text())['images']] == [
        40, 3]


@pytest.mark.parametrize('form, boxes', [
    ('yolo', UPRIGHT), ('yolo_obb', RBOXES), ('yolo_obb', UPRIGHT)])
def test_yolo_by_supervision(tmp_path, form, boxes):
    supervision = pytest.importorskip(
        'supervision', reason='reads YOLO labels; pip install supervision')
    from supervision.config import ORIENTED_BOX_COORDINATES
    images = tmp_path / 'images'
    images.mkdir()
    cv2.imwrite(str(images / 'a.png'), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    write_detections([found(boxes)], form, tmp_path / 'labels')
    names = (tmp_path / 'labels' / 'classes.txt').read_text().splitlines()
    (tmp_path / 'data.yaml').write_text(f'names: {names}\nnc: {len(names)}')
    read = supervision.DetectionDataset.from_yolo(
        str(images), str(tmp_path / 'labels'), str(tmp_path / 'data.yaml'),
        is_obb=form == 'yolo_obb')
    annotations = next(iter(read.annotations.values()))
    assert read.classes == [*CLASSES]
    assert annotations.class_id.tolist() == (np.arange(len(boxes)) % 2
                                             ).tolist()
    if form == 'yolo':
        np.testing.assert_allclose(annotations.xyxy, boxes, atol=1e-2)
    else:
        quads = annotations.data[ORIENTED_BOX_COORDINATES]
        np.testing.assert_allclose(quads, box_corners(boxes), atol=1e-2)


# --------------------------------------------------------------- other texts


def test_dota_lines(tmp_path):
    path, = write_detections([found(RBOXES)], 'dota', tmp_path)
    words = [line.split() for line in path.read_text().splitlines()]
    quads = np.array([line[:8] for line in words], float)
    assert np.allclose(rotated_iou(quads, RBOXES).diagonal(), 1, atol=1e-2)
    assert words[1][8:] == ['harbour-crane', '0.7000']


@pytest.mark.parametrize('boxes, task, width', [
    (RBOXES, 1, 8), (UPRIGHT, 2, 4)])
def test_dota_results_by_class(tmp_path, boxes, task, width):
    paths = write_detections(
        [found(boxes), found(boxes[:1], 'P0001.png')], 'dota_tasks', tmp_path)
    assert [path.name for path in paths] == [
        f'Task{task}_ship.txt', f'Task{task}_harbour-crane.txt']
    lines = [line.split() for line in paths[0].read_text().splitlines()]
    assert lines[-1][:2] == ['P0001', '0.9000']
    assert {len(line) for line in lines} == {2 + width}


def test_visdrone_by_the_data_set(tmp_path):
    each = found(UPRIGHT)
    each.classes = ('pedestrian', 'truck')
    path, = write_detections([each], 'visdrone', tmp_path)
    fields = [line.split(',') for line in path.read_text().splitlines()]
    assert fields[0] == ['10.00', '20.00', '50.50', '20.00', '0.9000', '1',
                         '-1', '-1']
    assert fields[1][5] == '6'
    other = found(UPRIGHT)
    path, = write_detections([other], 'visdrone', tmp_path)
    assert path.read_text().splitlines()[1].split(',')[5] == '2'


def test_csv(tmp_path):
    path, = write_detections([found(RBOXES)], 'csv', tmp_path)
    with path.open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert rows[1]['class'] == 'harbour crane' and rows[0]['image'] == 'a.png'
    quads = np.array([[float(row[f'{axis}{k}']) for k in range(1, 5)
                       for axis in 'xy'] for row in rows])
    np.testing.assert_allclose(
        quads, box_corners(RBOXES).reshape(-1, 8), atol=1e-3)
    assert float(rows[0]['left']) == pytest.approx(quads[0, ::2].min())


# ---------------------------------------------------------------------- JSON


def test_label_studio_rotates_about_the_first_corner(tmp_path):
    path, = write_detections([found(RBOXES)], 'label_studio', tmp_path)
    task, = json.loads(path.read_text())
    for result, box in zip(task['predictions'][0]['result'], RBOXES):
        value = result['value']
        # As its editor draws: a rectangle at the corner, then turned.
        angle = math.radians(value['rotation'])
        width = value['width'] / 100 * WIDTH
        height = value['height'] / 100 * HEIGHT
        corner = np.array([value['x'] / 100 * WIDTH,
                           value['y'] / 100 * HEIGHT])
        turn = np.array([[math.cos(angle), -math.sin(angle)],
                         [math.sin(angle), math.cos(angle)]])
        quad = corner + np.array(
            [[0, 0], [width, 0], [width, height], [0, height]]) @ turn.T
        iou = rotated_iou(quad.reshape(1, 8), box[None])[0, 0]
        assert iou > .999
        assert 0 <= value['rotation'] < 360


def test_geojson_in_pixels(tmp_path):
    shapely = pytest.importorskip('shapely.geometry')
    path, = write_detections([found(RBOXES)], 'geojson', tmp_path)
    content = json.loads(path.read_text())
    assert path.name == 'a.geojson' and 'crs' not in content
    for feature, box in zip(content['features'], RBOXES):
        shape = shapely.shape(feature['geometry'])
        assert shape.area == pytest.approx(box[2] * box[3])
        assert shape.exterior.is_ccw
        np.testing.assert_allclose(shape.centroid.coords[0], box[:2])


def test_geojson_on_the_map(tmp_path):
    rasterio = pytest.importorskip(
        'rasterio', reason='reads GeoTIFF; pip install rasterio')
    scene = tmp_path / 'scene.tif'
    transform = rasterio.Affine(.5, 0, 500000, 0, -.5, 5200000)
    with rasterio.open(
            scene, 'w', driver='GTiff', width=WIDTH, height=HEIGHT, count=3,
            dtype='uint8', crs='EPSG:32632', transform=transform) as file:
        file.write(np.zeros((3, HEIGHT, WIDTH), np.uint8))
    path, = write_detections([found(RBOXES, str(scene))], 'geojson',
                             tmp_path)
    content = json.loads(path.read_text())
    name = content['crs']['properties']['name']
    assert rasterio.crs.CRS.from_string(name).to_epsg() == 32632
    ring = np.array(content['features'][0]['geometry']['coordinates'][0])
    pixels = (ring[:4] - [500000, 5200000]) / [.5, -.5]
    iou = rotated_iou(pixels.reshape(1, 8), RBOXES[:1])[0, 0]
    assert iou > .999


# ------------------------------------------------------------------- objects


@pytest.mark.parametrize('boxes', [UPRIGHT, RBOXES, np.zeros((0, 5))])
def test_to_supervision(boxes):
    supervision = pytest.importorskip('supervision')
    from supervision.config import ORIENTED_BOX_COORDINATES
    each = to_supervision(found(boxes))
    assert isinstance(each, supervision.Detections)
    assert len(each) == len(boxes)
    if boxes.shape[1] == 5 and len(boxes):
        np.testing.assert_allclose(
            each.data[ORIENTED_BOX_COORDINATES], box_corners(boxes),
            rtol=1e-5)
        image = supervision.OrientedBoxAnnotator().annotate(
            np.zeros((HEIGHT, WIDTH, 3), np.uint8), each)
        assert image.any()


def test_to_fiftyone(monkeypatch):
    # Its wheel brings a database server: what it is given is looked at.
    import sys
    import types
    fake = types.ModuleType('fiftyone')
    for name in ('Detections', 'Detection', 'Polylines', 'Polyline'):
        setattr(fake, name, type(name, (types.SimpleNamespace, ), {}))
    monkeypatch.setitem(sys.modules, 'fiftyone', fake)
    lines = to_fiftyone(found(RBOXES)).polylines
    assert lines[0].closed and lines[1].label == 'harbour crane'
    quad = np.array(lines[0].points[0]) * [WIDTH, HEIGHT]
    assert rotated_iou(quad.reshape(1, 8), RBOXES[:1])[0, 0] > .999
    masks = np.zeros((2, HEIGHT, WIDTH), bool)
    masks[0, 20:30, 10:60] = True
    label = to_fiftyone(found(UPRIGHT, masks=masks)).detections[0]
    assert label.bounding_box == pytest.approx([.05, .2, .2525, .2])
    assert label.mask.shape == (20, 51) and label.mask[:10, :50].all()


# ----------------------------------------------------------------- bad input


@pytest.mark.parametrize('form', ['yolo', 'visdrone'])
def test_rotated_boxes_are_not_made_upright(tmp_path, form):
    with pytest.raises(ValueError, match=f'{form} holds upright boxes'):
        write_detections([found(RBOXES)], form, tmp_path)


def test_unknown_format_is_named(tmp_path):
    with pytest.raises(ValueError,
                       match="format must be one of 'coco'.* got 'voc'"):
        write_detections([found(UPRIGHT)], 'voc', tmp_path)


def test_two_images_of_one_name(tmp_path):
    with pytest.raises(ValueError, match='several images .* a.txt'):
        write_detections([found(UPRIGHT, 'x/a.png'),
                          found(UPRIGHT, 'y/a.jpg')], 'dota', tmp_path)


@pytest.mark.parametrize('form', sorted(FORMATS))
def test_nothing_found(tmp_path, form):
    empty = found(np.zeros((0, 4)))
    for path in write_detections([empty], form, tmp_path):
        assert Path(path).is_file()
    assert all(Path(path).is_file()
               for path in write_detections([], form, tmp_path))
