from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import Compose
from mmengine.evaluator import DumpResults
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop
from mmengine.visualization import Visualizer
from torch.utils.data import DataLoader

from mmextra.datasets.transforms import ThinningClipSample
from mmextra.engine.hooks import (
    FeatureForecastPhaseHook,
    VIDDumpCheckHook,
    VIDVisualizationHook,
)
from tests.video_helpers import frame_sample


class Clips:
    """A dataset that tells whether its frames are thinned."""

    def __init__(self):
        self.pipeline = Compose([ThinningClipSample()])

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return int(self.pipeline.transforms[0].thinning)


def runner_at(epoch, loader):
    return SimpleNamespace(epoch=epoch, model=SimpleNamespace(),
                           train_dataloader=loader)


@pytest.mark.parametrize('wrap', [
    lambda d: d, lambda d: SimpleNamespace(dataset=d),
    lambda d: SimpleNamespace(datasets=[SimpleNamespace(dataset=d)])])
def test_phases_follow_the_epoch(wrap):
    hook, data = FeatureForecastPhaseHook(2, 3), Clips()
    loader = SimpleNamespace(dataset=wrap(data))
    seen = []
    for epoch in (0, 1, 2, 3, 4, 0):
        runner = runner_at(epoch, loader)
        hook.before_train_epoch(runner)
        seen.append((runner.model.decision_active, data[0]))
    assert seen == [(False, 1), (False, 1), (True, 1), (True, 0), (True, 0),
                    (False, 1)]


def test_persistent_workers_take_the_change():
    loader = DataLoader(Clips(), num_workers=1, persistent_workers=True)
    hook = FeatureForecastPhaseHook(0, 1)
    seen = []
    for epoch in (0, 1):
        hook.before_train_epoch(runner_at(epoch, loader))
        seen.append([int(batch) for batch in loader])
    assert seen == [[1] * 4, [0] * 4]


def test_dump_that_would_be_cut_is_refused():
    def runner(frames, metrics):
        return SimpleNamespace(
            test_dataloader=SimpleNamespace(
                dataset=range(3), sampler=range(frames)),
            test_evaluator=SimpleNamespace(metrics=metrics))
    hook, dump = VIDDumpCheckHook(), DumpResults('unused.pkl')
    with pytest.raises(ValueError, match='3 of 20.*out_file'):
        hook.before_test(runner(20, [dump]))
    hook.before_test(runner(20, []))
    hook.before_test(runner(3, [dump]))


def test_every_video_has_its_folder(tmp_path, monkeypatch):
    drawn = []

    class Recorder:
        def add_datasample(self, name, image, out_file, **_):
            drawn.append((name, image.shape, out_file))
    monkeypatch.setattr(Visualizer, 'get_current_instance', Recorder)
    hook = VIDVisualizationHook(draw=True)
    assert hook.frame_interval == 1
    hook.test_out_dir = str(tmp_path / 'out')
    for video in ('a', 'b'):
        path = tmp_path / video / '000000.JPEG'
        path.parent.mkdir()
        cv2.imwrite(str(path), np.zeros((8, 9, 3), np.uint8))
        sample = frame_sample(0)
        sample.set_metainfo(dict(img_path=str(path)))
        hook.visualize_single_image(sample, 0)
    files = {item[2] for item in drawn}
    assert files == {str(tmp_path / 'out' / v / '000000.JPEG') for v in 'ab'}
    assert drawn[0][1] == (8, 9, 3)
    assert torch.is_tensor(sample.gt_instances.bboxes)


def test_loops_without_epochs_are_refused():
    """Their epoch stays 0, so the scheduler would never be trained."""
    hook = FeatureForecastPhaseHook(2, 3)
    loops = [IterBasedTrainLoop, EpochBasedTrainLoop]
    for loop in loops:
        runner = SimpleNamespace(train_loop=loop.__new__(loop))
        if loop is IterBasedTrainLoop:
            with pytest.raises(ValueError, match='by_epoch=True'):
                hook.before_train(runner)
        else:
            hook.before_train(runner)
