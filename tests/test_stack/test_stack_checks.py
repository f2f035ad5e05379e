import builtins
import sys
import types

import pytest

from mmextra import compat
from mmextra_stack import checks, doctor, families
from mmextra_stack.families import ONEDL, OPENMMLAB


@pytest.fixture
def versions(monkeypatch):
    """Let pip's record say what a test wants."""
    told = {name: version for family in (OPENMMLAB, ONEDL)
            for name, version in families.installed_of(family).items()}

    def installed(name):
        if name in told or name in every:
            return told.get(name)
        return own(name)

    own = families.installed
    every = {*OPENMMLAB.distributions.values(), *ONEDL.distributions.values(),
             'mmcv-lite'}
    for module in (families, checks, doctor):
        monkeypatch.setattr(module, 'installed', installed)
    return told


def first_problem() -> str:
    """The sentence, which import and doctor must have in common."""
    with pytest.raises(ImportError) as caught:
        compat.check_stack()
    text = str(caught.value)
    assert text.endswith('.') and '\n' not in text
    assert text == doctor.examine()[0][0] + '.'
    return text


def test_this_stack_has_no_problem():
    assert list(checks.problems()) == []
    assert doctor.examine()[0] == []


def test_both_families_at_once(versions):
    versions.update({'mmdet': '3.3.0', 'onedl-mmdetection': '3.5.1'})
    text = first_problem()
    assert "OpenMMLab's" in text and "onedl's" in text
    uninstall = text.split('uninstall -y ')[1].split('"')[0].split()
    assert set(uninstall) == set(versions)
    assert 'install_mmcv' in text or 'install-mmcv' in text


def test_old_python(monkeypatch):
    monkeypatch.setattr(sys, 'version_info', (3, 9, 18))
    text = first_problem()
    assert 'Python 3.10 or newer, this is 3.9.18' in text
    assert '-m venv' in text


def test_only_openmmlab_needs_pkg_resources(versions, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pkg_resources', None)
    monkeypatch.setattr(
        checks.importlib.util, 'find_spec', lambda name: None
        if name == 'pkg_resources' else types.SimpleNamespace())
    for name in list(versions):
        del versions[name]
    versions.update({'mmengine': '0.10.7'})
    assert "pip install 'setuptools<82'" in checks._pkg_resources()
    versions.clear()
    versions.update({'onedl-mmengine': '0.10.12'})
    assert checks._pkg_resources() is None


def test_onedl_mmrotate_imports_torchvision(versions, monkeypatch):
    monkeypatch.setattr(checks, '_is_there', lambda name: False)
    versions.clear()
    assert checks._torchvision() is None
    versions['onedl-mmrotate'] = '1.2.1'
    text = checks._torchvision()
    torch = families.installed('torch')
    assert f'run "pip install torchvision torch=={torch}"' in text
    monkeypatch.setattr(checks, '_is_there', lambda name: True)
    assert checks._torchvision() is None


@pytest.mark.parametrize('name, version', [
    ('mmdet', '2.28.0'), ('mmcv', '1.7.2'), ('mmengine', '0.8.4'),
    ('mmrotate', '0.3.4')])
def test_old_host(versions, name, version):
    family = families.present_family()
    versions[family.distributions[name]] = version
    text = first_problem()
    assert f'needs {name} {family.tried[name][0]} or newer' in text
    assert f'found {version}' in text


def test_newer_host_warns(versions):
    family = families.present_family()
    versions[family.distributions['mmdet']] = '3.9.0'
    with pytest.warns(UserWarning, match='mmdet 3.*found 3.9.0'):
        compat.check_stack()


def test_ops_of_another_torch(versions, monkeypatch):
    own = builtins.__import__

    def fail(name):
        if name == 'mmcv.ops':
            raise ImportError('undefined symbol: _ZN3c10\nlong story')
        return own(name)

    monkeypatch.setattr(checks.importlib, 'import_module', fail)
    text = first_problem()
    assert 'undefined symbol: _ZN3c10)' in text
    assert 'install-mmcv"' in text or 'install_mmcv.py"' in text
    assert 'mmcv-lite' not in text
    versions['mmcv-lite'] = '2.0.1'
    assert 'run "pip uninstall -y mmcv-lite", then' in first_problem()


@pytest.mark.parametrize('name, others', [
    ('mmdet', dict(mmcv='2.2.0')),
    ('mmrotate', dict(mmcv='2.2.0', mmdet='3.3.0'))])
def test_limits_are_lent(versions, monkeypatch, tmp_path, name, others):
    """A host that asserts the others' versions, as OpenMMLab's do."""
    versions.clear()
    limits = dict(mmcv=(2, 1), mmdet=(3, 1))
    lines = [f'import {other}; from mmextra_stack.families import '
             f'version_tuple; assert version_tuple({other}.__version__)[:2] '
             f'<= {limits[other]}' for other in others]
    (tmp_path / f'{name}.py').write_text('\n'.join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, name, raising=False)
    for other, version in others.items():
        monkeypatch.setattr(sys.modules[other], '__version__', version)
    assert checks.import_host(name).__file__.startswith(str(tmp_path))
    for other, version in others.items():
        assert sys.modules[other].__version__ == version


def test_commands_in_a_wheel(monkeypatch):
    monkeypatch.setattr(families, 'checkout', lambda: None)
    assert families.install_mmcv_command() == 'mmextra install-mmcv'
    assert families.extra_command(ONEDL) == 'pip install "mmextra[onedl]"'


def test_commands_in_a_checkout(monkeypatch, tmp_path):
    monkeypatch.setattr(families, 'checkout', lambda: tmp_path)
    assert families.extra_command(OPENMMLAB) == \
        f'pip install -e "{tmp_path}[openmmlab]"'
    monkeypatch.setattr(families, 'installed', lambda name: None)
    assert families.install_mmcv_command() == \
        f'python {tmp_path}/tools/install_mmcv.py'
    monkeypatch.setattr(families, 'installed', lambda name: '1.0')
    assert families.install_mmcv_command() == 'mmextra install-mmcv'


def test_doctor_prints_the_stack(capsys):
    assert doctor.main([]) == 0
    out = capsys.readouterr().out
    import mmdet
    import torch
    assert torch.__version__ in out and mmdet.__version__ in out
    assert 'mmextra works on this stack.' in out


def test_doctor_fails_with_what_mends(versions, capsys):
    versions['onedl-mmdetection'] = versions['mmdet'] = '3.3.0'
    assert doctor.main([]) == 1
    out = capsys.readouterr().out
    assert 'PROBLEM' in out and 'pip uninstall -y' in out
    assert 'works' not in out
