"""Seeds become means and spreads, and these a page."""
import csv
import io
from pathlib import Path

import pytest

from mmextra.evaluation.benchmark import DatasetFacts, compare, save_row
from mmextra.evaluation.references import get_reference
from mmextra.evaluation.zoo import (
    Run,
    ZooTable,
    collect,
    make_plan,
    read_results,
    write_page,
    write_results,
)
from mmextra.evaluation.zoo.results import mean_and_spread
from mmextra.evaluation.zoo.table import to_csv

REFERENCE = get_reference('larsd/table4/LARSD-11/HRSC2016')
REAL = DatasetFacts('HRSC2016', declared=True, samples=444)
COSTS = dict(parameters=2_000_000, macs=3_000_000_000, train_step_ms=40.4,
             latency_ms=20.6, test_peak_mib=17., device='cpu', threads=1,
             problems=['multiply-adds: none'])


def test_mean_and_spread_by_hand():
    # (1 + 2 + 6) / 3 = 3; ((4 + 1 + 9) / 2) ** .5
    assert mean_and_spread([1., 2., 6.]) == dict(
        mean=3., spread=pytest.approx(7**.5), values=[1., 2., 6.])
    assert mean_and_spread([1., None]) == dict(
        mean=1., spread=None, values=[1., None])
    assert mean_and_spread([None]) == dict(
        mean=None, spread=None, values=[None])


@pytest.fixture
def results(tmp_path):
    """Two seeds of one config, of which the second has no AP by area."""
    config = tmp_path / 'larsd' / 'hrsc2016.py'
    config.parent.mkdir()
    config.touch()
    runs = [Run(stage, 'done', seconds=1.) for stage in
            make_plan([config], 3)]
    values = [0.88, 0.90]
    for run in runs:
        if run.stage.tool == 'train' or run.stage.seed == 2:
            continue
        measured = {'voc07/AP50': values[run.stage.seed],
                    'voc12/AP50': None if run.stage.seed else 0.5}
        row = dict(
            name='larsd/hrsc2016', dataset='HRSC2016', split='test',
            synthetic=False, measured=measured, mode='test',
            config='configs/larsd/hrsc2016.py', epoch=1, seed=None,
            comparisons=compare(measured, REFERENCE, REAL),
            model=dict(parameters=5, trainable=5))
        save_row(tmp_path / run.stage.key, row)
        save_row(tmp_path / run.stage.key, dict(row, split='val', mode='val'))
    runs[4].state, runs[4].reason = 'failed', 'killed by SIGKILL'
    runs[5].state, runs[5].reason = 'blocked', 'needs seed2'
    return collect(tmp_path, runs, [dict(COSTS, config=str(config))])


def test_seeds_are_merged(results, tmp_path):
    row, = results['rows']
    assert row['seeds'] == [0, 1]
    assert row['measured'] == {'voc07/AP50': pytest.approx(.89),
                               'voc12/AP50': .5}
    assert row['spread'] == {'voc07/AP50': pytest.approx(.02 / 2**.5)}
    entry, = row['comparisons']
    assert entry['measured'] == pytest.approx(89)
    assert entry['difference'] == pytest.approx(89 - 90.3)
    # No path of this machine.
    assert 'config' not in row['costs'] and 'file' not in row
    write_results(tmp_path / 'results.json', results)
    assert read_results(tmp_path / 'results.json') == results


def test_table_has_means_spreads_and_costs(results):
    table = ZooTable(results['rows'])
    paper, measured = (dict(zip(table.header, table.cells(record)))
                       for record in table.records)
    assert paper['AP (voc07/AP50) [percent]'] == '90.3'
    assert measured['AP (voc07/AP50) [percent]'] == '89.00 ± 1.41 (-1.30)'
    assert [measured[key] for key in table.header[-6:]] == [
        '2', '2', '3', '40', '21', '17']


def test_csv_is_in_the_paper_s_unit(results):
    lines = list(csv.DictReader(io.StringIO(
        to_csv(dict(larsd=results['rows'])))))
    found = {line['metric']: line for line in lines}
    ap = found['voc07/AP50']
    assert float(ap['mean']) == pytest.approx(89)
    assert float(ap['spread']) == pytest.approx(2**.5)
    assert (ap['unit'], ap['in the paper'], ap['seeds']) == (
        'percent', '90.3', '2')
    assert found['voc12/AP50']['mean'] == '0.5'
    assert found['latency_ms']['mean'] == '20.6'


def test_page_tells_failures_and_conditions(results, tmp_path):
    paths = write_page(tmp_path, dict(results, quick=True))
    assert [path.name for path in paths] == [
        'benchmark.md', 'benchmark.csv', 'benchmark.html']
    for path in (paths[0], paths[2]):
        text = path.read_text()
        for part in ('89.00 ± 1.41', 'Shortened trainings', '1 threads',
                     'larsd/hrsc2016/seed2/train: failed: killed by SIGKILL',
                     'configs/larsd/hrsc2016.py: multiply-adds: none'):
            assert part in text
        assert 'synthetic' not in text
    for name in ('larsd_bars.png', 'larsd_latency.png'):
        assert (tmp_path / name).stat().st_size > 5000


def test_a_test_without_benchmark_file_is_told(tmp_path):
    config = tmp_path / 'paper' / 'a.py'
    config.parent.mkdir()
    config.touch()
    runs = [Run(stage, 'done') for stage in make_plan([config], 1)]
    (tmp_path / runs[1].stage.key).mkdir(parents=True)
    results = collect(Path(tmp_path), runs)
    assert results['rows'] == []
    assert 'BenchmarkHook' in results['problems'][0]
    assert 'BenchmarkHook' in write_page(tmp_path, results)[0].read_text()
