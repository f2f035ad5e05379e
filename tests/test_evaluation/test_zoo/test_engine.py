"""The stages on Snakemake, with small scripts in place of the tools."""
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from mmextra.evaluation.zoo import collect, engine, make_plan, run_stages

pytest.importorskip('snakemake', reason='Snakemake 9 needs Python 3.11')
ROOT = Path(__file__).parents[3]
# Writes a checkpoint as mmengine does, after what FAKE_<seed> says.
TRAIN = """
import os, re, sys, time, zipfile
print('said', *sys.argv[1:], flush=True)
assert os.path.exists(sys.argv[1])
folder = sys.argv[sys.argv.index('--work-dir') + 1]
seed = re.search(r'randomness.seed=(\\d)', ' '.join(sys.argv)).group(1)
exec(os.environ.get(f'FAKE_{seed}', ''))
with zipfile.ZipFile(f'{folder}/epoch_2.pth', 'w') as file:
    file.writestr('weights', '0' * 500)
open(f'{folder}/last_checkpoint', 'w').write('elsewhere/epoch_2.pth')
"""
# Leaves detections where it is told to.
TEST = """
import sys
print('said', *sys.argv[1:], flush=True)
if '--out' in sys.argv:
    open(sys.argv[sys.argv.index('--out') + 1], 'w').write('found')
"""
REPORT = """
import sys
print('to the log', file=sys.stderr)
print('read', *(open(name).read() for name in sys.argv[1:-1]), sys.argv[-1])
"""
SAY = "import sys\nprint('said', *sys.argv[1:], flush=True)\n"
HANG = 'print("pid", os.getpid(), flush=True); time.sleep(120)'


@pytest.fixture
def stages(tmp_path, monkeypatch):
    """Two seeds of a config; the project that runs them is a small one."""
    project = tmp_path / 'project'
    (project / 'tools').mkdir(parents=True)
    for name, text in (('train', TRAIN), ('test', TEST),
                       ('make_synthetic', SAY), ('report', REPORT)):
        (project / 'tools' / f'{name}.py').write_text(text)
    monkeypatch.setattr(engine, 'ROOT', project)
    # A benchmark's paths are relative.
    monkeypatch.chdir(tmp_path)
    paper = Path('paper')
    paper.mkdir()
    (paper / 'a.py').write_text('x = 1\n')
    (paper / 'benchmark.yml').write_text(
        'data: [{configs: a, make: pond data/pond}]\n')
    return make_plan([paper / 'a.py'], 2)


def states(runs):
    """Those of the trainings and tests; the data comes first."""
    assert runs[0].stage.tool == 'data'
    return [run.state for run in runs[1:]]


def log(out, key):
    return (out / key / 'log.txt').read_text()


def test_all_run_and_are_kept(stages, tmp_path, capfd):
    out = tmp_path / 'out'
    runs = run_stages(stages, out, jobs=2)
    assert states(runs) == ['done'] * 4 and runs[0].state == 'done'
    told = capfd.readouterr().out.splitlines()
    assert told[:2] == ['start    data/pond_data-pond',
                        'done     data/pond_data-pond (0 s)']
    # Which of the two seeds is faster is open, the order within one is not.
    steps = [' '.join(line.split()[:2]) for line in told[2:]]
    assert len(steps) == 8
    for seed in (0, 1):
        assert [step for step in steps if f'seed{seed}' in step] == [
            f'{word} paper/a/seed{seed}/{stage}'
            for stage in ('train', 'test') for word in ('start', 'done')]
    assert f'{out}/paper/a/seed1/train/epoch_2.pth' in log(
        out, 'paper/a/seed1/test')
    assert 'randomness.seed=1' in log(out, 'paper/a/seed1/train')
    # Data is made again: it may have been deleted.
    runs = run_stages(stages, out, resume=True)
    assert states(runs) == ['kept'] * 4 and runs[0].state == 'done'
    assert log(out, 'data/pond_data-pond').count('said pond') == 2

    with pytest.raises(ValueError, match='earlier benchmark.*--resume'):
        run_stages(stages, out)
    stages[1].config.write_text('x = 2\n')
    with pytest.raises(ValueError, match='another config'):
        run_stages(stages, out, resume=True)


