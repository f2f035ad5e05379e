"""Units, comparison, dataset facts, and the file on disk."""
import json
import os

import pytest
import torch.nn as nn

from mmextra.evaluation.benchmark import (
    BenchmarkFileError,
    DatasetFacts,
    compare,
    dataset_facts,
    model_facts,
    read_rows,
    rows_to_markdown,
    same_dataset,
    save_row,
    write_atomic,
)
from mmextra.evaluation.references import (
    convert_unit,
    format_printed,
    format_value,
    get_reference,
)

REFERENCE = get_reference('larsd/table4/LARSD-11/HRSC2016')
HRSC = DatasetFacts('HRSC2016', declared=True, samples=444, split='test')
HARBOUR = DatasetFacts('synthetic harbour', declared=True, synthetic=True)


def make_row(**kwargs) -> dict:
    row = dict(name='larsd/hrsc2016', dataset='HRSC2016', split='test',
               synthetic=False, measured={'voc07/AP50': 0.891},
               comparisons=compare({'voc07/AP50': 0.891}, REFERENCE, HRSC),
               config='configs/larsd/hrsc2016.py')
    row.update(kwargs)
    return row


class ToyDataset:

    def __init__(self, data_root, ann_file='ImageSets/test.txt', size=4,
                 prefix=''):
        self.data_root = str(data_root)
        self.ann_file = os.path.join(self.data_root, ann_file)
        self.data_prefix = dict(
            img_path=os.path.join(self.data_root, prefix))
        self.size = size

    def __len__(self):
        return self.size


class Wrapper:

    def __init__(self, *datasets):
        self.datasets = datasets

    def __len__(self):
        return sum(map(len, self.datasets))


@pytest.mark.parametrize('value, unit, target, expected', [
    (0.891, 'fraction', 'percent', 89.1),
    (89.1, 'percent', 'fraction', 0.891),
    (6_055_660, 'params', 'params_m', 6.05566),
    (2, 's', 'ms', 2000),
    (90, 's', 'min', 1.5),
    (3, 'min', 's', 180),
    (25, 'fps', 'fps', 25),
])
def test_convert_unit(value, unit, target, expected):
    assert convert_unit(value, unit, target) == pytest.approx(expected)


def test_convert_unit_refuses_other_quantities():
    with pytest.raises(ValueError, match='cannot convert fps to percent'):
        convert_unit(1, 'fps', 'percent')
    with pytest.raises(ValueError, match="unit must be .* got 'parsec'"):
        convert_unit(1, 'parsec', 's')


def test_format_value():
    assert format_value(89.1, 'percent') == '89.10'
    assert format_value(0.4476, 'fraction') == '0.4476'
    assert format_value(None, 'percent') == 'n/a'
    assert format_printed(86.0, 'percent') == '86.0'
    assert format_printed(31.78, 'params_m') == '31.78'
    assert format_printed(39, 'fps') == '39'


def test_difference_is_in_the_papers_unit():
    entry, = compare({'voc07/AP50': 0.891}, REFERENCE, HRSC)
    assert entry['measured'] == 89.1
    assert entry['paper'] == 90.3
    assert entry['difference'] == -1.2
    assert entry['unit'] == 'percent'
    assert entry['source'] == 'larsd, Table IV'
    assert entry['comparable'] and entry['reason'] is None


@pytest.mark.parametrize('measured, reason', [
    ({}, 'voc07/AP50 was not evaluated'),
    ({'voc07/AP50': None}, 'not a number'),
    ({'voc07/AP50': 89.1}, 'which is no fraction'),
    ({'voc07/AP50': -1.0}, 'which is no fraction'),
])
def test_what_is_not_a_share_is_not_compared(measured, reason):
    entry, = compare(measured, REFERENCE, HRSC)
    assert entry['measured'] is None and entry['difference'] is None
    assert reason in entry['reason']
    assert entry['paper'] == 90.3


