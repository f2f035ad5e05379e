import cv2
import numpy as np
import pytest
import torch
from mmdet.apis import DetInferencer, inference_detector, init_detector
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.structures import InstanceData
from mmrotate.structures.bbox import RotatedBoxes
from torch import nn

from mmextra.apis import tiled_inference
from mmextra.apis.tiled_inference import array_pipeline, default_nms

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='mmdet.Resize', scale=(128, 128), keep_ratio=True),
    dict(type='mmdet.LoadAnnotations', with_bbox=True, box_type='qbox'),
    dict(type='ConvertBoxType', box_type_mapping=dict(gt_bboxes='rbox')),
    dict(type='mmdet.PackDetInputs',
         meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape',
                    'scale_factor'))
]


class KnownShips(nn.Module):
    """Sees of each ship what lies in the tile, by the colour of its pixels.

    Ships are horizontal rectangles of one blue value each; ``kind`` says as
    what boxes they are returned.
    """

    def __init__(self, nms, kind='hbox', size=64):
        super().__init__()
        self.cfg = Config(dict(
            default_scope='mmrotate',
            model=dict(test_cfg=dict(nms=nms)),
            test_dataloader=dict(dataset=dict(pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='mmdet.Resize', scale=(size, size),
                     keep_ratio=True),
                PIPELINE[-1]
            ]))))
        self.kind = kind
        self.batches = []
        self.shapes = set()

    def test_step(self, data):
        self.batches.append(len(data['inputs']))
        self.shapes |= {tuple(image.shape) for image in data['inputs']}
        samples = data['data_samples']
        for image, sample in zip(data['inputs'], samples):
            boxes, scores = [], []
            for value in sorted(set(image[0].flatten().tolist()) - {0}):
                rows, cols = torch.nonzero(image[0] == value, as_tuple=True)
                boxes.append([cols.min(), rows.min(), cols.max() + 1,
                              rows.max() + 1])
                # The whole ship is surer than a part of it.
                scores.append(len(rows) / 1e4)
            boxes = torch.tensor(boxes).float().reshape(-1, 4)
            boxes = boxes / boxes.new_tensor(sample.scale_factor).repeat(2)
            if self.kind != 'hbox':
                low, high = boxes[:, :2], boxes[:, 2:]
                boxes = torch.cat([(low + high) / 2, high - low,
                                   torch.zeros(len(boxes), 1)], 1)
            if self.kind == 'rbox':
                boxes = RotatedBoxes(boxes)
            sample.pred_instances = InstanceData(
                bboxes=boxes,
                scores=torch.tensor(scores).float(),
                labels=torch.zeros(len(scores), dtype=torch.long))
        return samples


# x1, y1, x2, y2 in a 150 x 100 image; the first three in several of the
# 64 px tiles at x = 0, 40, 80, 86 and y = 0, 36.
SHIPS = np.array([[44, 38, 60, 58], [70, 10, 82, 30], [86, 60, 100, 64],
                  [4, 4, 20, 16], [120, 80, 140, 96]])


@pytest.fixture
def harbour():
    image = np.zeros((100, 150, 3), dtype=np.uint8)
    for i, (x1, y1, x2, y2) in enumerate(SHIPS):
        image[y1:y2, x1:x2] = 40 * (i + 1)
    return image


def sort_rows(boxes):
    boxes = np.asarray(boxes)
    return boxes[np.lexsort(boxes.T[::-1])]


@pytest.mark.parametrize('batch_size', [1, 3, 100])
def test_merged_boxes_are_the_ships(harbour, batch_size):
    before = harbour.copy()
    model = KnownShips(dict(type='nms', iou_threshold=0.1))
    result = tiled_inference(model, harbour, tile=64, overlap=24,
                             batch_size=batch_size)
    found = result.pred_instances
    np.testing.assert_allclose(
        sort_rows(found.bboxes), sort_rows(SHIPS), atol=1e-4)
    assert (found.scores.diff() <= 0).all()
    assert result.ori_shape == (100, 150)
    assert sum(model.batches) == 8 and max(model.batches) <= batch_size
    np.testing.assert_array_equal(harbour, before)
    # Without suppression the tiles' duplicates and parts are all there.
    model.cfg.model.test_cfg.nms = dict(type='nms', iou_threshold=1.)
    many = tiled_inference(model, harbour, tile=64, overlap=24).pred_instances
    assert len(many) > len(SHIPS)


