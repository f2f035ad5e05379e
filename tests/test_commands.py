"""Every command that a page, a config or a tool shows is one that runs.

Each tool reads its arguments and is stopped there.
"""
import argparse
import ast
import functools
import importlib.util
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

import pytest
from mmengine.config import Config

from mmextra.utils import stock_tools
from mmextra_stack import command

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r'```bash\n(.*?)```', re.S)
INLINE = re.compile(r'`((?:(?:python|bash) tools/|mmextra )[^`]+)`')
PAGES = [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md',
         *ROOT.glob('docs/*.md'), *ROOT.glob('configs/*/README.md')]
COMMENT = re.compile(r'^#\s+(python tools/.*)', re.M)
# In place of what a shell would run.
SHELL = """
set -e
show() { printf '%q ' "$@"; echo; }
python() { show python "$@"; }
bash() { show bash "$@"; }
mmextra() { show mmextra "$@"; }
shell_script() { show "$@"; }
cd() { :; }
pip() { :; }
mkdocs() { :; }
source() { :; }
pre-commit() { :; }
"""
CHECKPOINT = re.compile(r'work_dirs/([\w-]+)/(epoch|iter)_(\d+)\.pth')
# Of the shell scripts, which arguments are not those of the tool they run.
SCRIPTS = {
    'tools/dist_train.sh': ('tools/train.py', [1]),
    'tools/dist_test.sh': ('tools/test.py', [1]),
    'tools/slurm_train.sh': ('tools/train.py', [0, 1, 3]),
    'tools/slurm_test.sh': ('tools/test.py', [0, 1]),
    'tools/quickstart.sh': None,
    'tools/run_tests.sh': None,
    'tools/test_stacks.sh': None,
}


def expand(script: str) -> List[str]:
    """The commands of a script, each with its arguments as bash gives them
    to it; nothing is run."""
    script = re.sub(r'^(\w+=\S+ )*(tools/)', r'shell_script \2', script,
                    flags=re.M)
    done = subprocess.run(
        [shutil.which('bash'), '--norc', '-c', SHELL + script],
        env=dict(PATH='/nowhere'), cwd=ROOT, text=True, capture_output=True)
    assert done.returncode == 0, f'{script}\n{done.stderr}'
    return done.stdout.splitlines()


def commands() -> Dict[str, Path]:
    """Every command, and a file that shows it."""
    scripts = []
    for page in PAGES:
        text = page.read_text()
        scripts += [(block, page) for block in BLOCK.findall(text)]
        scripts += [(line.replace('\n', ' '), page)
                    for line in INLINE.findall(text) if '...' not in line]
    for config in ROOT.glob('configs/**/*.py'):
        text = re.sub(r'\\\n#', '', config.read_text())
        scripts += [(line, config) for line in COMMENT.findall(text)]
    for tool in ROOT.glob('tools/**/*.py'):
        text = ast.get_docstring(ast.parse(tool.read_text())) or ''
        scripts += [(line.strip(), tool) for line in
                    text.replace('\\\n', ' ').splitlines()
                    if line.strip().startswith('python tools/')]
    return {line: path for script, path in dict(scripts).items()
            for line in expand(script)}


COMMANDS = commands()


class Parsed(BaseException):
    """A tool has accepted its arguments."""


def parse(tool: str, arguments: List[str], monkeypatch) -> None:
    """Let a tool read its arguments, and nothing more."""
    original = argparse.ArgumentParser.parse_args

    def parse_args(self, *args, **kwargs):
        original(self, *args, **kwargs)
        raise Parsed

    monkeypatch.setattr(argparse.ArgumentParser, 'parse_args', parse_args)
    # The files are checked here; those of a training do not exist.
    for check in ('check_files', 'check_checkpoints'):
        monkeypatch.setattr(stock_tools, check, lambda *args: None)
    monkeypatch.setattr(sys, 'argv', [tool, *arguments])
    monkeypatch.setattr(sys, 'path', list(sys.path))
    with pytest.raises(Parsed):
        runpy.run_path(str(ROOT / tool), run_name='__main__')


@pytest.mark.parametrize('line', COMMANDS)
def test_command(line, monkeypatch):
    words = shlex.split(line)
    if words[0] == 'mmextra':
        if words[1] == 'doctor':
            return
        words = ['python', f'tools/{command.DOORS[words[1]][0]}',
                 *map(command.find_config, words[2:])]
        assert not any(word.endswith('.py') and not Path(word).is_file()
                       for word in words[2:]), line
    tool, *arguments = words[words[0] in ('python', 'bash'):]
    if tool == '-m':
        assert importlib.util.find_spec(arguments[0]), line
        return
    assert (ROOT / tool).is_file()
    configs = [word for word in arguments if word.startswith('configs/')]
    for word in configs:
        assert list(ROOT.glob(word)), word
    if tool.endswith('.sh'):
        if SCRIPTS[tool] is None:
            return
        tool, own = SCRIPTS[tool]
        arguments = [word for number, word in enumerate(arguments)
                     if number not in own]
    # Without arguments it lists what it can run.
    if arguments or tool != 'tools/mmdet_tool.py':
        parse(tool, arguments, monkeypatch)


def test_checkpoints_are_called_as_their_configs_say():
    files = [*ROOT.glob('configs/**/*.py'), *ROOT.glob('tools/**/*.py'),
             *PAGES]
    named = {(path.parent, *found): path for path in files
             for found in CHECKPOINT.findall(path.read_text())}
    assert len(named) > 5
    wrong = {}
    for (folder, stem, unit, number), path in named.items():
        own = folder / f'{stem}.py'
        configs = [own] if own.is_file() else ROOT.glob(
            f'configs/*/{stem}.py')
        if number not in [length(config, unit) for config in configs]:
            wrong[f'{stem}/{unit}_{number}'] = str(path)
    assert not wrong


@functools.lru_cache(maxsize=None)
def length(config: Path, unit: str) -> str:
    """How many epochs or iterations a config trains."""
    return str(Config.fromfile(config).train_cfg.get(f'max_{unit}s'))


def test_commands_are_found():
    tools = {line.split()[1] for line in COMMANDS}
    assert {'tools/train.py', 'tools/test.py', 'tools/run_benchmark.py',
            'tools/make_synthetic.py'} <= tools