def test_reports_are_made_anew_when_a_test_is(stages, tmp_path, monkeypatch):
    config, out = stages[1].config, tmp_path / 'out'
    config.with_name('benchmark.yml').write_text(
        "reports: {both: {tool: tools/report.py, args: ["
        "'{detections:a}', 'in={results:a}']}}")
    stages = make_plan([config], 2)
    monkeypatch.setenv('FAKE_1', 'raise ValueError("no data")')
    runs = run_stages(stages, out, jobs=2)
    assert runs[-1].state == 'blocked'
    assert runs[-1].reason == 'needs paper/a/seed1/test'
    monkeypatch.delenv('FAKE_1')
    key = 'paper/reports/both'
    for state in ('done', 'kept'):
        runs = run_stages(stages, out, resume=True)
        assert (runs[-1].stage.key, runs[-1].state) == (key, state)
    places = ','.join(f'{out}/paper/a/seed{seed}/test' for seed in (0, 1))
    text = f'read found found in={places}\n'
    assert (out / key / 'report.txt').read_text() == text
    assert 'to the log' in log(out, key) and 'read found' not in log(out, key)
    assert collect(out, runs)['reports'] == [
        dict(paper='paper', name='both', text=text)]
    # What is lost is made again.
    (out / 'paper/a/seed0/test/detections.pkl').unlink()
    assert [run.state for run in run_stages(stages, out, resume=True)] == [
        'kept', 'done', 'kept', 'kept', 'done']
    (out / key / 'report.txt').unlink()
    assert run_stages(stages, out, resume=True)[-1].state == 'done'
    # Of other seeds another report, of a failed test none.
    fewer = run_stages(make_plan([config], 1), out, resume=True)
    assert [run.state for run in fewer] == ['kept', 'kept', 'done']
    (out / 'paper/a/seed0/train/epoch_2.pth').unlink()
    monkeypatch.setenv('FAKE_0', 'raise ValueError("no data")')
    runs = run_stages(stages, out, resume=True)
    assert [run.state for run in runs] == [
        'failed', 'blocked', 'kept', 'kept', 'blocked']
    assert collect(out, runs)['reports'] == []


@pytest.mark.parametrize('manifest, key', [
    ('reports: {all: {tool: tools/repotr.py, args: ["{results:a}"]}}',
     'paper/reports/all'),
    ('stages: {a: [{tool: train}, {tool: tools/repotr.py}, {tool: test}]}',
     'paper/a/seed0/repotr')])
