import sys

import pytest

from tests.helpers import load_tool

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


@pytest.fixture
def tool():
    return load_tool('install_mmcv.py')


@pytest.mark.parametrize('version, std', [
    ('1.13.1', 'c++14'), ('2.0.1+cu118', 'c++14'), ('2.1.0', 'c++17'),
    ('2.13.0+cpu', 'c++17'), ('2.14.0', 'c++20'), ('2.9.1', 'c++17'),
    ('3.0.0a0+git1', 'c++20')
])
def test_cxx_standard(tool, version, std):
    assert tool.cxx_standard(version) == std


def test_cxx_standard_of_nonsense(tool):
    with pytest.raises(tool.InstallError, match="'parrots'"):
        tool.cxx_standard('parrots')


def test_patch_sets_every_standard(tool):
    text = tool.patch_setup(SETUP, 'c++20')
    assert text.count('-std=c++20') == 3
    assert '-std=c++14' not in text and '-std=c++17' not in text


def test_patched_version_is_readable_on_any_python(
        tool, tmp_path, monkeypatch):
    # Python 3.13 gives exec a copy of locals(); only code that does not
    # rely on locals() works on all.
    text = tool.patch_setup(SETUP, 'c++17')
    assert 'locals()' not in text
    (tmp_path / 'mmcv').mkdir()
    (tmp_path / 'mmcv' / 'version.py').write_text("__version__ = '9.8.7'\n")
    monkeypatch.chdir(tmp_path)
    scope = {'cuda_args': None}
    exec(text, scope)
    assert scope['get_version']() == '9.8.7'


def test_unknown_setup_is_refused(tool):
    with pytest.raises(tool.InstallError, match='no -std= flag'):
        tool.patch_setup('setup()', 'c++17')


def test_without_torch(tool, monkeypatch):
    monkeypatch.setattr(tool.importlib.util, 'find_spec', lambda name: None)
    with pytest.raises(tool.InstallError, match='pip install torch=='):
        tool.torch_facts()


def test_without_compiler(tool, monkeypatch):
    monkeypatch.setenv('CXX', 'no-such-compiler -O2')
    with pytest.raises(tool.InstallError,
                       match=r'\(no-such-compiler\).*apt-get install g\+\+'):
        tool.check_compilers(None)


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


def test_matching_nvcc_passes(tool, fake_cuda):
    fake_cuda('Cuda compilation tools, release 13.0, V13.0.48')
    tool.check_compilers('13.2')


@pytest.mark.parametrize('text, told', [
    ('Cuda compilation tools, release 11.8, V11.8.89', 'CUDA 11'),
    ('segmentation fault', 'an unknown version'),
])
def test_other_nvcc_is_refused(tool, fake_cuda, text, told):
    fake_cuda(text)
    with pytest.raises(tool.InstallError, match=f'{told}, .*--cpu'):
        tool.check_compilers('13.0')


def test_without_nvcc(tool, fake_cuda):
    with pytest.raises(tool.InstallError, match='nvcc was not found'):
        tool.check_compilers('13.0')


