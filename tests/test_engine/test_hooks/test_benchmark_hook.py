"""BenchmarkHook in a small mmengine Runner on the CPU."""
import json
import math
import warnings

import pytest
import torch
import torch.nn as nn
from mmdet.registry import HOOKS
from mmengine.config import Config
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import Dataset

from mmextra.datasets import CTImageDataset, CTLesionDataset
from mmextra.engine.hooks.benchmark_hook import (
    BenchmarkHook,
    clean_metrics,
    config_name,
)
from mmextra.evaluation.benchmark import read_rows

REFERENCE = 'larsd/table4/LARSD-11/HRSC2016'


class ToyModel(BaseModel):

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)
        self.frozen = nn.Parameter(torch.zeros(5), requires_grad=False)

    def forward(self, inputs, mode='tensor'):
        out = self.layer(torch.stack(inputs))
        return dict(loss=out.sum()) if mode == 'loss' else [out]


class HRSC2016Dataset(Dataset):
    """Named as the class for the real data, with four samples."""
    METAINFO = dict(classes=('ship', ))

    def __init__(self, data_root, size=4):
        self.metainfo = self.METAINFO
        self.data_root = str(data_root)
        self.ann_file = f'{data_root}/ImageSets/test.txt'
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return dict(inputs=torch.ones(2))


class FixedMetric(BaseMetric):

    def __init__(self, values):
        super().__init__()
        self.values = values

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return dict(self.values)


def make_runner(work_dir, values, hook=None, train=False, size=4, **kwargs):
    def loader():
        return dict(
            dataset=HRSC2016Dataset(work_dir / 'data', size),
            sampler=dict(type='DefaultSampler', shuffle=False),
            batch_size=4, num_workers=0)

    extra = dict(
        train_dataloader=loader(),
        train_cfg=dict(by_epoch=True, max_epochs=2),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
    ) if train else {}
    return Runner(
        model=ToyModel(),
        work_dir=str(work_dir),
        val_dataloader=loader(),
        val_cfg=dict(),
        val_evaluator=Evaluator(FixedMetric(values)),
        test_dataloader=loader(),
        test_cfg=dict(),
        test_evaluator=Evaluator(FixedMetric(values)),
        custom_hooks=[
            dict(type='mmdet.BenchmarkHook', **(hook or {}))],
        default_scope='mmdet',
        experiment_name=str(work_dir).replace('/', '_') + str(id(values)),
        randomness=dict(seed=7),
        log_level='ERROR',
        **extra, **kwargs)


def read(work_dir):
    return read_rows(work_dir / 'benchmark.json')


def test_registered_in_mmdet_and_after_the_logger():
    assert HOOKS.get('BenchmarkHook') is BenchmarkHook
    assert BenchmarkHook.priority == 'LOW'


def test_training_writes_the_row_of_the_last_epoch(tmp_path):
    runner = make_runner(
        tmp_path, {'voc07/AP50': 0.891}, train=True,
        hook=dict(reference=REFERENCE, dataset='HRSC2016', name='toy'))
    runner.train()
    row, = read(tmp_path)
    assert (row['name'], row['dataset'], row['split'], row['mode']) == (
        'toy', 'HRSC2016', 'test', 'val')
    assert (row['epoch'], row['iter'], row['seed']) == (2, 2, 7)
    assert row['checkpoint'] == 'this run'
    assert row['model'] == dict(parameters=8, trainable=3, state=8)
    assert row['world_size'] == 1 and row['samples'] == 4
    assert set(row['versions']) == {
        'torch', 'mmcv', 'mmengine', 'mmdet', 'mmrotate', 'mmextra'}
    entry, = row['comparisons']
    assert entry['difference'] == -1.2
    text = (tmp_path / 'benchmark.md').read_text()
    assert '89.10 | 90.3 | -1.20' in text
    assert str(tmp_path) not in json.dumps(row)


def test_test_takes_epoch_and_seed_from_the_checkpoint(tmp_path):
    make_runner(tmp_path, {'voc07/AP50': 0.5}, train=True).train()
    runner = make_runner(
        tmp_path, {'voc07/AP50': 0.6}, hook=dict(name='toy'),
        load_from=str(tmp_path / 'epoch_2.pth'))
    runner.test()
    row = read(tmp_path)[-1]
    assert (row['mode'], row['epoch'], row['iter']) == ('test', 2, 2)
    assert row['checkpoint'] == 'epoch_2.pth'
    assert row['seed'] == 7
    assert row['comparisons'] == []
    # Testing must not build the training loop.
    assert runner._train_loop is None


def test_rerun_replaces_and_other_names_are_added(tmp_path):
    for value, name in ((0.1, 'a'), (0.2, 'b'), (0.3, 'a')):
        make_runner(tmp_path, {'AP': value}, hook=dict(name=name)).val()
    assert [(r['name'], r['measured']['AP']) for r in read(tmp_path)] == [
        ('a', 0.3), ('b', 0.2)]


def test_few_images_of_the_same_class_are_not_the_benchmark(tmp_path):
    hook = dict(reference=REFERENCE)
    make_runner(tmp_path, {'voc07/AP50': 0.9}, hook=hook).test()
    row, = read(tmp_path)
    assert row['dataset'] == 'HRSC2016'
    assert row['comparisons'][0]['difference'] is None
    make_runner(tmp_path, {'voc07/AP50': 0.9}, hook=hook, size=444).test()
    row, = read(tmp_path)
    assert row['comparisons'][0]['difference'] == pytest.approx(-0.3)