@pytest.mark.parametrize('facts, reason', [
    (HARBOUR, 'synthetic data, the paper uses HRSC2016'),
    (DatasetFacts('HRSC2016', declared=True, synthetic=True), 'synthetic'),
    (DatasetFacts('marina tiles', declared=True, samples=444), 'other data'),
    # Eight images in the format of HRSC2016 are not HRSC2016.
    (DatasetFacts('HRSC2016', samples=8), 'give dataset= to BenchmarkHook'),
])
def test_no_difference_on_other_data(facts, reason):
    entry, = compare({'voc07/AP50': 0.891}, REFERENCE, facts)
    assert entry['measured'] == 89.1
    assert entry['difference'] is None and not entry['comparable']
    assert reason in entry['reason']


def test_undeclared_dataset_of_the_papers_size_is_compared():
    facts = DatasetFacts('HRSC2016', samples=444)
    entry, = compare({'voc07/AP50': 0.891}, REFERENCE, facts)
    assert entry['difference'] == -1.2


def test_another_size_of_the_declared_dataset_is_noted():
    facts = DatasetFacts('HRSC2016', True, samples=181, split='val')
    entry, = compare({'voc07/AP50': 0.891}, REFERENCE, facts)
    assert entry['difference'] == -1.2
    assert entry['note'].startswith('181 samples of split val; the paper '
                                    'tests on 444')
    entry, = compare({'voc07/AP50': 0.891}, REFERENCE, HRSC)
    assert '444' not in entry['note']


def test_same_dataset_knows_aliases_not_lookalikes():
    assert same_dataset('HRSC', REFERENCE)
    assert same_dataset('hrsc-2016', REFERENCE)
    assert not same_dataset('synthetic HRSC2016', REFERENCE)
    assert not same_dataset('HRSD', REFERENCE)


def test_marked_data_is_synthetic_whatever_the_config_says(tmp_path):
    marker = dict(generator='harbour', seed=3)
    (tmp_path / 'SYNTHETIC.json').write_text(json.dumps(marker))
    facts = dataset_facts(ToyDataset(tmp_path), name='HRSC2016')
    assert facts.synthetic
    assert facts.name == 'synthetic harbour'
    assert facts.generator == marker


def test_marker_is_found_in_the_root_above_and_in_wrappers(tmp_path):
    (tmp_path / 'SYNTHETIC.json').write_text('{"generator": "harbour"}')
    inner = ToyDataset(tmp_path / 'val')
    assert dataset_facts(Wrapper(inner, inner)).name == 'synthetic harbour'


def test_marker_that_cannot_be_read_still_counts(tmp_path):
    (tmp_path / 'SYNTHETIC.json').write_text('{')
    with pytest.warns(UserWarning, match='cannot be read'):
        facts = dataset_facts(ToyDataset(tmp_path))
    assert facts.synthetic and facts.name == 'synthetic Toy'


def test_real_data_takes_its_class_name(tmp_path):
    facts = dataset_facts(ToyDataset(tmp_path))
    assert not facts.synthetic and not facts.declared
    assert facts.name == 'Toy'
    assert facts.ann_file == 'ImageSets/test.txt'
    assert facts.split == 'test' and facts.samples == 4


def test_declared_synthetic_data_never_keeps_a_real_name(tmp_path):
    facts = dataset_facts(ToyDataset(tmp_path), 'HRSD', synthetic=True)
    assert facts.name == 'synthetic HRSD'
    facts = dataset_facts(ToyDataset(tmp_path), 'Synthetic bay', True)
    assert facts.name == 'Synthetic bay'


def test_splits_of_several_datasets_are_joined(tmp_path):
    data = Wrapper(
        ToyDataset(tmp_path), ToyDataset(tmp_path, 'ann/instances_val.json'))
    facts = dataset_facts(data)
    assert facts.split == 'test+instances_val'
    assert facts.samples == 8