@pytest.mark.parametrize('kind', ['rbox', 'tensor'])
def test_rotated_boxes_are_merged_as_well(harbour, kind):
    model = KnownShips(dict(type='nms_rotated', iou_threshold=0.1), kind)
    found = tiled_inference(model, harbour, tile=64, overlap=24,
                            batch_size=4).pred_instances
    assert isinstance(found.bboxes, RotatedBoxes) == (kind == 'rbox')
    boxes = found.bboxes.tensor if kind == 'rbox' else found.bboxes
    expected = np.concatenate([(SHIPS[:, :2] + SHIPS[:, 2:]) / 2,
                               SHIPS[:, 2:] - SHIPS[:, :2],
                               np.zeros((5, 1))], 1)
    np.testing.assert_allclose(
        sort_rows(boxes), sort_rows(expected), atol=1e-4)


def test_small_image_is_padded_to_the_scale_of_the_tiles(harbour):
    """150 x 100 px are seen at the half scale of a whole tile, not blown up
    to the size of the network's input."""
    model = KnownShips(dict(type='nms', iou_threshold=0.1), size=128)
    block = np.zeros((100, 150, 3), dtype=np.uint8)
    block[20:60, 40:120] = 200
    found = tiled_inference(model, block, tile=256, overlap=64).pred_instances
    assert model.batches == [1] and model.shapes == {(3, 128, 128)}
    np.testing.assert_allclose(found.bboxes[0], [40, 20, 120, 60], atol=2)


def test_image_without_ships():
    model = KnownShips(dict(type='nms_rotated', iou_threshold=0.1), 'tensor')
    found = tiled_inference(
        model, np.zeros((100, 150, 3), np.uint8), tile=64,
        overlap=24).pred_instances
    assert found.bboxes.shape == (0, 5) and len(found.scores) == 0


def test_named_errors(harbour, tmp_path):
    model = KnownShips(dict(type='nms', iou_threshold=0.1))
    with pytest.raises(FileNotFoundError, match=r'no image .*none\.png'):
        tiled_inference(model, tmp_path / 'none.png')
    for content in (b'', b'no image'):
        (tmp_path / 'bad.png').write_bytes(content)
        with pytest.raises(ValueError, match=r'bad\.png cannot be read'):
            tiled_inference(model, tmp_path / 'bad.png')
    with pytest.raises(ValueError, match=r'\(100, 150\)'):
        tiled_inference(model, harbour[..., 0])
    with pytest.raises(ValueError, match='uint8.*float64 from 0 to 1.*255'):
        tiled_inference(model, harbour / harbour.max())
    cv2.imwrite(str(tmp_path / 'deep.png'), np.zeros((8, 8), np.uint16))
    with pytest.raises(ValueError, match=r'deep\.png: has 16 bits per ch'):
        tiled_inference(model, tmp_path / 'deep.png')
    with pytest.raises(ValueError, match='overlap < size'):
        tiled_inference(model, harbour, tile=64, overlap=64)
    with pytest.raises(ValueError, match='batch_size'):
        tiled_inference(model, harbour, batch_size=0)
    model.cfg.model.test_cfg = dict()
    with pytest.raises(KeyError, match='give nms'):
        tiled_inference(model, harbour)
    model.cfg.test_dataloader.dataset.pipeline.pop(0)
    with pytest.raises(ValueError, match='begin with LoadImageFromFile'):
        array_pipeline(model.cfg)

    class Masks(KnownShips):

        def test_step(self, data):
            sample = DetDataSample(pred_instances=InstanceData(masks=[]))
            return [sample] * len(data['inputs'])

    with pytest.raises(ValueError, match='predicts masks'):
        tiled_inference(Masks(dict(type='nms')), harbour)


