from types import SimpleNamespace

import cv2
import pytest
import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmextra.datasets import ImageViews, VisDroneDataset
from mmextra.synthetic import make_moving_objects, make_toys
from tests.helpers import TOOLS


def frame(number):
    return DetDataSample(
        metainfo=dict(img_path=f'/data/video/{number:06d}.jpg'),
        gt_instances=InstanceData(labels=torch.tensor([number])))


class Items(list):
    metainfo = dict(classes=('cat', 'dog'))


def test_frames_of_a_clip():
    clip = TrackDataSample()
    clip.video_data_samples = [frame(k) for k in range(3)]
    views = ImageViews(Items([
        dict(inputs=torch.arange(3.).view(3, 1, 1, 1).expand(3, 3, 4, 5),
             data_samples=clip)] * 2))
    found = list(views)
    assert len(views) == 2 and len(found) == 6
    assert [view['data_samples'].img_path for view in found[3:]] == [
        f'000001_frame{k}_00000{k}.jpg' for k in range(3)]
    assert [float(view['inputs'][0, 0, 0]) for view in found] == [0, 1, 2] * 2
    # The samples of the data set stay as they are.
    assert clip[0].img_path == '/data/video/000000.jpg'


def test_single_images_stay_as_they_are():
    item = dict(inputs=torch.zeros(3, 4, 5), data_samples=frame(0))
    assert ImageViews(Items([item])).views(0) == [item]
    strange = dict(inputs=0, data_samples=SimpleNamespace())
    with pytest.raises(TypeError, match='item 0 of Items.*SimpleNamespace'):
        ImageViews(Items([strange])).views(0)


def test_more_classes_than_colours(tmp_path):
    """A visualizer stops at a palette that is too short."""
    init_default_scope('mmdet')
    classes = tuple(f'class{k}' for k in range(40))
    meta = VisDroneDataset._load_metainfo(dict(classes=classes))
    assert len(meta['palette']) == 40 and meta['classes'] == classes
    own = VisDroneDataset._load_metainfo()
    assert own['palette'] == VisDroneDataset.METAINFO['palette']


@pytest.fixture
def browse(monkeypatch):
    """``browse_dataset.py`` in this process."""
    from mmextra.utils import stock_tools

    def run(*args):
        monkeypatch.setattr('sys.argv', [
            'tool', *map(str, args), '--not-show'])
        stock_tools.run_stock_tool('analysis_tools/browse_dataset.py')

    return run


@pytest.mark.parametrize('config, make, option, parts', [
    ('gcn_fsod/synthetic', make_toys, 'repeat_times=1',
     ['_query_', '_support0_']),
    ('feature_forecast/synthetic', make_moving_objects, 'times=1',
     ['_frame0_', '_frame1_'])])
def test_pictures_of_few_shot_and_video_sets(browse, tmp_path, config, make,
                                             option, parts):
    counts = dict(num_train=30, num_val=1, num_test=1) if (
        make is make_toys) else dict(num_train=2, num_val=1, num_test=1)
    make(tmp_path / 'data', image_size=96, **counts)
    out = tmp_path / 'pictures'
    browse(TOOLS.parent / f'configs/{config}.py', '--output-dir', out,
           '--cfg-options', f'train_dataloader.dataset.{option}',
           f'train_dataloader.dataset.dataset.data_root={tmp_path / "data"}/')
    names = sorted(path.name for path in out.iterdir())
    for part in parts:
        found = [name for name in names if part in name]
        assert found, names[:5]
        assert cv2.imread(str(out / found[0])).std() > 1
