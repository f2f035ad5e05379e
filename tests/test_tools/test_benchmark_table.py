"""The table tool, called in this process."""
import csv

import pytest
import yaml

from mmextra.evaluation.benchmark import DatasetFacts, compare, save_row
from mmextra.evaluation.references import get_reference
from tests.helpers import load_tool

REFERENCE = get_reference('larsd/table4/LARSD-11/HRSC2016')


@pytest.fixture(scope='module')
def tool():
    return load_tool('benchmark_table.py')


def add_run(folder, name, facts, value, reference=REFERENCE, **metrics):
    measured = metrics or {'voc07/AP50': value, 'voc12/AP50': 0.5}
    row = dict(
        name=name, dataset=facts.name, split='test',
        synthetic=facts.synthetic, measured=measured,
        comparisons=compare(measured, reference, facts) if reference else [],
        config=f'configs/{name}.py', epoch=12, iter=300, seed=0,
        checkpoint='epoch_12.pth', model=dict(
            parameters=100, trainable=50, state=110))
    return save_row(folder, row)


@pytest.fixture
def work_dirs(tmp_path):
    real = DatasetFacts('HRSC', declared=True, samples=444)
    harbour = DatasetFacts('synthetic harbour', True, True)
    add_run(tmp_path / 'a', 'larsd/hrsc2016', real, 0.891)
    add_run(tmp_path / 'b', 'larsd/synthetic', harbour, 0.95)
    return tmp_path


def cells(line):
    return [cell.strip() for cell in line.strip().strip('|').split('|')]


def markdown(tool, tmp_path, *args):
    out = tmp_path / 'out' / 'table.md'
    tool.main([*map(str, args), '--md', str(out)])
    header, _, *lines = out.read_text().splitlines()
    return cells(header), [cells(line) for line in lines]


def test_runs_stand_beside_their_references(tool, work_dirs):
    header, lines = markdown(tool, work_dirs, work_dirs)
    assert header[4:] == ['AP (voc07/AP50) [percent]']
    assert lines == [
        ['LARSD-11', 'HRSC2016', '', 'paper: larsd, Table IV', '90.3'],
        ['larsd/hrsc2016', 'HRSC2016', 'test', 'measured', '89.10 (-1.20)'],
        ['larsd/synthetic', 'synthetic harbour', 'test',
         'synthetic, measured', '95.00'],
    ]


def test_a_whole_table_of_the_paper_is_context(tool, work_dirs):
    _, lines = markdown(tool, work_dirs, work_dirs / 'a', work_dirs / 'b',
                        '--paper', 'larsd', '--table', 2)
    by_dataset = {}
    for line in lines:
        by_dataset.setdefault(line[1], []).append((line[0], line[4]))
    assert list(by_dataset) == ['HRSC2016', 'HRSD', 'synthetic harbour']
    # The run's own reference is of Table IV, so nothing is subtracted here.
    assert by_dataset['HRSC2016'] == [
        ('Baseline', '83.3'), ('LARSD-1', '85.5'), ('LARSD-2', '86.0'),
        ('LARSD-3', '87.2'), ('LARSD-4', '87.3'),
        ('larsd/hrsc2016', '89.10')]
    assert by_dataset['synthetic harbour'] == [('larsd/synthetic', '95.00')]


def test_all_rows_of_a_paper(tool, work_dirs):
    _, lines = markdown(tool, work_dirs, work_dirs, '--paper', 'larsd')
    assert len(lines) == 40 + 2


def test_runs_without_reference_show_all_they_measured(tool, tmp_path):
    facts = DatasetFacts('ponds')
    add_run(tmp_path, 'mine', facts, 0.891, reference=None)
    header, lines = markdown(tool, tmp_path, tmp_path / 'benchmark.json')
    assert header[4:] == ['voc07/AP50', 'voc12/AP50']
    assert lines == [['mine', 'ponds', 'test', 'measured', '0.891', '0.5']]


def test_csv_keeps_differences_apart(tool, work_dirs):
    out = work_dirs / 'table.csv'
    tool.main([str(work_dirs / '*'), '--csv', str(out)])
    with open(out) as file:
        paper, real, synthetic = csv.DictReader(file)
    assert paper['kind'] == 'paper'
    assert paper['voc07/AP50 [percent]'] == '90.3'
    assert float(real['voc07/AP50 [percent]']) == pytest.approx(89.1)
    assert float(real['voc07/AP50 minus paper']) == pytest.approx(-1.2)
    assert real['epoch'] == '12' and real['checkpoint'] == 'epoch_12.pth'
    assert synthetic['synthetic'] == 'True'
    assert synthetic['voc07/AP50 minus paper'] == ''


def test_metafile_has_results_in_percent(tool, work_dirs):
    out = work_dirs / 'metafile.yml'
    tool.main([str(work_dirs), '--metafile', str(out)])
    real, synthetic = yaml.safe_load(out.read_text())['Models']
    assert real['Name'] == 'larsd/hrsc2016'
    assert real['Config'] == 'configs/larsd/hrsc2016.py'
    assert real['Metadata'] == dict(Epochs=12, Parameters=100)
    assert real['Results'] == [dict(
        Task='Oriented Object Detection', Dataset='HRSC2016',
        Metrics=dict(AP=89.1))]
    assert synthetic['Results'][0]['Dataset'] == 'synthetic harbour'