ROTATED = 'mmrotate::rotated_retinanet/' \
    'rotated-retinanet-rbox-le90_r50_fpn_1x_dota.py'


@pytest.fixture(scope='module')
def stock(tmp_path_factory):
    """Config file and checkpoint of a small stock rotated detector."""
    folder = tmp_path_factory.mktemp('stock')
    config = folder / 'config.py'
    config.write_text(f'''
_base_ = '{ROTATED}'
custom_imports = dict(imports=['mmextra'], allow_failed_imports=False)
model = dict(
    backbone=dict(depth=18, init_cfg=None),
    neck=dict(in_channels=[64, 128, 256, 512], out_channels=16),
    bbox_head=dict(in_channels=16, feat_channels=16, stacked_convs=1,
                   num_classes=2),
    test_cfg=dict(nms_pre=100, max_per_img=20))
test_dataloader = dict(dataset=dict(
    metainfo=dict(classes=('ship', 'boat'), palette=[(9, 9, 9), (1, 2, 3)]),
    pipeline={PIPELINE}))
''')
    torch.manual_seed(0)
    with pytest.warns(UserWarning, match='COCO classes'):
        model = init_detector(str(config), None, device='cpu')
    nn.init.normal_(model.bbox_head.retina_cls.weight, std=0.5)
    checkpoint = folder / 'weights.pth'
    torch.save(dict(
        state_dict=model.state_dict(),
        meta=dict(dataset_meta=dict(classes=('ship', 'boat')))), checkpoint)
    return config, checkpoint


def test_stock_functions_and_tiles_agree(stock):
    """One tile that is the image gives the stock result."""
    config, checkpoint = stock
    model = init_detector(str(config), str(checkpoint), device='cpu')
    assert model.dataset_meta['classes'] == ('ship', 'boat')
    image = np.random.default_rng(0).integers(
        0, 255, (128, 128, 3)).astype(np.uint8)
    expected = inference_detector(model, image).pred_instances
    assert expected.bboxes.shape == (20, 5)
    # Also after inference_detector has put the loader of arrays into cfg.
    found = tiled_inference(model, image, tile=128,
                            overlap=32).pred_instances
    # The exact suppression may drop what mmcv's let pass, nothing else.
    assert 15 <= len(found) <= 20
    distance = torch.cdist(found.bboxes, expected.bboxes).min(1)[0]
    assert distance.max() < 1e-4
    large = np.tile(image, (2, 3, 1))
    many = tiled_inference(model, large, tile=128, overlap=32,
                           batch_size=2).pred_instances
    assert many.bboxes[:, 0].max() > 256 and len(many) > 20
    assert set(many.labels.tolist()) <= {0, 1}


def test_det_inferencer_serves(stock, tmp_path):
    """With the scope named, and LoadImageFromFile without a prefix."""
    config, checkpoint = stock
    inferencer = DetInferencer(
        Config.fromfile(config), str(checkpoint), device='cpu',
        scope='mmrotate', show_progress=False)
    image = np.zeros((96, 128, 3), dtype=np.uint8)
    result = inferencer(image, out_dir=str(tmp_path))
    assert all(len(b) == 5 for b in result['predictions'][0]['bboxes'])
    assert len(list((tmp_path / 'vis').iterdir())) == 1


def test_nms_of_the_model():
    one = dict(type='nms_rotated', iou_threshold=0.1)
    assert default_nms(dict(test_cfg=dict(nms=one))) == one
    rpn = dict(nms=dict(type='nms', iou_threshold=0.7))
    assert default_nms(dict(test_cfg=dict(rpn=rpn, rcnn=dict(nms=one)))) == one
    for none in (dict(), dict(test_cfg=None),
                 dict(test_cfg=dict(max_per_img=100))):
        with pytest.raises(KeyError, match='give nms'):
            default_nms(none)
