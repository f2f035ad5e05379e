from types import SimpleNamespace

import pytest
import torch
from mmdet.registry import HOOKS
from torch import nn

import mmextra.engine.hooks.support_init_hook as module


class Supports(torch.utils.data.Dataset):
    metainfo = dict(classes=('a', 'b', 'c'))

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return dict(inputs=index, data_samples=index % 3)


class Detector(nn.Module):
    support_bank = {}
    seen = None

    def model_init(self, batches):
        self.modes = self.training, torch.is_grad_enabled()
        self.seen = [list(batch['inputs']) for batch in batches]
        self.support_bank = {0: 'A', 1: 'B', 2: 'C'}


class Wrapper(nn.Module):

    def __init__(self, inner):
        super().__init__()
        self.module = inner


class SomeTTAModel(Wrapper):
    pass


def runner(model, classes=('a', 'b', 'c')):
    loader = SimpleNamespace(dataset=SimpleNamespace(
        metainfo=dict(classes=classes)))
    return SimpleNamespace(model=model, val_dataloader=loader,
                           test_dataloader=loader)


@pytest.fixture
def hook():
    return HOOKS.build(dict(type='SupportInitHook', dataset=Supports(),
                            batch_size=2))


def test_every_process_reads_everything_each_time(hook, monkeypatch):
    # As in a process of several.
    monkeypatch.setattr('mmengine.dist.get_rank', lambda: 1)
    detector = Detector()
    model = Wrapper(Wrapper(detector)).train()
    for call in (hook.before_val_epoch, hook.before_test_epoch):
        detector.seen = None
        call(runner(model))
        assert detector.seen == [[0, 1], [2, 3], [4]]
        assert detector.modes[0] is False
        assert detector.training


def test_other_class_order(hook):
    with pytest.raises(ValueError, match='same classes in the same order'):
        hook.before_test_epoch(runner(Detector(), ('a', 'c', 'b')))


def test_models_that_cannot_be_shown(hook):
    with pytest.raises(TypeError, match='Linear has no model_init'):
        hook.before_test_epoch(runner(Wrapper(nn.Linear(1, 1))))
    with pytest.raises(TypeError, match='--tta'):
        hook.before_test_epoch(runner(SomeTTAModel(Detector())))


def test_shuffled_supports():
    hook = module.SupportInitHook(Supports(), permutation=(1, 2, 0))
    detector = Detector()
    hook.before_test_epoch(runner(detector))
    assert detector.support_bank == {0: 'B', 1: 'C', 2: 'A'}
    hook.permutation = (0, 1)
    with pytest.raises(ValueError, match='permutation'):
        hook.before_test_epoch(runner(detector))


def test_bank_in_checkpoints(hook):
    model = Wrapper(Detector())
    hook.before_test_epoch(runner(model))
    checkpoint = {}
    hook.before_save_checkpoint(runner(model), checkpoint)
    assert checkpoint == {}
    hook.keep = True
    hook.before_save_checkpoint(runner(model), checkpoint)
    assert checkpoint['support_bank'] == {0: 'A', 1: 'B', 2: 'C'}


def test_runs_after_the_average_weights_are_in_place(hook):
    from mmengine.hooks import EMAHook
    from mmengine.runner.priority import get_priority
    assert get_priority(hook.priority) > get_priority(
        EMAHook.priority)