def test_plot_is_a_picture(tool, work_dirs):
    out = work_dirs / 'plots' / 'table.png'
    tool.main([str(work_dirs), '--plot', str(out)])
    assert out.read_bytes().startswith(b'\x89PNG')


def test_terminal_shows_names_in_brackets(tool, work_dirs, capsys):
    real = DatasetFacts('HRSC', declared=True, samples=444)
    add_run(work_dirs / 'seed1', 'larsd/hrsc2016', real, 0.9)
    tool.main([str(work_dirs), str(work_dirs / 'a')])
    shown = capsys.readouterr().out
    assert 'larsd/hrsc2016 [a]' in shown
    assert 'larsd/hrsc2016 [seed1]' in shown
    # A file that two inputs name counts once.
    assert shown.count('larsd/hrsc2016 [a]') == 1


def test_many_metrics_stand_below_each_other(tool, tmp_path, capsys):
    """Beside each other the terminal folds them to two letters a line."""
    facts = DatasetFacts('ponds')
    metrics = {f'pascal_voc/NOVEL_CLASSES_AP{k}': k / 100
               for k in range(50, 95)}
    for name in ('mine', 'theirs'):
        add_run(tmp_path / name, name, facts, 0.5, reference=None, **metrics)
    tool.main([str(tmp_path)])
    lines = [line.replace('│', ' ').split()
             for line in capsys.readouterr().out.splitlines()]
    assert ['pascal_voc/NOVEL_CLASSES_AP75', '0.75', '0.75'] in lines
    assert ['dataset', 'ponds', 'ponds'] in lines


@pytest.mark.parametrize('args, message', [
    (['{}/none'], 'none: no such file or folder'),
    (['{}/zz*'], 'no such file'),
    (['{}/empty'], 'empty: holds no benchmark.json'),
    (['{}/broken.json'], 'broken.json: not valid JSON'),
    (['{}/foreign.json'], 'foreign.json: was not written by BenchmarkHook'),
    (['{}/norows.json'], 'no rows in'),
    (['{}/a', '--paper', 'lards'], "paper must be .* got 'lards'"),
    (['{}/a', '--paper', 'larsd', '--table', '9'],
     "table of larsd must be .* got '9'"),
    (['{}/a', '--table', '4'], 'needs the paper'),
    (['{}/a', '--plot', '{}/x.png', '--metric', 'mAP'], "no metric 'mAP'"),
    (['{}/a', '--plot', '{}/x.abc'], 'abc'),
])
def test_errors_are_named(tool, work_dirs, args, message):
    (work_dirs / 'empty').mkdir()
    (work_dirs / 'broken.json').write_text('{')
    (work_dirs / 'foreign.json').write_text('{"mAP": 0.5}')
    (work_dirs / 'norows.json').write_text(
        '{"format": "mmextra-benchmark", "version": 1, "rows": []}')
    with pytest.raises(SystemExit, match=message) as caught:
        tool.main([arg.format(work_dirs) for arg in args])
    assert str(caught.value.code).startswith('benchmark_table.py: ')


def test_means_over_folds(tool, tmp_path, capsys):
    facts = DatasetFacts('folds', declared=True, synthetic=True)
    for fold, (ours, peer) in enumerate([(.2, .1), (.4, .1), (.6, .1)]):
        add_run(tmp_path / f'fold{fold}', 'light', facts, ours, None)
        add_run(tmp_path / f'fold{fold}-peer', 'r50', facts, peer, None)
    groups = [f'light={tmp_path}/fold?',
              f'peer={tmp_path}/fold0-peer,{tmp_path}/fold1-peer']
    tool.main(['--mean', *groups, '--md', str(tmp_path / 'means.md')])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == '|  | runs | voc07/AP50 | voc12/AP50 |'
    assert lines[2:] == ['| light | 3 | 0.4 ± 0.2 | 0.5 ± 0 |',
                         '| peer | 2 | 0.1 ± 0 | 0.5 ± 0 |']
    assert (tmp_path / 'means.md').read_text().splitlines() == lines
    tool.main(['--mean', groups[0], '--keys', 'voc07/AP50'])
    assert 'voc12' not in capsys.readouterr().out


@pytest.mark.parametrize('arguments, message', [
    (['--mean', 'light'], 'LABEL=WORK_DIRS'),
    (['--mean', 'light=nowhere'], 'nowhere: no such file'),
    (['--mean', 'light={0}', '--keys', 'AP'], 'light has no AP; it has voc07'),
    (['{0}', '--mean', 'light={0}'], 'either work_dirs or --mean'),
    ([], 'either work_dirs or --mean'),
])
def test_means_of_what_is_not_there(tool, tmp_path, capsys, arguments,
                                    message):
    facts = DatasetFacts('folds', declared=True, synthetic=True)
    add_run(tmp_path, 'light', facts, .1, None)
    with pytest.raises(SystemExit) as told:
        tool.main([each.format(tmp_path) for each in arguments])
    assert message in str(told.value) + capsys.readouterr().err
