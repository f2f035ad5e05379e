import os
import re
import subprocess
import sys
from pathlib import Path

import mmdet
import pytest
import torch
from mmengine.config import Config

from mmextra.utils import stock_tools

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / 'tools'
SCRIPTS = sorted(TOOLS.glob('*.sh')) + [ROOT / '.ci' / 'run']


def bash(*args, **env):
    return subprocess.run(
        ['bash', *map(str, args)], capture_output=True, text=True,
        env={**os.environ, **env})


# ------------------------------------------------------------------- scripts


@pytest.mark.parametrize('script', SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_valid_bash(script):
    done = bash('-n', script)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('name, args, order', [
    ('dist_train.sh', ['c.py'], 'CONFIG PROCESSES'),
    ('dist_test.sh', ['c.py', 'c.pth'], 'CONFIG CHECKPOINT PROCESSES'),
    ('slurm_train.sh', ['p', 'j', 'c.py'], 'PARTITION JOB_NAME CONFIG WORK_'),
    ('slurm_test.sh', ['p', 'j', 'c.py'], 'PARTITION JOB_NAME CONFIG CHECK'),
])
def test_missing_argument_prints_the_usage(name, args, order):
    done = bash(TOOLS / name, *args)
    assert done.returncode == 2
    assert f'usage: bash tools/{name} {order}' in done.stderr


@pytest.fixture
def recorder(tmp_path):
    """A command that prints its arguments, one per line."""
    path = tmp_path / 'recorder'
    path.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def files(tmp_path):
    for name in ('c o.py', 'c.pth'):
        (tmp_path / name).touch()
    return tmp_path / 'c o.py', tmp_path / 'c.pth'


def test_dist_train_passes_everything_on(recorder, files):
    done = bash(TOOLS / 'dist_train.sh', files[0], 2, '--cfg-options',
                'a=b c', PYTHON=str(recorder), NNODES='3', NODE_RANK='1',
                MASTER_ADDR='10.0.0.1', PORT='1234')
    assert done.stdout.splitlines() == [
        '-m', 'torch.distributed.run', '--nnodes=3', '--node_rank=1',
        '--master_addr=10.0.0.1', '--master_port=1234', '--nproc_per_node=2',
        str(TOOLS / 'train.py'), str(files[0]), '--launcher', 'pytorch',
        '--cfg-options', 'a=b c']


def test_dist_test_passes_everything_on(recorder, files):
    done = bash(TOOLS / 'dist_test.sh', *files, 4, '--out', 'o.pkl',
                PYTHON=str(recorder))
    assert done.stdout.splitlines()[-8:] == [
        '--nproc_per_node=4', str(TOOLS / 'test.py'), *map(str, files),
        '--launcher', 'pytorch', '--out', 'o.pkl']


@pytest.mark.parametrize('name, fourth, own', [
    ('train', 'work dir', '--work-dir=work dir'),
    ('test', None, None),
])
def test_slurm_passes_everything_on(recorder, files, name, fourth, own):
    recorder.rename(recorder.with_name('srun'))
    done = bash(TOOLS / f'slurm_{name}.sh', 'part', 'job', files[0],
                fourth or files[1], '--amp', PYTHON='py', GPUS='16',
                GPUS_PER_NODE='4', SRUN_ARGS='--quotatype=auto -x n1',
                PATH=f'{recorder.parent}:{os.environ["PATH"]}')
    assert done.stdout.splitlines() == [
        '-p', 'part', '--job-name=job', '--gres=gpu:4', '--ntasks=16',
        '--ntasks-per-node=4', '--cpus-per-task=5', '--kill-on-bad-exit=1',
        '--quotatype=auto', '-x', 'n1', 'py', '-u',
        str(TOOLS / f'{name}.py'), str(files[0]), own or str(files[1]),
        '--launcher=slurm', '--amp']


@pytest.mark.parametrize('name', ['dist_train.sh', 'dist_test.sh'])
def test_missing_config_is_told_before_anything_starts(recorder, name):
    done = bash(TOOLS / name, 'no/such.py', 2, 2, PYTHON=str(recorder))
    assert done.returncode == 1 and done.stdout == ''
    assert f'{name}: no such file: no/such.py' in done.stderr


@pytest.mark.parametrize('how', ['quietly', "filtered '/reas/p'"])
def test_failing_step_is_shown_and_stops(tmp_path, how):
    done = bash('-c', f'set -eu; . "{TOOLS}/_env.sh"; log="{tmp_path}/log"; '
                f'{how} sh -c "echo reason; exit 3"; echo went on')
    assert done.returncode == 1
    assert 'reason' in done.stderr
    assert 'failed: sh -c' in done.stderr
    assert 'went on' not in done.stdout


def test_filter_shows_its_part_and_keeps_all(tmp_path):
    done = bash('-c', f'set -eu; . "{TOOLS}/_env.sh"; log="{tmp_path}/log"; '
                "filtered 's/^loss //p' printf 'noise\\nloss 1\\n'; echo on")
    assert done.stdout.splitlines() == ['1', 'on']
    assert 'noise\nloss 1' in (tmp_path / 'log').read_text()


def test_modules_are_found_without_import(tmp_path):
    def ask(*names):
        return bash('-c', f'. "{TOOLS}/_env.sh"; has_modules "$0" "$@"',
                    sys.executable, *names,
                    PYTHONPATH=str(tmp_path)).returncode

    assert ask('torch', 'mmcv', 'mmdet') == 0
    assert ask('torch', 'no_such_module') == 1
    # An mmcv without its compiled ops does not count.
    (tmp_path / 'mmcv').mkdir()
    (tmp_path / 'mmcv' / '__init__.py').touch()
    assert ask('mmcv') == 1


# ------------------------------------------------------------- stock_tools.py


def test_stock_scripts_are_found():
    names = stock_tools.stock_tool_names()
    assert {'train.py', 'test.py', 'analysis_tools/get_flops.py'} <= set(names)


def test_source_checkout_is_a_fallback(tmp_path, monkeypatch):
    monkeypatch.setattr(mmdet, '__file__', str(tmp_path / 'mmdet' / '_.py'))
    with pytest.raises(FileNotFoundError, match=r'\.mim.*pip install'):
        stock_tools.stock_tools_dir()
    (tmp_path / 'tools').mkdir()
    (tmp_path / 'tools' / 'train.py').touch()
    assert stock_tools.stock_tools_dir() == str(tmp_path / 'tools')


def test_missing_files_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as told:
        stock_tools.check_files('train.py', ['--amp', 'no/such.py'])
    assert told.value.code == (
        f'train.py: no such file: no/such.py (seen from {tmp_path}).')
    # A path that would be right from the mmextra folder.
    with pytest.raises(SystemExit,
                       match=re.escape(f'Did you mean {ROOT}/setup.py?')):
        stock_tools.check_files('train.py', ['setup.py'])
    (tmp_path / 'config.py').touch()
    with pytest.raises(SystemExit, match='test.py: no such file: c.pth'):
        stock_tools.check_files('test.py', ['config.py', 'c.pth'])


def test_present_files_urls_and_options_pass(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'config.py').touch()
    stock_tools.check_files('train.py', [])
    stock_tools.check_files('test.py', [
        'config.py', 'https://example.com/c.pth', '--cfg-options',
        'load_from=no.pth'])


@pytest.fixture
def broken(tmp_path):
    """A work_dir whose last checkpoint is cut short."""
    work = tmp_path / 'work_dirs' / 'config'
    work.mkdir(parents=True)
    for epoch in (1, 2):
        torch.save(dict(a=torch.zeros(99)), work / f'epoch_{epoch}.pth')
    last = work / 'epoch_2.pth'
    last.write_bytes(last.read_bytes()[:-1])
    (work / 'last_checkpoint').write_text(str(last))
    (tmp_path / 'config.py').write_text('')
    return work


@pytest.mark.parametrize('name, args', [
    ('test.py', ['config.py', '{work}/epoch_2.pth']),
    ('train.py', ['config.py', '--resume']),
    ('train.py', ['config.py', '--resume', '{work}/epoch_2.pth']),
    ('train.py', ['config.py', '--work-dir', '{work}', '--resume']),
    ('train.py', ['config.py', '--resume', '--cfg-options', 'work_dir={work}'
                  ]),
    ('train.py', ['config.py', '--cfg-options',
                  'load_from={work}/epoch_2.pth']),
    ('train.py', ['config.py', '--cfg-options', 'resume=True']),
])
def test_cut_short_checkpoints_are_refused(
        broken, tmp_path, monkeypatch, name, args):
    monkeypatch.chdir(tmp_path)
    args = [arg.format(work='work_dirs/config') for arg in args]
    with pytest.raises(SystemExit) as told:
        stock_tools.check_checkpoints(name, args)
    assert re.fullmatch(
        f'{name}: the checkpoint work_dirs/config/epoch_2.pth is cut short '
        r'\(.*\). The latest whole one is work_dirs/config/epoch_1.pth; .*',
        told.value.code)


@pytest.mark.parametrize('name, args', [
    ('test.py', ['config.py', 'work_dirs/config/epoch_1.pth']),
    ('test.py', ['config.py', 'https://example.com/epoch_2.pth']),
    ('train.py', ['config.py']),
    ('train.py', ['config.py', '--work-dir', 'new', '--resume']),
    ('train.py', ['config.py', '--resume', 'work_dirs/config/epoch_1.pth']),
    ('train.py', ['config.py', '--cfg-options',
                  'load_from=torchvision://resnet18']),
])
def test_other_checkpoints_pass(broken, tmp_path, monkeypatch, name, args):
    monkeypatch.chdir(tmp_path)
    stock_tools.check_checkpoints(name, args)


LARSD = '_base_ = "mmextra::larsd/hit_uav.py"'
LCB = '_base_ = "mmextra::lcb_yolov5/hit_uav.py"'


@pytest.mark.parametrize('options', [
    ['--resume'], ['--resume', 'work_dirs/hit_uav/iter_1.pth'],
    ['--cfg-options', 'resume=True']])
def test_a_training_goes_on_from_its_own_model(
        tmp_path, monkeypatch, options):
    """Both papers have a hit_uav.py, and one folder in work_dirs."""
    monkeypatch.chdir(tmp_path)
    Path('hit_uav.py').write_text(LARSD)
    saved = Path('work_dirs/hit_uav/iter_1.pth')
    saved.parent.mkdir(parents=True)
    (saved.parent / 'last_checkpoint').write_text(str(saved))
    torch.save(dict(state_dict={}, meta=dict(
        cfg=Config.fromfile('hit_uav.py').pretty_text)), saved)
    stock_tools.check_checkpoints('train.py', ['hit_uav.py', *options])
    Path('hit_uav.py').write_text(LCB)
    with pytest.raises(SystemExit, match='iter_1.pth is not .* bbox_head '
                       'LARSDHead, not YOLOv5Head.*--work-dir'):
        stock_tools.check_checkpoints('train.py', ['hit_uav.py', *options])
    # To start from another model's weights is fine-tuning.
    stock_tools.check_checkpoints('train.py', [
        'hit_uav.py', '--cfg-options', f'load_from={saved}'])


@pytest.mark.parametrize('resume', [
    ['--resume'], ['--resume', 'auto'], ['--resume=auto']])
def test_nothing_to_resume_is_a_start(tmp_path, monkeypatch, capsys, resume):
    """The stock script would drop load_from."""
    monkeypatch.chdir(tmp_path)
    Path('config.py').write_text('load_from = "base.pth"')
    args = ['config.py', *resume, '--cfg-options', 'a=1']
    rest = ['config.py', '--cfg-options', 'a=1']
    assert stock_tools.start_or_resume('train.py', args) == rest
    told = capsys.readouterr().err
    assert 'work_dirs/config; the training starts from base.pth' in told
    Path('config.py').write_text('')
    assert stock_tools.start_or_resume('train.py', args) == rest
    assert 'starts anew' in capsys.readouterr().err
    # With a checkpoint it goes on.
    Path('work_dirs/config').mkdir(parents=True)
    Path('work_dirs/config/last_checkpoint').write_text('epoch_1.pth')
    assert stock_tools.start_or_resume('train.py', args) == args
    assert stock_tools.start_or_resume(
        'train.py', [*args, '--work-dir', 'new']) == [
            *rest, '--work-dir', 'new']


@pytest.mark.parametrize('name, args', [
    ('train.py', ['config.py']),
    ('train.py', ['config.py', '--resume', 'epoch_1.pth']),
    ('test.py', ['config.py', '--resume'])])
def test_other_starts_stay(tmp_path, monkeypatch, name, args):
    monkeypatch.chdir(tmp_path)
    Path('config.py').write_text('')
    assert stock_tools.start_or_resume(name, args) == args


def options(tmp_path, config, *extra):
    path = tmp_path / 'config.py'
    path.write_text(config)
    return stock_tools.cpu_distributed_options([str(path), *extra])


def test_cpu_wrapper_matches_the_one_without_config(tmp_path):
    assert options(tmp_path, '') == [
        '--cfg-options', 'model_wrapper_cfg.device_ids=None',
        'model_wrapper_cfg.type=MMDistributedDataParallel',
        'model_wrapper_cfg.broadcast_buffers=False',
        'model_wrapper_cfg.find_unused_parameters=False']
    assert options(tmp_path, 'find_unused_parameters = True')[-1] == (
        'model_wrapper_cfg.find_unused_parameters=True')
    assert options(tmp_path, '', '--launcher', 'pytorch', '--cfg-options',
                   'a=1', 'find_unused_parameters=True')[-1].endswith('=True')


def test_cpu_wrapper_keeps_a_wrapper_of_the_config(tmp_path):
    own = 'model_wrapper_cfg = dict(type="Own", broadcast_buffers=True)'
    expected = ['--cfg-options', 'model_wrapper_cfg.device_ids=None']
    assert options(tmp_path, own) == expected
    assert options(tmp_path, '', '--cfg-options',
                   'model_wrapper_cfg.type=Own') == expected


@pytest.fixture
def script(tmp_path, monkeypatch):
    """A stock script that leaves its arguments in a file."""
    monkeypatch.setattr(sys, 'argv', list(sys.argv))
    monkeypatch.setattr(sys, 'path', list(sys.path))
    monkeypatch.setattr(stock_tools, 'stock_tools_dir', lambda: str(tmp_path))
    path = tmp_path / 'any.py'
    path.write_text(
        'import sys\n'
        f'open({str(tmp_path / "seen")!r}, "w").write('
        '"|".join([__name__, *sys.argv]))\n')

    def call(*args):
        sys.argv = ['tools/any.py', *args]
        stock_tools.run_stock_tool('any.py')
        return (tmp_path / 'seen').read_text().split('|')

    call.path = str(path)
    return call


def test_script_runs_as_if_started_itself(script):
    assert script('c.py', '--amp') == [
        '__main__', script.path, 'c.py', '--amp']


def test_process_group_needs_torchrun_and_its_launcher(
        script, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(stock_tools.torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(stock_tools.torch.distributed, 'init_process_group',
                        started.append)
    config = tmp_path / 'config.py'
    config.touch()
    args = str(config), '--launcher', 'pytorch'
    assert script(*args)[2:] == list(args)
    # Some clusters set RANK for every job.
    monkeypatch.setenv('RANK', '0')
    assert script(str(config))[2:] == [str(config)]
    assert started == []
    assert 'model_wrapper_cfg.device_ids=None' in script(*args)
    assert started == ['gloo']
    monkeypatch.setattr(stock_tools.torch.cuda, 'is_available', lambda: True)
    assert script(*args)[2:] == list(args)
    assert started == ['gloo']


def test_train_from_another_folder_names_the_missing_data(tmp_path):
    """The real script, in a process that knows nothing of mmextra."""
    (tmp_path / 'config.py').write_text(
        "_base_ = 'mmdet::ssd/ssd300_coco.py'\n"
        "train_dataloader = dict(dataset=dict(dataset=dict("
        "data_root='no/data/')))\n"
        "model = dict(backbone=dict(init_cfg=None))\n")
    env = {key: value for key, value in os.environ.items()
           if key != 'PYTHONPATH'}
    done = subprocess.run(
        [sys.executable, str(TOOLS / 'train.py'), 'config.py'], cwd=tmp_path,
        env=env, capture_output=True, text=True)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert 'FileNotFoundError' in last and 'no/data/' in last
    assert (tmp_path / 'work_dirs' / 'config').is_dir()
