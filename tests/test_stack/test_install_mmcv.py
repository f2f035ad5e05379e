import importlib.util
import os
import subprocess
import sys
import types

import pytest

from mmextra_stack import install_mmcv as tool
from mmextra_stack import mmcv_build, mmcv_source
from mmextra_stack.families import ONEDL, OPENMMLAB

# The lines of mmcv's setup.py that matter, in the shapes they have there.
SETUP = """
def get_version():
    version_file = 'mmcv/version.py'
    with open(version_file, encoding='utf-8') as f:
        exec(compile(f.read(), version_file, 'exec'))
    return locals()['__version__']

args = {
    'nvcc': [cuda_args, '-std=c++14'] if cuda_args else ['-std=c++14'],
    'cxx': ['-Wall', '-std=c++17'],
}
# the argument ['std=c++14'] must be added here.
"""


MMCV = mmcv_source.SOURCES[OPENMMLAB.extra]


@pytest.mark.parametrize('version, std', [
    ('1.13.1', 'c++14'), ('2.0.1+cu118', 'c++14'), ('2.1.0', 'c++17'),
    ('2.13.0+cpu', 'c++17'), ('2.14.0', 'c++20'), ('2.9.1', 'c++17'),
    ('3.0.0a0+git1', 'c++20')
])
def test_cxx_standard(version, std):
    assert mmcv_source.cxx_standard(version) == std


def test_cxx_standard_of_nonsense():
    with pytest.raises(mmcv_source.InstallError, match="'parrots'"):
        mmcv_source.cxx_standard('parrots')


def test_patch_sets_every_standard():
    text = mmcv_source.patch_setup(SETUP, 'c++20')
    assert text.count('-std=c++20') == 3
    assert '-std=c++14' not in text and '-std=c++17' not in text


def test_patched_version_is_readable_on_any_python(
        tmp_path, monkeypatch):
    # Python 3.13 gives exec a copy of locals(); only code that does not
    # rely on locals() works on all.
    text = mmcv_source.patch_setup(SETUP, 'c++17')
    assert 'locals()' not in text
    (tmp_path / 'mmcv').mkdir()
    (tmp_path / 'mmcv' / 'version.py').write_text("__version__ = '9.8.7'\n")
    monkeypatch.chdir(tmp_path)
    scope = {'cuda_args': None}
    exec(text, scope)
    assert scope['get_version']() == '9.8.7'


def test_unknown_setup_is_refused():
    with pytest.raises(mmcv_source.InstallError, match='no -std= flag'):
        mmcv_source.patch_setup('setup()', 'c++17')


def test_without_torch(monkeypatch):
    monkeypatch.setattr(mmcv_build.importlib.util, 'find_spec',
                        lambda name: None)
    with pytest.raises(mmcv_source.InstallError, match='pip install torch=='):
        mmcv_build.torch_facts()


def test_without_compiler(monkeypatch):
    monkeypatch.setenv('CXX', 'no-such-compiler -O2')
    with pytest.raises(mmcv_source.InstallError,
                       match=r'\(no-such-compiler\).*apt-get install g\+\+'):
        mmcv_build.check_compilers(None)


@pytest.fixture
def fake_cuda(tmp_path, monkeypatch):
    """A CUDA_HOME whose nvcc prints what the test asks for."""
    import torch.utils.cpp_extension as extension
    monkeypatch.setenv('CXX', sys.executable)
    monkeypatch.setattr(extension, 'CUDA_HOME', str(tmp_path))
    (tmp_path / 'bin').mkdir()

    def make(text):
        nvcc = tmp_path / 'bin' / 'nvcc'
        nvcc.write_text(f'#!/bin/sh\necho "{text}"\n')
        nvcc.chmod(0o755)

    return make


def test_matching_nvcc_passes(fake_cuda):
    fake_cuda('Cuda compilation tools, release 13.0, V13.0.48')
    mmcv_build.check_compilers('13.2')


@pytest.mark.parametrize('text, told', [
    ('Cuda compilation tools, release 11.8, V11.8.89', 'CUDA 11'),
    ('segmentation fault', 'an unknown version'),
])
def test_other_nvcc_is_refused(fake_cuda, text, told):
    fake_cuda(text)
    with pytest.raises(mmcv_source.InstallError, match=f'{told}, .*--cpu'):
        mmcv_build.check_compilers('13.0')


def test_without_nvcc(fake_cuda):
    with pytest.raises(mmcv_source.InstallError, match='nvcc was not found'):
        mmcv_build.check_compilers('13.0')


