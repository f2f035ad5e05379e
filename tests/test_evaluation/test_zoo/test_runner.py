"""The runner, with small processes in place of trainings."""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from mmextra.evaluation.zoo import BenchmarkRunner, make_plan, runner

ROOT = Path(__file__).parents[3]
# Writes a checkpoint as mmengine does, after what FAKE says.
FAKE = """
import os, sys, time, zipfile
folder, tool, seed, *rest = sys.argv[1:]
print('said', tool, *rest, flush=True)
if tool == 'train':
    exec(os.environ.get(f'FAKE_{seed}', ''))
    with zipfile.ZipFile(f'{folder}/epoch_2.pth', 'w') as file:
        file.writestr('weights', '0' * 500)
    open(f'{folder}/last_checkpoint', 'w').write('elsewhere/epoch_2.pth')
"""


@pytest.fixture
def stages(tmp_path, monkeypatch):
    (tmp_path / 'paper').mkdir()
    config = tmp_path / 'paper' / 'a.py'
    config.write_text('x = 1\n')
    script = tmp_path / 'fake.py'
    script.write_text(FAKE)
    real = runner.command

    def command(out, stage, weights, resume):
        line = real(out, stage, weights, resume)
        folder = out / stage.key
        return [sys.executable, str(script), str(folder), stage.tool,
                str(stage.seed), *line[2:]]

    monkeypatch.setattr(runner, 'command', command)
    return make_plan([config], 2)


def states(runs):
    return [run.state for run in runs]


def go(stages, out, **kwargs):
    return BenchmarkRunner(stages, out, **kwargs).run()


def log(out, key):
    return (out / key / 'log.txt').read_text()


def test_all_run_and_are_kept(stages, tmp_path):
    out = tmp_path / 'out'
    seen = []
    runs = go(stages, out, jobs=2, on_change=lambda run: seen.append(
        (run.stage.key[-12:], run.state)))
    assert states(runs) == ['done'] * 4
    assert seen[:2] == [('/seed0/train', 'running'),
                        ('/seed1/train', 'running')]
    assert f'{out}/paper/a/seed1/train/epoch_2.pth' in log(
        out, 'paper/a/seed1/test')
    assert 'randomness.seed=1' in log(out, 'paper/a/seed1/train')
    assert states(go(stages, out, resume=True)) == ['kept'] * 4

    with pytest.raises(ValueError, match='earlier benchmark.*--resume'):
        go(stages, out)
    stages[0].config.write_text('x = 2\n')
    with pytest.raises(ValueError, match='another config'):
        go(stages, out, resume=True)


def test_a_failure_blocks_only_what_needs_it(stages, tmp_path, monkeypatch):
    monkeypatch.setenv('FAKE_0', 'raise ValueError("no data\\nmake some")')
    out = tmp_path / 'out'
    runs = go(stages, out)
    assert states(runs) == ['failed', 'blocked', 'done', 'done']
    assert runs[0].reason == 'ValueError: no data'
    assert runs[1].reason == 'needs paper/a/seed0/train'
    # What failed is tried again.
    monkeypatch.delenv('FAKE_0')
    assert states(go(stages, out, resume=True)) == [
        'done', 'done', 'kept', 'kept']


def test_killed_training_continues_from_a_whole_checkpoint(
        stages, tmp_path, monkeypatch):
    monkeypatch.setenv('FAKE_1', f'os.kill(os.getpid(), {signal.SIGKILL})')
    out = tmp_path / 'out'
    runs = go(stages, out)
    assert states(runs) == ['done', 'done', 'failed', 'blocked']
    assert runs[2].reason == 'killed by SIGKILL'
    folder = out / 'paper/a/seed1/train'
    torch.save(dict(a=1), folder / 'epoch_1.pth')
    (folder / 'epoch_2.pth').write_bytes(b'PK\x03\x04')
    monkeypatch.delenv('FAKE_1')
    assert states(go(stages, out, resume=True)) == [
        'kept', 'kept', 'done', 'done']
    assert f'--resume {folder}/epoch_1.pth' in log(
        out, 'paper/a/seed1/train')


@pytest.mark.parametrize('damage', ['', 'cut'])
def test_lost_weights_are_made_again_and_tested_again(
        stages, tmp_path, damage):
    out = tmp_path / 'out'
    go(stages, out)
    path = out / 'paper/a/seed0/train/epoch_2.pth'
    if damage:
        path.write_bytes(path.read_bytes()[:-10])
    else:
        path.unlink()
    assert states(go(stages, out, resume=True)) == [
        'done', 'done', 'kept', 'kept']


def test_a_training_without_checkpoint_has_failed(
        stages, tmp_path, monkeypatch):
    monkeypatch.setenv('FAKE_0', 'sys.exit()')
    runs = go(stages, tmp_path / 'out')
    assert states(runs)[:2] == ['failed', 'blocked']
    assert 'left no weights' in runs[0].reason


def test_gpus_are_given_in_turn(stages, tmp_path, monkeypatch):
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    show = 'print("gpu", os.environ["CUDA_VISIBLE_DEVICES"])'
    for seed in range(2):
        monkeypatch.setenv(f'FAKE_{seed}', show)
    out = tmp_path / 'out'
    go(stages, out, jobs=2, gpus=['4', '7'])
    assert 'gpu 4\n' in log(out, 'paper/a/seed0/train')
    assert 'gpu 7\n' in log(out, 'paper/a/seed1/train')


def test_one_benchmark_at_a_time(stages, tmp_path, monkeypatch):
    monkeypatch.setattr(runner, 'PATIENCE', 0.)
    out = tmp_path / 'out'
    busy = BenchmarkRunner(stages, out)
    other = BenchmarkRunner(stages[:1], out, resume=True)
    told = []

    def try_other():
        if not told:
            with pytest.raises(RuntimeError, match='another benchmark'):
                other.run()
            told.append(True)

    assert states(busy.run(try_other)) == ['done'] * 4
    assert told


def test_stopping_ends_the_processes(stages, tmp_path, monkeypatch):
    monkeypatch.setenv('FAKE_0', 'time.sleep(60)')
    busy = BenchmarkRunner(stages, tmp_path / 'out')
    processes = []

    def interrupt():
        processes.extend(run.process for run in busy.running)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        busy.run(interrupt)
    assert [process.returncode for process in processes] == [-signal.SIGTERM]


KILLED = """
import sys
from mmextra.evaluation.zoo import BenchmarkRunner, Stage, runner
runner.command = lambda *_: [sys.executable, '-c', '''
import os, time
print(os.getpid(), flush=True)
time.sleep(120)''']
BenchmarkRunner([Stage('sleep', 'data')], __import__('pathlib').Path(
    sys.argv[1])).run()
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='prctl is of Linux')
def test_a_killed_benchmark_leaves_no_process_behind(tmp_path):
    benchmark = subprocess.Popen(
        [sys.executable, '-c', KILLED, str(tmp_path)], cwd=ROOT,
        stderr=subprocess.DEVNULL)
    path, deadline = tmp_path / 'sleep' / 'log.txt', time.time() + 120
    while not (path.exists() and path.read_text().strip()[-1:].isdigit()):
        assert benchmark.poll() is None and time.time() < deadline
        time.sleep(0.1)
    child = int(path.read_text().split()[-1])
    benchmark.kill()
    benchmark.wait()
    while time.time() < deadline:
        status = Path(f'/proc/{child}/stat')
        if not status.exists() or status.read_text().split()[2] == 'Z':
            return
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    raise AssertionError('the process is still at work')
