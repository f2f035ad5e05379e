import math

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.dataset import BaseDataset
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from mmrotate.registry import METRICS

from mmextra.structures import box_corners, image_tiles, rotated_iou

# cx, cy, w, h, theta in a 1792 x 1024 image: tiles at x = 0 and 768 share
# the columns 768 to 1024.
SHIPS = [[200., 300., 120., 30., 0.4], [900., 500., 200., 40., 1.2],
         [1000., 200., 160., 40., 0.], [1500., 800., 60., 20., -0.7]]


def write_ships(path, ships, difficulty=None):
    lines = ['imagesource:GoogleEarth', 'gsd:0.3']
    for i, quad in enumerate(box_corners(np.array(ships)).reshape(-1, 8)):
        lines.append(' '.join(f'{v:.4f}' for v in quad) +
                     f' ship {(difficulty or {}).get(i, 0)}')
    path.write_text('\n'.join(lines))


def tile_sample(tile, ships, labels=None):
    """A detector that finds every ship whose part in the tile is half."""
    found = np.array(ships).reshape(-1, 5) - [tile.x, tile.y, 0, 0, 0]
    window = np.array([[0., 0., tile.size, tile.size]])
    seen = rotated_iou(found, window, 'iof')[:, 0] >= 0.5
    data = DetDataSample(metainfo=dict(img_id=str(tile)))
    data.pred_instances = InstanceData(
        bboxes=torch.from_numpy(found[seen]).float(),
        scores=torch.linspace(.9, .5, len(found))[torch.from_numpy(seen)],
        labels=torch.zeros(int(seen.sum()), dtype=torch.long))
    data.gt_instances = InstanceData()
    data.ignored_instances = InstanceData()
    return data.to_dict()


def evaluate(ann_dir, samples, **kwargs):
    metric = METRICS.build(
        dict(type='MergedRBoxAPMetric', ann_dir=str(ann_dir), **kwargs))
    metric.dataset_meta = dict(classes=('ship', ))
    metric.process({}, samples)
    return metric.evaluate(len(samples))


@pytest.fixture
def tiles():
    return image_tiles('P0706', 1792, 1024, 1024, 256)


def test_merged_predictions_are_the_ships(tmp_path, tiles):
    write_ships(tmp_path / 'P0706.txt', SHIPS)
    samples = [tile_sample(t, SHIPS) for t in tiles]
    assert [len(s['pred_instances']['scores']) for s in samples] == [3, 3]
    metrics = evaluate(tmp_path, samples, eval_mode='11points')
    assert metrics == {
        'merged/AP50': 1., 'merged/recall50': 1., 'merged/num_gt': 4}
    # The two ships that both tiles see are false once without suppression.
    metrics = evaluate(tmp_path, samples, nms=None)
    assert metrics['merged/AP50'] < 0.95


def test_images_are_kept_apart_and_may_be_empty(tmp_path, tiles):
    write_ships(tmp_path / 'P0706.txt', SHIPS)
    other = image_tiles('a__b', 1024, 1024, 1024, 256)
    samples = [tile_sample(t, SHIPS) for t in tiles]
    samples += [tile_sample(t, SHIPS[:1]) for t in other]
    metrics = evaluate(tmp_path, samples)
    # The ship in the image without annotations is false and comes as first
    # or second: precision 1/2, 2/3, 3/4, 4/5, at best 4/5 from each.
    assert metrics['merged/num_gt'] == 4
    assert 0.75 < metrics['merged/AP50'] < 1.


def test_difficult_ships_are_ignored(tmp_path, tiles):
    write_ships(tmp_path / 'P0706.txt', SHIPS, difficulty={0: 1, 1: 2})
    samples = [tile_sample(t, SHIPS) for t in tiles]
    metrics = evaluate(tmp_path, samples)
    assert metrics['merged/num_gt'] == 2 and metrics['merged/AP50'] == 1.
    assert evaluate(tmp_path, samples, diff_thr=1)['merged/num_gt'] == 3


def test_cut_ends_are_dropped(tmp_path, tiles):
    """An end of 12 px of the ship at 1012..1092 in the left tile. It has
    the higher score, so if it stays it suppresses the ship itself."""
    ship = [1052., 200., 80., 20., 0.]
    write_ships(tmp_path / 'P0706.txt', [ship])
    samples = [tile_sample(t, [ship]) for t in tiles]
    end = samples[0]['pred_instances']
    assert len(end['scores']) == 0
    end.update(
        bboxes=torch.tensor([[1018., 200., 12., 20., 0.]]),
        scores=torch.tensor([.99]),
        labels=torch.tensor([0]))
    assert evaluate(tmp_path, samples)['merged/AP50'] == 1.
    assert evaluate(
        tmp_path, samples, edge_margin=0)['merged/AP50'] == 0.