def test_a_missing_script_is_told_before_anything_runs(
        manifest, key, stages, tmp_path):
    Path('paper/benchmark.yml').write_text(manifest)
    planned = make_plan([stages[1].config], 1)
    with pytest.raises(ValueError, match=(
            f'{key}: there is no .*tools/repotr.py.* in the benchmark.yml of '
            'paper must be the path of a script')):
        run_stages(planned, tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_a_failure_blocks_only_what_needs_it(
        stages, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv('FAKE_0', 'raise ValueError("no data\\nmake some")')
    out = tmp_path / 'out'
    runs = run_stages(stages, out)
    assert states(runs) == ['failed', 'blocked', 'done', 'done']
    assert runs[1].reason == 'ValueError: no data'
    assert runs[2].reason == 'needs paper/a/seed0/train'
    place = out / 'paper/a/seed0/train/log.txt'
    assert (f'failed   paper/a/seed0/train: ValueError: no data (log: {place})'
            in capfd.readouterr().out)
    # What failed is tried again.
    monkeypatch.delenv('FAKE_0')
    assert states(run_stages(stages, out, resume=True)) == [
        'done', 'done', 'kept', 'kept']


def test_a_config_that_cannot_be_read_ends_no_other(stages, tmp_path):
    other = stages[1].config.with_name('b.py')
    other.write_text('raise ValueError("no such thing")\n')
    runs = run_stages(make_plan([other, stages[1].config], 1),
                      tmp_path / 'out')
    assert {run.stage.key.split('/', 1)[1]: run.state for run in runs} == {
        'b/seed0/train': 'failed', 'b/seed0/test': 'blocked',
        'pond_data-pond': 'done', 'a/seed0/train': 'done',
        'a/seed0/test': 'done'}
    assert runs[0].reason == 'ValueError: no such thing'


def test_killed_training_continues_from_a_whole_checkpoint(
        stages, tmp_path, monkeypatch):
    monkeypatch.setenv('FAKE_1', f'os.kill(os.getpid(), {signal.SIGKILL})')
    out = tmp_path / 'out'
    runs = run_stages(stages, out, jobs=2)
    assert states(runs) == ['done', 'done', 'failed', 'blocked']
    assert runs[3].reason == 'killed by SIGKILL'
    folder = out / 'paper/a/seed1/train'
    torch.save(dict(a=1), folder / 'epoch_1.pth')
    (folder / 'epoch_2.pth').write_bytes(b'PK\x03\x04')
    monkeypatch.delenv('FAKE_1')
    assert states(run_stages(stages, out, resume=True)) == [
        'kept', 'kept', 'done', 'done']
    assert f'--resume {folder}/epoch_1.pth' in log(
        out, 'paper/a/seed1/train')


def test_lost_weights_are_made_again_and_tested_again(stages, tmp_path):
    out = tmp_path / 'out'
    run_stages(stages, out, jobs=2)
    path = out / 'paper/a/seed0/train/epoch_2.pth'
    for damage in (lambda: path.unlink(),
                   lambda: path.write_bytes(path.read_bytes()[:-10])):
        damage()
        assert states(run_stages(stages, out, resume=True)) == [
            'done', 'done', 'kept', 'kept']


def test_a_training_without_checkpoint_has_failed(
        stages, tmp_path, monkeypatch):
    monkeypatch.setenv('FAKE_0', 'sys.exit()')
    runs = run_stages(stages[:3], tmp_path / 'out')
    assert states(runs) == ['failed', 'blocked']
    assert 'left no weights' in runs[1].reason


def test_each_job_has_a_gpu_of_its_own(stages, tmp_path, monkeypatch):
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    # Until both are at work.
    show = ('print("gpu", os.environ["CUDA_VISIBLE_DEVICES"], flush=True)\n'
            'open(f"{folder}/up", "w")\n'
            'while not all(os.path.exists(f"{folder}/../../seed{i}/train/up")'
            ' for i in range(2)):\n    time.sleep(.05)')
    for seed in range(2):
        monkeypatch.setenv(f'FAKE_{seed}', show)
    out = tmp_path / 'out'
    assert states(run_stages(stages, out, jobs=2, gpus=['4', '7'])) == [
        'done'] * 4
    assert {re.search(r'gpu (\d)', log(out, f'paper/a/seed{seed}/train'))
            .group(1) for seed in range(2)} == {'4', '7'}


def test_one_benchmark_at_a_time(stages, tmp_path, monkeypatch):
    from filelock import FileLock
    monkeypatch.setattr(engine, 'PATIENCE', 0.)
    (tmp_path / 'out').mkdir()
    with FileLock(tmp_path / 'out' / '.lock'), pytest.raises(
            RuntimeError, match='another benchmark'):
        run_stages(stages, tmp_path / 'out')


def test_without_snakemake_the_remedy_is_told(stages, tmp_path, monkeypatch):
    monkeypatch.setattr(engine.importlib.util, 'find_spec', lambda _: None)
    with pytest.raises(RuntimeError, match=r'pip install -e "\.\[bench\]"'):
        run_stages(stages, tmp_path / 'out')


def test_a_profile_that_is_not_there_is_told(stages, tmp_path, capfd):
    with pytest.raises(RuntimeError, match='has begun no stage'):
        run_stages(stages, tmp_path / 'out', profile='nowhere')
    assert 'nowhere' in capfd.readouterr().err


def process_in(path, deadline):
    """The process that a hanging training says it is."""
    while time.time() < deadline:
        found = re.search(r'pid (\d+)\n', path.read_text()
                          ) if path.exists() else None
        if found:
            return int(found.group(1))
        time.sleep(0.1)
    raise AssertionError(f'nothing in {path}')


def ended(process, deadline):
    while time.time() < deadline:
        status = Path(f'/proc/{process}/stat')
        if not status.exists() or status.read_text().split()[2] == 'Z':
            return True
        time.sleep(0.1)
    os.kill(process, signal.SIGKILL)
    return False


def test_interrupting_ends_the_processes(stages, tmp_path, monkeypatch):
    monkeypatch.setenv('FAKE_0', HANG)
    out = tmp_path / 'out'
    path = out / 'paper/a/seed0/train/log.txt'

    def look(*_):
        if path.exists() and 'pid ' in path.read_text():
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_stages(stages, out)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    # Kindly, and nothing else was begun.
    record = json.loads(path.with_name('stage.json').read_text())
    assert record['reason'] == 'killed by SIGTERM'
    assert ended(process_in(path, time.time() + 5), time.time() + 5)
    assert not (out / 'paper/a/seed1/train').exists()


KILLED = """
import sys
from pathlib import Path
from mmextra.evaluation.zoo import engine, make_plan, run_stages
engine.ROOT = Path(sys.argv[1])
run_stages(make_plan([Path(sys.argv[2])], 2), Path(sys.argv[3]))
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='prctl is of Linux')
def test_a_killed_benchmark_leaves_no_process_and_continues(
        stages, tmp_path, monkeypatch):
    out = tmp_path / 'out'
    monkeypatch.setenv('FAKE_1', HANG)
    benchmark = subprocess.Popen(
        [sys.executable, '-c', KILLED, str(engine.ROOT),
         str(stages[1].config), str(out)],
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        stderr=subprocess.DEVNULL)
    path = out / 'paper/a/seed1/train/log.txt'
    deadline = time.time() + 300
    training = process_in(path, deadline)
    benchmark.kill()
    benchmark.wait()
    assert ended(training, deadline)
    torch.save(dict(a=1), path.with_name('epoch_1.pth'))
    monkeypatch.delenv('FAKE_1')
    runs = run_stages(stages, out, resume=True)
    assert states(runs)[2:] == ['done', 'done']
    assert states(runs)[0] == 'kept'
    assert f'--resume {path.parent}/epoch_1.pth' in path.read_text()
