"""sdist and wheel, built and used in an environment with nothing else."""
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.helpers import ROOT

# Of the folder that is packed, what a build reads.
PACKED = ('mmextra', 'mmextra_runtime', 'mmextra_stack', 'configs', 'tools',
          'requirements', 'setup.py', 'pyproject.toml', 'MANIFEST.in',
          'README.md', 'LICENSE', 'model-index.yml')


def run(*command, **kwargs) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True,
        **kwargs)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.fixture(scope='module')
def dist(tmp_path_factory):
    """The folder of an sdist of this checkout and of the wheel built of it."""
    folder = tmp_path_factory.mktemp('dist')
    source = folder / 'source'
    source.mkdir()
    for name in PACKED:
        run('cp', '-r', ROOT / name, source / name)
    run(sys.executable, 'setup.py', '-q', 'sdist', '-d', folder, cwd=source)
    with tarfile.open(next(folder.glob('*.tar.gz'))) as tar:
        tar.extractall(folder, filter='data')
    unpacked = next(folder.glob('mmextra-*/'))
    run(sys.executable, 'setup.py', '-q', 'bdist_wheel', '-d', folder,
        cwd=unpacked)
    return folder


@pytest.fixture(scope='module')
def mmextra(dist, tmp_path_factory):
    """The command of a new environment that has the wheel.

    torch and the hosts are those of the tests, found behind the new
    environment's own packages.
    """
    venv = tmp_path_factory.mktemp('venv') / 'venv'
    env = {name: value for name, value in os.environ.items()
           if name != 'PYTHONPATH'}
    env.update(OMP_NUM_THREADS='1', MPLBACKEND='Agg', PYTHONWARNINGS='ignore')
    run(sys.executable, '-m', 'venv', '--without-pip', venv)
    python = venv / 'bin' / 'python'
    site = Path(run(python, '-c', 'import sysconfig; '
                    'print(sysconfig.get_path("purelib"))').strip())
    run(sys.executable, '-m', 'pip', '--python', python, 'install', '-q',
        '--no-deps', next(dist.glob('*.whl')), env=env)
    # Behind the environment's own packages; path files in there, of an
    # editable mmextra, are not read.
    (site / 'behind.pth').write_text('\n'.join(
        {sysconfig.get_path('purelib'), sysconfig.get_path('platlib')}))

    def call(folder, *arguments):
        return run(venv / 'bin' / 'mmextra', *arguments, cwd=folder, env=env)

    call.python, call.env, call.site = python, env, site
    return call


def test_wheel_brings_configs_tools_and_index(dist):
    with zipfile.ZipFile(next(dist.glob('*.whl'))) as wheel:
        names = set(wheel.namelist())
        metadata = wheel.read(next(
            name for name in names if name.endswith('METADATA'))).decode()
    resources = {name[len('mmextra/.mim/'):] for name in names
                 if name.startswith('mmextra/.mim/')}
    for folder in ('configs', 'tools'):
        here = {str(path.relative_to(ROOT))
                for path in (ROOT / folder).rglob('*')
                if path.suffix in ('.py', '.yml', '.json', '.md')}
        assert here <= resources
    assert 'model-index.yml' in resources and 'mmextra/py.typed' in names
    assert not any('__pycache__' in name or name.startswith('tests')
                   for name in names)
    # Only an extra may bring hosts, for there are two families.
    required = [line for line in metadata.splitlines()
                if line.startswith('Requires-Dist') and 'extra' not in line]
    assert required and not any('mm' in line for line in required
                                if 'mmextra' not in line)
    assert {'Provides-Extra: openmmlab', 'Provides-Extra: onedl'} <= set(
        metadata.splitlines())


def test_wheel_works_alone_in_an_empty_folder(mmextra, tmp_path):
    out = mmextra(tmp_path, 'doctor')
    assert 'mmextra works on this stack.' in out
    mmextra(tmp_path, 'synthetic', 'harbour', 'data/x', '--num-train', '4',
            '--num-val', '1', '--num-test', '1', '--image-size', '128')
    (tmp_path / 'tiny.py').write_text("""
_base_ = 'mmextra::larsd/synthetic.py'
data_root = 'data/x/'
model = dict(backbone=dict(base_channels=4),
             neck=dict(in_channels=[4, 8, 16, 32], out_channels=8,
                       mid_channels=[4, 4, 4]),
             bbox_head=dict(in_channels=8, feat_channels=8))
loader = dict(num_workers=0, persistent_workers=False,
              dataset=dict(data_root=data_root))
train_dataloader = val_dataloader = test_dataloader = loader
train_cfg = dict(max_epochs=1)
default_hooks = dict(checkpoint=dict(interval=1))
""")
    out = mmextra(tmp_path, 'train', 'tiny.py', '--work-dir', 'work')
    assert 'voc12/AP50' in out
    assert (tmp_path / 'work' / 'epoch_1.pth').is_file()


def test_it_is_the_wheel_that_works(mmextra, tmp_path):
    code = ('import importlib.util as u, mmextra_stack.command as c; '
            'print(u.find_spec("mmextra").origin); '
            'print(c.find_config("larsd/synthetic.py"))')
    out = run(mmextra.python, '-c', code, cwd=tmp_path, env=mmextra.env)
    package, config = out.splitlines()
    assert Path(package).parent == mmextra.site / 'mmextra'
    assert Path(config) == \
        mmextra.site / 'mmextra/.mim/configs/larsd/synthetic.py'