def test_nothing_predicted_is_zero(tmp_path, tiles):
    write_ships(tmp_path / 'P0706.txt', SHIPS)
    metrics = evaluate(tmp_path, [tile_sample(t, []) for t in tiles])
    assert metrics['merged/AP50'] == 0.
    assert not math.isnan(metrics['merged/recall50'])


def test_wrong_folder_is_told_before_any_prediction(tmp_path):
    folder = tmp_path / 'labelTxt'
    metric = METRICS.build(
        dict(type='MergedRBoxAPMetric', ann_dir=str(folder)))
    meta = dict(classes=('ship', ))
    with pytest.raises(FileNotFoundError, match='labelTxt is no folder; it'):
        metric.dataset_meta = meta
    folder.mkdir()
    with pytest.raises(FileNotFoundError, match='labelTxt holds no text fil'):
        metric.dataset_meta = meta
    write_ships(folder / 'P0706.txt', SHIPS)
    metric.dataset_meta = meta
    assert metric.classes == ('ship', )


class Tiles(BaseDataset):
    METAINFO = dict(classes=('ship', ))

    def load_data_list(self):
        return [dict(img_id='P0706__1024__0___0')]


class Untrained(BaseModel):

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, *args, **kwargs):
        raise AssertionError('the training has begun')


def test_runner_tells_it_before_it_trains(tmp_path):
    loader = dict(
        batch_size=1,
        dataset=Tiles(),
        sampler=dict(type='DefaultSampler', shuffle=False))
    runner = Runner(
        Untrained(),
        str(tmp_path),
        train_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        val_dataloader=loader,
        val_cfg=dict(),
        val_evaluator=dict(
            type='MergedRBoxAPMetric',
            ann_dir=str(tmp_path / 'labelTxt')),
        default_scope='mmrotate',
        experiment_name='merged_rbox_ap_metric')
    with pytest.raises(FileNotFoundError, match='labelTxt is no folder'):
        runner.train()


def test_named_errors(tmp_path, tiles):
    samples = [tile_sample(t, SHIPS) for t in tiles]
    write_ships(tmp_path / 'other.txt', SHIPS)
    with pytest.raises(FileNotFoundError, match='for any of the 1 images'):
        evaluate(tmp_path, samples)
    file = tmp_path / 'P0706.txt'
    file.write_text('0 0 9 0 9 4 0 4 yacht 0\n')
    with pytest.raises(KeyError, match="P0706.txt: class 'yacht'"):
        evaluate(tmp_path, samples)
    file.write_text('0 0 9 0 9 4 0 4 ship 0\n0 0 9 0 9 four 0 4 ship 0\n')
    with pytest.raises(ValueError, match='P0706.txt, line 2'):
        evaluate(tmp_path, samples)
    samples[0]['img_id'] = 'P0706'
    with pytest.raises(ValueError, match="'P0706' is no tile name"):
        evaluate(tmp_path, samples)


@pytest.mark.parametrize('rate', [1, .5, 2])
def test_tiles_of_dota_devkit(tmp_path, tiles, rate):
    """Named by the rate of the resize; the size is that of the file."""
    ships = [[*(value / rate for value in ship[:4]), ship[4]]
             for ship in SHIPS]
    write_ships(tmp_path / 'P0706.txt', ships)
    samples = []
    for tile in tiles:
        sample = tile_sample(tile, SHIPS)
        sample.update(img_id=f'P0706__{rate}__{tile.x}___{tile.y}',
                      ori_shape=(tile.size, tile.size))
        samples.append(sample)
    assert evaluate(tmp_path, samples) == {
        'merged/AP50': 1., 'merged/recall50': 1., 'merged/num_gt': 4}
    for sample in samples:
        sample.pop('ori_shape')
    with pytest.raises(ValueError, match='ori_shape among the meta keys'):
        evaluate(tmp_path, samples)


def test_spellings_of_classes_and_marks(tmp_path, tiles):
    write_ships(tmp_path / 'P0706.txt', SHIPS)
    path = tmp_path / 'P0706.txt'
    path.write_bytes(b'\xef\xbb\xbf' + path.read_bytes().replace(
        b' ship', b' Ship').replace(b'\n', b'\r\n'))
    samples = [tile_sample(t, SHIPS) for t in tiles]
    assert evaluate(tmp_path, samples)['merged/AP50'] == 1.
    path.write_bytes(path.read_bytes().replace(b' Ship', b' shipp'))
    with pytest.raises(KeyError, match="shipp.*nearest 'ship'"):
        evaluate(tmp_path, samples)
