"""The benchmark from the command line to the page."""
import csv
import json
from pathlib import Path

import pytest

from tests.helpers import TINY_LARSD, load_tool

pytest.importorskip('snakemake', reason='Snakemake 9 needs Python 3.11')
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def tool():
    return load_tool('run_benchmark.py')


def test_benchmark_with_a_config_that_fails(
        tool, harbour, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv('PYTHONWARNINGS', 'ignore')
    folder, out = tmp_path / 'tiny', tmp_path / 'out'
    folder.mkdir()
    (folder / 'synthetic.py').write_text(
        TINY_LARSD.format(data=harbour) + 'train_cfg = dict(max_epochs=1)\n')
    (folder / 'synthetic-lost.py').write_text(
        "raise ValueError('no such thing')\n")
    with pytest.raises(SystemExit, match='2 of 4 stages did not complete'):
        tool.main([str(folder), '--jobs', '2', '--out', str(out)])

    results = json.loads((out / 'results.json').read_text())
    row, = results['rows']
    assert row['dataset'] == 'synthetic harbour' and row['seeds'] == [0]
    assert row['costs']['latency_ms'] > 0 and row['costs']['macs'] > 0
    assert {stage['key'].split('/', 1)[1]: stage['state']
            for stage in results['stages']} == {
        'synthetic-lost/seed0/train': 'failed',
        'synthetic-lost/seed0/test': 'blocked',
        'synthetic/seed0/train': 'done', 'synthetic/seed0/test': 'done'}

    page = (out / 'benchmark.md').read_text()
    assert '## tiny' in page and '90.3' in page
    assert 'seed0/train: failed: ValueError: no such thing' in page
    html = (out / 'benchmark.html').read_text()
    assert 'data:image/png;base64' in html and '<h2>What failed' in html
    with open(out / 'benchmark.csv') as file:
        lines = {line['metric']: line for line in csv.DictReader(file)}
    ap = lines['voc07/AP50']
    assert ap['unit'] == 'percent' and ap['seeds'] == '1'
    assert float(ap['mean']) == pytest.approx(
        100 * row['measured']['voc07/AP50'])
    assert (ap['in the paper'], ap["paper's dataset"]) == ('90.3', 'HRSC2016')

    printed = capfd.readouterr().out
    for text in ('start    tiny/synthetic/seed0/train',
                 'done     tiny/synthetic/seed0/test', 'benchmark.html'):
        assert text in printed


@pytest.mark.parametrize('args, message', [
    (['no.py'], 'no.py: no such config'),
    (['configs/larsd/hrsd.py', '--data', 'synthetic'], 'not about synthetic'),
])
def test_what_cannot_be_run_is_told(tool, monkeypatch, args, message):
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit, match=message):
        tool.main(args)
