import ast
import copy
import os
import pickle
import random
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import worker_init_fn
from torch.utils.data import DataLoader, Dataset

import mmextra
from mmextra.datasets.transforms import (
    ClipBroadcaster,
    ClipSSDGeometric,
    ThinningClipSample,
)
from mmextra.utils.worker_random import WorkerRandom


class Numbers(Dataset):
    """Who drew, and what."""

    def __init__(self, length=8):
        self.length = length
        self.random = WorkerRandom()

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        worker = torch.utils.data.get_worker_info()
        return (-1 if worker is None else worker.id,
                self.random.generator.randrange(2**60))


def epochs(seed, workers=2, count=2, touched=False, persistent=False, rank=0):
    """What each worker draws in each epoch, as mmengine's runner loads."""
    torch.manual_seed(seed)
    data = Numbers()
    if touched:
        data[0]
    loader = DataLoader(
        data, batch_size=1, num_workers=workers, collate_fn=list,
        persistent_workers=persistent, worker_init_fn=partial(
            worker_init_fn, num_workers=workers, rank=rank, seed=seed))
    found = []
    for _ in range(count):
        drawn = {}
        for (worker, number), in loader:
            drawn.setdefault(worker, []).append(number)
        found.append(drawn)
    return found


def test_same_seed_same_draws():
    assert epochs(3) == epochs(3)
    assert epochs(3, workers=0) == epochs(3, workers=0)
    assert epochs(3) != epochs(4)
    assert epochs(3, workers=0) != epochs(4, workers=0)


@pytest.mark.parametrize('options', [
    dict(), dict(touched=True), dict(persistent=True), dict(workers=0)])
def test_workers_and_epochs_draw_differently(options):
    """Also if the object has drawn before it was copied into workers."""
    found = epochs(3, **options)
    assert set(found[0]) == ({-1} if options.get('workers') == 0 else {0, 1})
    every = [number for drawn in found for numbers in drawn.values()
             for number in numbers]
    assert len(every) == 16 == len(set(every))


def test_ranks_draw_differently():
    both = [epochs(3, count=1, rank=rank)[0] for rank in (0, 1)]
    every = [number for drawn in both for numbers in drawn.values()
             for number in numbers]
    assert len(set(every)) == 16


def test_ranks_without_workers_draw_differently(monkeypatch):
    first = epochs(3, workers=0)
    monkeypatch.setattr('mmextra.utils.worker_random.get_rank', lambda: 1)
    assert epochs(3, workers=0) != first


def test_two_objects_draw_differently():
    torch.manual_seed(0)
    one, two = WorkerRandom(), WorkerRandom()
    assert one.generator.random() != two.generator.random()


def test_copies_go_on_alike_in_one_process():
    one = WorkerRandom()
    one.generator.random()
    for other in (copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        state = one.generator.getstate()
        assert other.generator.random() == one.generator.random()
        one.generator.setstate(state)
    assert one._owner[0] == os.getpid()


def test_global_generators_are_left_alone():
    """Whatever others do to them, and whatever is drawn here."""
    def frames():
        return dict(video_id=1, video_length=40, images=[
            dict(img_id=k, frame_id=k) for k in range(40)])

    def draw():
        torch.manual_seed(1)
        sample, warp = ThinningClipSample(num_frames=4), ClipSSDGeometric()
        return ([sample(frames())['frame_id'] for _ in range(5)],
                [warp.sample_window(80, 60, np.zeros((0, 4)))
                 for _ in range(5)])

    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    ours, theirs = random.getstate(), np.random.get_state()  # noqa: NPY002
    first = draw()
    assert random.getstate() == ours
    assert np.array_equal(np.random.get_state()[1], theirs[1])  # noqa: NPY002
    random.seed(9)
    np.random.seed(9)  # noqa: NPY002
    assert draw() == first
    assert len({tuple(frames) for frames in first[0]}) > 1


def test_frames_of_a_clip_share_what_the_broadcaster_draws():
    torch.manual_seed(0)
    step = ClipBroadcaster([dict(type='RandomFlip', prob=0.5)])
    seeds = set()
    for _ in range(10):
        step(dict(img=[np.zeros((4, 4, 3), np.uint8)] * 2,
                  img_shape=[(4, 4)] * 2))
        seeds.add(step._seed)
    assert len(seeds) == 10


def global_draws(source):
    """Calls of functions of the module ``random``."""
    return [node.func.attr for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == 'random' and node.func.attr != 'Random']


def test_nothing_draws_from_the_global_generator():
    """numpy's is held by ruff, NPY002."""
    assert global_draws('import random\nrandom.random()') == ['random']
    package = Path(mmextra.__file__).parent
    found = {path.name for path in package.rglob('*.py')
             if global_draws(path.read_text(encoding='utf-8'))}
    # It sets the state for the transforms of others, and sets it back.
    assert found == {'clip_broadcaster.py'}