def test_wheels_of_different_builds_lie_apart(tool, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    cpu = dict(version='2.13.0+cpu', cuda=None)
    gpu = dict(version='2.11.0+cu130', cuda='13.0')
    folders = [tool.cache_dir(cpu, []), tool.cache_dir(gpu, []),
               tool.cache_dir(gpu, ['9.0']), tool.cache_dir(gpu, ['8.0'])]
    assert len(set(folders)) == 4
    assert folders[2].name.endswith(f'{tool.python_tag()}-cu130-90')
    assert folders[0].parent == tmp_path / 'mmextra' / 'wheels'
    assert tool.cache_dir(cpu, [], tmp_path).parent == tmp_path


def test_only_the_wheel_of_this_python_is_taken(tool, tmp_path):
    assert tool.find_wheel(tmp_path / 'absent') is None
    for name in ('mmcv-2.0.1-cp37-cp37m-linux_x86_64.whl',
                 'mmcv-2.0.1-py2.py3-none-any.whl',
                 f'mmcv-2.2.0-{tool.python_tag()}-{tool.python_tag()}-x.whl',
                 f'mmcv-2.0.1-{tool.python_tag()}-x.whl.part'):
        (tmp_path / name).touch()
    assert tool.find_wheel(tmp_path) is None
    tag = tool.python_tag()
    right = tmp_path / f'mmcv-2.0.1-{tag}-{tag}-linux_x86_64.whl'
    right.touch()
    assert tool.find_wheel(tmp_path) == right


@pytest.fixture
def main(tool, tmp_path, monkeypatch):
    """``main`` with everything that installs replaced by a record."""
    done = []
    facts = dict(version='2.13.0+cpu', cuda=None, archs=[])
    monkeypatch.setattr(tool, 'torch_facts', lambda: facts)
    monkeypatch.setattr(tool, 'check_compilers', lambda cuda: None)
    monkeypatch.setattr(tool, 'already_works', lambda cuda: False)
    monkeypatch.setattr(tool, 'pip', lambda *args: done.append(args))
    monkeypatch.setattr(tool, 'run', lambda command, **kwargs: None)
    monkeypatch.setattr(
        tool, 'build_wheel',
        lambda folder, facts, archs: done.append('build') or folder / 'new')
    folder = tool.cache_dir(facts, [], tmp_path)
    folder.mkdir()
    tag = tool.python_tag()
    kept = folder / f'mmcv-2.0.1-{tag}-{tag}-any.whl'
    kept.touch()

    def call(*args):
        monkeypatch.setattr(
            sys, 'argv', ['tool', '--wheel-dir', str(tmp_path), *args])
        tool.main()
        return done

    call.facts, call.kept = facts, kept
    return call


def test_kept_wheel_is_used(main):
    done = main()
    assert 'build' not in done
    assert ('install', '-q', main.kept) in done


def test_force_builds_in_spite_of_a_kept_wheel(main):
    done = main('--force')
    assert 'build' in done
    assert ('install', '-q', main.kept) not in done


def test_working_mmcv_is_left_alone(main, tool, monkeypatch):
    monkeypatch.setattr(tool, 'already_works', lambda cuda: True)
    assert main() == []


def test_kept_wheel_that_fails_is_named(main, tool, monkeypatch):
    def run(command, **kwargs):
        raise tool.InstallError('nms failed')

    monkeypatch.setattr(tool, 'run', run)
    with pytest.raises(tool.InstallError,
                       match='nms failed.*any.whl.*--force'):
        main()


def test_cuda_without_a_gpu_in_sight(main, tool):
    main.facts['cuda'] = '13.0'
    with pytest.raises(tool.InstallError, match='--arch 9.0.*--cpu'):
        main()


def test_arch_without_cuda(main, tool):
    with pytest.raises(tool.InstallError, match='torch has no CUDA'):
        main('--arch', '9.0')


def test_build_keeps_the_optimisation(tool, monkeypatch):
    """CFLAGS replaces Python's own flags: without -O ops crawl."""
    monkeypatch.delenv('CFLAGS', raising=False)
    flags = tool.build_environment([])['CFLAGS'].split()
    assert any(flag in ('-O2', '-O3') for flag in flags)
    assert flags[-1] == '-g0'
    monkeypatch.setenv('CFLAGS', '-O1 -march=native')
    flags = tool.build_environment([])['CFLAGS']
    assert flags == '-O1 -march=native -g0'


def test_build_for_cuda_is_forced_and_for_cpu_prevented(tool):
    env = tool.build_environment(['8.0', '9.0'])
    assert (env['FORCE_CUDA'], env['TORCH_CUDA_ARCH_LIST']) == ('1', '8.0;9.0')
    assert tool.build_environment([])['FORCE_CUDA'] == '0'