def test_wheels_of_different_builds_lie_apart(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    cpu = dict(version='2.13.0+cpu', cuda=None)
    gpu = dict(version='2.11.0+cu130', cuda='13.0')
    folders = [tool.cache_dir(facts, archs, stem, version)
               for facts, archs, stem, version in (
                   (cpu, [], 'mmcv', '2.0.1'), (gpu, [], 'mmcv', '2.0.1'),
                   (gpu, ['9.0'], 'mmcv', '2.0.1'),
                   (gpu, ['8.0'], 'mmcv', '2.0.1'),
                   (gpu, ['9.0'], 'mmcv', '2.1.0'),
                   (gpu, ['9.0'], 'onedl_mmcv', '2.1.0'))]
    assert len(set(folders)) == 6
    assert folders[2].name.endswith(f'{tool.python_tag()}-cu130-90')
    assert folders[0].parent == tmp_path / 'mmextra' / 'wheels'
    assert tool.cache_dir(cpu, [], 'mmcv', '2.0.1',
                          tmp_path).parent == tmp_path


@pytest.mark.parametrize('stem', ['mmcv', 'onedl_mmcv'])
def test_only_the_wheel_of_this_python_and_release_is_taken(tmp_path, stem):
    assert tool.find_wheel(tmp_path / 'absent', stem, '2.0.1') is None
    tag = tool.python_tag()
    for name in (f'{stem}-2.0.1-cp37-cp37m-linux_x86_64.whl',
                 f'{stem}-2.0.1-py2.py3-none-any.whl',
                 f'{stem}-2.2.0-{tag}-{tag}-x.whl',
                 f'other_{stem}-2.0.1-{tag}-{tag}-x.whl',
                 f'{stem}-2.0.1-{tag}-x.whl.part'):
        (tmp_path / name).touch()
    assert tool.find_wheel(tmp_path, stem, '2.0.1') is None
    right = tmp_path / f'{stem}-2.0.1-{tag}-{tag}-linux_x86_64.whl'
    right.touch()
    assert tool.find_wheel(tmp_path, stem, '2.0.1') == right


@pytest.fixture
def mmdet_with(tmp_path, monkeypatch):
    """An mmdet whose source has a given line."""

    def make(line):
        package = tmp_path / 'mmdet' / '__init__.py'
        package.parent.mkdir(exist_ok=True)
        package.write_text(line)
        spec = importlib.util.spec_from_file_location('mmdet', package)
        monkeypatch.setattr(mmcv_source.importlib.util, 'find_spec',
                            lambda name: spec)

    return make


@pytest.mark.parametrize('limit, version', [
    ('2.1.0', '2.0.1'), ('2.2.0', '2.1.0'), ('2.9.0', '2.2.0')])
def test_newest_release_that_mmdet_admits(mmdet_with, limit, version):
    mmdet_with(f"mmcv_maximum_version = '{limit}'")
    assert mmcv_source.choose_version(MMCV) == version
    assert mmcv_source.choose_version(MMCV, '2.0.0') == '2.0.0'


def test_mmdet_2_admits_none(mmdet_with):
    mmdet_with("mmcv_maximum_version = '1.8.0'")
    with pytest.raises(mmcv_source.InstallError, match='older than 3.0'):
        mmcv_source.choose_version(MMCV)


def test_without_mmdet_what_every_mmdet_3_admits(monkeypatch):
    monkeypatch.setattr(mmcv_source.importlib.util, 'find_spec',
                        lambda name: None)
    assert mmcv_source.choose_version(MMCV) == '2.0.1'


def test_onedl_sets_no_limit(mmdet_with):
    mmdet_with('')
    assert mmcv_source.choose_version(
        mmcv_source.SOURCES[ONEDL.extra]) == '2.3.6'


@pytest.fixture
def main(tmp_path, monkeypatch):
    """``install`` with everything that installs replaced by a record."""
    done = []
    facts = dict(version='2.13.0+cpu', cuda=None, archs=[])
    monkeypatch.setattr(tool, 'torch_facts', lambda: facts)
    monkeypatch.setattr(tool, 'check_compilers', lambda cuda: None)
    monkeypatch.setattr(tool, 'already_works', lambda cuda, asked: False)
    monkeypatch.setattr(tool, 'present_family', lambda: OPENMMLAB)
    monkeypatch.setattr(mmcv_source, 'admitted_by_mmdet', lambda: None)
    monkeypatch.setattr(tool, 'pip', lambda *args: done.append(args))
    monkeypatch.setattr(tool, 'run', lambda command, **kwargs: None)

    def build_wheel(folder, facts, archs, source, version):
        done.append('build')
        return folder / f'{source.stem}-{version}'

    monkeypatch.setattr(tool, 'build_wheel', build_wheel)
    folder = tool.cache_dir(facts, [], 'mmcv', '2.0.1', tmp_path)
    folder.mkdir()
    tag = tool.python_tag()
    kept = folder / f'mmcv-2.0.1-{tag}-{tag}-any.whl'
    kept.touch()

    def call(*args):
        tool.install(tool.parse_args(
            ['--wheel-dir', str(tmp_path), *args], ''))
        return done

    call.facts, call.kept, call.done = facts, kept, done
    return call


def test_kept_wheel_is_used(main):
    done = main()
    assert 'build' not in done
    assert ('install', '-q', main.kept) in done


def test_force_builds_in_spite_of_a_kept_wheel(main):
    done = main('--force')
    assert 'build' in done
    assert ('install', '-q', main.kept) not in done


def test_working_mmcv_is_left_alone(main, monkeypatch):
    monkeypatch.setattr(tool, 'already_works', lambda cuda, asked: True)
    assert main() == []


def test_another_release_is_built(main):
    assert 'build' in main('--mmcv-version', '2.1.0')
    assert ('install', '-q', main.kept) not in main.done


def test_family_by_name(main):
    wheel = [step[-1] for step in main('--family', 'onedl')
             if step[:2] == ('install', '-q')][-1]
    assert wheel.name == 'onedl_mmcv-2.3.6'


@pytest.mark.parametrize('limit, asked, fits', [
    (None, None, True), ((2, 1), None, True), ((2, 0), None, False),
    (None, '2.0.1', True), (None, '2.1.0', False)])
def test_what_works_already(monkeypatch, limit, asked, fits):
    told = subprocess.CompletedProcess([], 0, stdout='2.0.1\nmmcv.ops\n')
    monkeypatch.setattr(tool.subprocess, 'run', lambda *a, **kw: told)
    monkeypatch.setattr(tool, 'admitted_by_mmdet', lambda: limit)
    assert tool.already_works(False, asked) is fits
    told.returncode = 1
    assert tool.already_works(False, asked) is False


def test_mmcv_without_ops_for_gpus_is_no_cuda_build(monkeypatch):
    import mmcv.ops

    monkeypatch.setattr(mmcv.ops, 'get_compiling_cuda_version',
                        lambda: 'not available')
    exec(tool.PROOF.format(cuda=False), {})
    with pytest.raises(AssertionError, match='no ops for GPUs'):
        exec(tool.PROOF.format(cuda=True), {})
    monkeypatch.setattr(mmcv.ops, 'get_compiling_cuda_version',
                        lambda: '13.0')
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    exec(tool.PROOF.format(cuda=True), {})


def test_headers_that_torch_brings(tmp_path, monkeypatch):
    include = tmp_path / 'nvidia' / 'cu13' / 'include'
    include.mkdir(parents=True)
    (include / 'cusparse.h').touch()
    (tmp_path / 'nvidia' / 'nccl' / 'include').mkdir(parents=True)
    spec = types.SimpleNamespace(
        submodule_search_locations=[str(tmp_path / 'nvidia')])
    monkeypatch.setattr(mmcv_build.importlib.util, 'find_spec',
                        lambda name: spec)
    monkeypatch.delenv('CPATH', raising=False)
    assert mmcv_build.header_folders() == [str(include)]
    env = mmcv_build.build_environment(['9.0'])
    assert env['CPATH'] == str(include)
    assert 'CPATH' not in mmcv_build.build_environment([])
    monkeypatch.setenv('CPATH', '/own')
    env = mmcv_build.build_environment(['9.0'])
    assert env['CPATH'] == f'/own:{include}'



def test_kept_wheel_that_fails_is_named(main, monkeypatch):
    def run(command, **kwargs):
        raise mmcv_source.InstallError('nms failed')

    monkeypatch.setattr(tool, 'run', run)
    with pytest.raises(mmcv_source.InstallError,
                       match='nms failed.*any.whl.*--force'):
        main()


def test_cuda_without_a_gpu_in_sight(main):
    main.facts['cuda'] = '13.0'
    with pytest.raises(mmcv_source.InstallError, match='--arch 9.0.*--cpu'):
        main()


def test_arch_without_cuda(main):
    with pytest.raises(mmcv_source.InstallError, match='torch has no CUDA'):
        main('--arch', '9.0')


def test_build_keeps_the_optimisation(monkeypatch):
    """CFLAGS replaces Python's own flags: without -O ops crawl."""
    monkeypatch.delenv('CFLAGS', raising=False)
    flags = mmcv_build.build_environment([])['CFLAGS'].split()
    assert any(flag in ('-O2', '-O3') for flag in flags)
    assert flags[-1] == '-g0'
    monkeypatch.setenv('CFLAGS', '-O1 -march=native')
    flags = mmcv_build.build_environment([])['CFLAGS']
    assert flags == '-O1 -march=native -g0'


def test_build_for_cuda_is_forced_and_for_cpu_prevented():
    env = mmcv_build.build_environment(['8.0', '9.0'])
    assert (env['FORCE_CUDA'], env['TORCH_CUDA_ARCH_LIST']) == ('1', '8.0;9.0')
    assert mmcv_build.build_environment([])['FORCE_CUDA'] == '0'


def test_toolkit_behind_a_script(tmp_path, monkeypatch):
    """torch would take the folder above the script's."""
    toolkit = tmp_path / 'cuda-13.0'
    (toolkit / 'bin').mkdir(parents=True)
    (toolkit / 'include').mkdir()
    script = tmp_path / 'local' / 'bin' / 'nvcc'
    script.parent.mkdir(parents=True)
    script.write_text('#!/bin/sh\n'
                      f'echo "#$ TOP={toolkit}/bin/.." >&2\n')
    script.chmod(0o755)
    monkeypatch.setenv('PATH', str(script.parent), prepend=os.pathsep)
    monkeypatch.delenv('CUDA_HOME', raising=False)
    monkeypatch.delenv('CUDA_PATH', raising=False)
    assert mmcv_build.toolkit_folder() is None
    (toolkit / 'include' / 'cuda_runtime_api.h').touch()
    assert mmcv_build.toolkit_folder() == str(toolkit)
    assert mmcv_build.build_environment(['9.0'])['CUDA_HOME'] == str(toolkit)
    assert 'CUDA_HOME' not in mmcv_build.build_environment([])
    monkeypatch.setenv('CUDA_HOME', '/own')
    assert mmcv_build.build_environment(['9.0'])['CUDA_HOME'] == '/own'


CUT_OFF_SETUP = """
import os, pathlib, sys
from setuptools import Extension, setup
assert 'bdist_wheel' in sys.argv
pathlib.Path('compiled').open('a').write('x')
if not os.environ.get('FAKE_READY'):
    sys.exit('the compiler was killed')
setup(name='mmcv', version='2.0.1', ext_modules=[Extension('_e', ['e.c'])])
"""


def test_build_that_was_cut_off_is_continued(tmp_path, monkeypatch):
    """Nothing that an earlier build compiled is lost."""
    fetched = []

    def fetch_source(folder, source, version):
        fetched.append(version)
        place = folder / 'mmcv-2.0.1'
        place.mkdir()
        (place / 'setup.py').write_text(CUT_OFF_SETUP)
        (place / 'e.c').write_text('int one(void) { return 1; }')
        return place

    monkeypatch.setattr(mmcv_build, 'fetch_source', fetch_source)
    monkeypatch.setattr(mmcv_build, 'patch_setup', lambda text, std: text)
    monkeypatch.setattr(mmcv_build, 'join_sources', lambda folder: None)
    monkeypatch.delenv('FAKE_READY', raising=False)
    source = mmcv_source.SOURCES['openmmlab']
    facts = dict(version='2.13.0+cpu', cuda=None, archs=[])
    with pytest.raises(mmcv_source.InstallError, match='exit code'):
        mmcv_build.build_wheel(tmp_path, facts, [], source, '2.0.1')
    compiled, = tmp_path.glob('build-*/mmcv-2.0.1/compiled')
    assert not list(tmp_path.glob('*.whl'))
    monkeypatch.setenv('FAKE_READY', '1')
    wheel = mmcv_build.build_wheel(tmp_path, facts, [], source, '2.0.1')
    assert fetched == ['2.0.1'] and wheel.is_file()
    assert [path.name for path in tmp_path.iterdir()] == [wheel.name]
    assert not compiled.exists()


def test_sources_are_joined(tmp_path):
    """Every op is compiled once, and mmcv's own pattern finds it."""
    folder = tmp_path / 'mmcv' / 'ops' / 'csrc' / 'pytorch'
    (folder / 'cpu').mkdir(parents=True)
    names = ['pybind', 'nms', 'psamask', 'cpu/nms', 'cpu/psamask']
    for name in names:
        (folder / f'{name}.cpp').write_text(f'// {name}\n')
    mmcv_source.join_sources(tmp_path)
    assert sorted(path.name for path in folder.glob('*.cpp')) == [
        'joined_pytorch.cpp', 'pybind.cpp']
    assert sorted(path.name for path in folder.glob('cpu/*.cpp')) == [
        'joined_cpu.cpp', 'psamask.cpp']
    compiled = ''
    for path in folder.rglob('*.cpp'):
        for line in path.read_text().splitlines():
            compiled += line if line.startswith('//') else (
                path.parent / line.split('"')[1]).read_text()
    assert all(compiled.count(f'// {name}') == 1 for name in names)