def test_annotation_path_outside_the_root_loses_its_folders(tmp_path):
    data = ToyDataset(tmp_path / 'images')
    data.ann_file = str(tmp_path / 'elsewhere' / 'val.json')
    assert dataset_facts(data).ann_file == 'val.json'


def test_model_facts():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    model[0].weight.requires_grad_(False)
    # 3*4*9 + 4 weights and 2*4 of the norm, with 4 + 4 + 1 buffers.
    assert model_facts(model) == dict(
        parameters=120, trainable=12, state=129)


def test_rows_are_replaced_by_key(tmp_path):
    save_row(tmp_path, make_row(epoch=1))
    save_row(tmp_path, make_row(split='val'))
    path = save_row(tmp_path, make_row(epoch=2))
    rows = read_rows(path)
    assert [(r['split'], r.get('epoch')) for r in rows] == [
        ('test', 2), ('val', None)]


def test_failing_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = save_row(tmp_path, make_row())
    before = path.read_text()

    def fail(*args):
        raise OSError('disk full')

    monkeypatch.setattr('os.fsync', fail)
    with pytest.raises(OSError, match='disk full'):
        save_row(tmp_path, make_row(split='val'))
    assert path.read_text() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        'benchmark.json', 'benchmark.md']


def test_write_atomic_replaces(tmp_path):
    write_atomic(tmp_path / 'a', 'one')
    write_atomic(tmp_path / 'a', 'two')
    assert (tmp_path / 'a').read_text() == 'two'


@pytest.mark.parametrize('content', ['{"rows": [', '{"mAP": 0.5}', '[]'])
def test_foreign_file_is_kept_aside(tmp_path, content):
    path = tmp_path / 'benchmark.json'
    path.write_text(content)
    with pytest.warns(UserWarning, match='kept as benchmark.json.old1'):
        save_row(tmp_path, make_row())
    assert (tmp_path / 'benchmark.json.old1').read_text() == content
    assert len(read_rows(path)) == 1
    path.write_text(content)
    with pytest.warns(UserWarning, match='old2'):
        save_row(tmp_path, make_row())


@pytest.mark.parametrize('change, message', [
    (dict(version=2), 'has version 2'),
    (dict(rows=3), '"rows" must be a list'),
    (dict(rows=[make_row(split=None)]), "row 0: 'split' must be a str"),
    (dict(rows=[make_row(measured=dict(a='x'))]), "measured 'a' must be"),
    (dict(rows=[make_row(comparisons=[dict(metric='AP')])]), 'lacks one of'),
    (dict(rows=['x']), 'row 0: is not a mapping'),
])
def test_malformed_rows_are_named(tmp_path, change, message):
    path = tmp_path / 'benchmark.json'
    content = dict(format='mmextra-benchmark', version=1, rows=[])
    path.write_text(json.dumps({**content, **change}))
    with pytest.raises(BenchmarkFileError, match=message) as caught:
        read_rows(path)
    assert str(path) in str(caught.value)


def test_markdown_of_real_data_has_the_difference():
    text = rows_to_markdown([make_row()])
    assert '## larsd/hrsc2016 on HRSC2016, test' in text
    assert ('| AP [percent] | 89.10 | 90.3 | -1.20 | larsd, Table IV, '
            'LARSD-11 |') in text


def test_markdown_of_synthetic_data_has_no_difference_column():
    entries = compare({'voc07/AP50': 0.95}, REFERENCE, HARBOUR)
    text = rows_to_markdown([make_row(
        dataset='synthetic harbour', synthetic=True, comparisons=entries,
        generator=dict(generator='harbour', seed=3, arguments=dict(seed=3),
                       counts=dict(test_images=20)))])
    assert 'on synthetic harbour (synthetic), test' in text
    assert 'difference' not in text
    assert '- generator: harbour, seed 3 (20 test images)' in text
    assert '| metric | measured on synthetic harbour | context: ' in text
    assert '| AP [percent] | 95.00 | 90.3 on HRSC2016 |' in text