def test_synthetic_data_is_shown_under_its_own_name(tmp_path):
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data' / 'SYNTHETIC.json').write_text(
        '{"generator": "harbour", "seed": 1}')
    make_runner(
        tmp_path, {'voc07/AP50': 0.95},
        hook=dict(reference=REFERENCE, dataset='HRSC2016')).test()
    row, = read(tmp_path)
    assert row['synthetic'] and row['dataset'] == 'synthetic harbour'
    assert row['comparisons'][0]['difference'] is None
    text = (tmp_path / 'benchmark.md').read_text()
    assert '90.3 on HRSC2016' in text and 'difference' not in text


def test_declared_synthetic(tmp_path):
    make_runner(
        tmp_path, {'voc07/AP50': 0.95},
        hook=dict(reference=REFERENCE, dataset='HRSC2016',
                  synthetic=True)).test()
    row, = read(tmp_path)
    assert row['dataset'] == 'synthetic HRSC2016'
    assert not row['comparisons'][0]['comparable']


def test_missing_metric_is_na_and_warned_of_once(tmp_path):
    runner = make_runner(
        tmp_path, {'other': 1.0}, train=True,
        hook=dict(reference=REFERENCE, dataset='HRSC2016'))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        runner.train()
    told = [w for w in caught if 'BenchmarkHook' in str(w.message)]
    assert len(told) == 1
    assert 'voc07/AP50 was not evaluated' in str(told[0].message)
    assert 'Evaluated were: other' in str(told[0].message)
    assert '| n/a | 90.3 | n/a |' in (tmp_path / 'benchmark.md').read_text()


def test_nan_becomes_null(tmp_path):
    with pytest.warns(UserWarning, match='not a number'):
        make_runner(
            tmp_path, {'voc07/AP50': math.nan},
            hook=dict(reference=REFERENCE, dataset='HRSC2016')).test()
    content = (tmp_path / 'benchmark.json').read_text()
    assert 'NaN' not in content
    row, = read(tmp_path)
    assert row['measured'] == {'voc07/AP50': None}


def test_several_references_and_parameter_counts(tmp_path):
    hook = dict(
        reference=[REFERENCE,
                   'covid_ct_mask_net/table1/cls_ResNet18_T1/COVIDx-CT'],
        dataset='COVIDx-CT')
    make_runner(tmp_path, {'voc07/AP50': 0.9}, hook=hook).test()
    row, = read(tmp_path)
    entries = {e['metric']: e for e in row['comparisons']}
    assert entries['AP']['difference'] is None
    assert entries['Total parameters']['measured'] == pytest.approx(8e-6)
    assert entries['Trainable parameters']['difference'] == pytest.approx(
        3e-6 - 0.6)


def test_out_dir_split_and_default_name(tmp_path):
    make_runner(
        tmp_path / 'run', {'AP': 0.5},
        hook=dict(out_dir=str(tmp_path / 'out'), split='dusk')).test()
    row, = read(tmp_path / 'out')
    assert row['name'] == 'run' and row['split'] == 'dusk'
    assert not (tmp_path / 'run' / 'benchmark.json').exists()


def test_only_rank_zero_writes(tmp_path, monkeypatch):
    runner = make_runner(tmp_path, {'AP': 0.5})
    runner.test()
    path = tmp_path / 'benchmark.json'
    path.unlink()
    hook = BenchmarkHook()
    with monkeypatch.context() as patch:
        patch.setattr('mmengine.dist.utils.get_rank', lambda group=None: 1)
        hook.after_test_epoch(runner, {'AP': 0.5})
    assert not path.exists()
    hook.after_test_epoch(runner, {'AP': 0.5})
    assert path.exists()


def test_name_of_a_config_file(tmp_path):
    path = tmp_path / 'configs' / 'larsd' / 'hrsd.py'
    path.parent.mkdir(parents=True)
    path.write_text('answer = 42')
    make_runner(tmp_path, {'AP': 0.5}, cfg=Config.fromfile(path)).test()
    row, = read(tmp_path)
    assert row['name'] == 'larsd/hrsd'
    assert row['config'] == 'configs/larsd/hrsd.py'


def test_unknown_reference_is_refused_when_the_hook_is_built():
    with pytest.raises(ValueError, match="did you mean 'larsd/table4/LARSD"):
        BenchmarkHook(reference='larsd/table4/LARSD11/HRSC2016')


def test_clean_metrics():
    cleaned = clean_metrics({
        'a': torch.tensor(0.5), 'b': math.inf, 'c': '0.1 0.2', 'd': [1, 2],
        'e': 3, 'f': torch.ones(2), 'g': -1.})
    assert cleaned == {'a': 0.5, 'b': None, 'e': 3.0, 'g': None}
    assert clean_metrics(None) == {}


@pytest.mark.parametrize('filename, name', [
    ('/home/me/configs/larsd/hrsd.py', 'configs/larsd/hrsd.py'),
    ('/home/me/mine.py', 'mine.py'),
    (None, 'not read from a file'),
])
def test_config_name(filename, name):
    assert config_name(filename) == name


@pytest.mark.parametrize('medical', [False, True])
def test_medical_results_carry_their_notice(tmp_path, medical, monkeypatch):
    if medical:
        monkeypatch.setattr(HRSC2016Dataset, 'METAINFO', dict(
            CTLesionDataset.METAINFO, classes=('ship', )))
    make_runner(tmp_path, {'AP': 0.5}).test()
    row, = read(tmp_path)
    text = (tmp_path / 'benchmark.md').read_text()
    assert ('not a medical device' in row.get('notice', '')) == medical
    assert ('**Research only, not a medical device.**' in text) == medical
    for kind in (CTImageDataset, CTLesionDataset):
        assert 'not a medical device' in kind.METAINFO['notice']
