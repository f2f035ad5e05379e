import ast
import sys
from pathlib import Path

import pytest

from mmextra_stack import command
from tests.helpers import ROOT


def test_every_door_leads_to_a_script():
    for name, (script, text) in command.DOORS.items():
        assert (ROOT / 'tools' / script).is_file(), name
        assert text


@pytest.mark.parametrize('arguments', [[], ['--help'], ['-h']])
def test_usage_lists_the_doors(capsys, arguments):
    command.main(arguments)
    out = capsys.readouterr().out
    assert all(name in out for name in (*command.DOORS, 'doctor', 'tool'))


def test_unknown_command():
    with pytest.raises(SystemExit, match="no command 'trian'") as caught:
        command.main(['trian', 'larsd/hrsd.py'])
    assert 'usage: mmextra' in str(caught.value)


def test_unknown_script_lists_those_there_are():
    with pytest.raises(SystemExit, match='no script') as e:
        command.main(['tool', 'kmeans.py'])
    assert 'analysis_tools/kmeans_anchors.py' in str(e.value)


def test_configs_are_named_or_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    packaged = str(ROOT / 'configs/larsd/hrsd.py')
    assert command.find_config('larsd/hrsd.py') == packaged
    assert command.find_config('configs/larsd/hrsd.py') == packaged
    for other in ('larsd/absent.py', 'larsd', '--work-dir', 'epoch_1.pth',
                  '-larsd/hrsd.py'):
        assert command.find_config(other) == other
    own = Path('larsd/hrsd.py')
    own.parent.mkdir()
    own.touch()
    assert command.find_config('larsd/hrsd.py') == 'larsd/hrsd.py'


def test_a_tool_runs_as_if_called_by_its_path(tmp_path, monkeypatch):
    monkeypatch.setattr(command, 'resources', lambda: tmp_path)
    script = tmp_path / 'tools' / 'sub' / 'probe.py'
    script.parent.mkdir(parents=True)
    (script.parent / 'neighbour_of_probe.py').write_text('VALUE = 3')
    (tmp_path / 'configs').mkdir()
    (tmp_path / 'configs' / 'a.py').touch()
    script.write_text(
        'import sys\nfrom neighbour_of_probe import VALUE\n'
        'if __name__ == "__main__":\n'
        '    raise ValueError((VALUE, *sys.argv))')
    monkeypatch.setattr(sys, 'path', list(sys.path))
    monkeypatch.setattr(sys, 'argv', ['mmextra'])
    with pytest.raises(ValueError) as caught:
        command.main(['tool', 'sub/probe.py', 'a.py', '--x'])
    assert caught.value.args[0] == (
        3, str(script), str(tmp_path / 'configs' / 'a.py'), '--x')


def test_nothing_here_imports_the_stack_at_its_top():
    """It must run where torch or a host is missing or broken."""
    for path in (ROOT / 'mmextra_stack').glob('*.py'):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [node.module or ''] if isinstance(
                    node, ast.ImportFrom) else [a.name for a in node.names]
                assert getattr(node, 'level', 0) or all(
                    name.split('.')[0] in sys.stdlib_module_names
                    for name in names), path
