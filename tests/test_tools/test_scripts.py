"""What holds for every script under tools."""
import ast
import subprocess
import sys

import pytest

from tests.helpers import TOOLS

# It installs what the package needs, so it cannot need the package.
SCRIPTS = sorted(set(TOOLS.rglob('*.py')) - {TOOLS / 'install_mmcv.py'})
MOST_LINES = 130
OTHERS = {'cv2', 'matplotlib', 'mmcv', 'mmdet', 'mmengine', 'mmrotate',
          'numpy', 'pycocotools', 'rich', 'torch', 'yaml'}


@pytest.mark.parametrize(
    'path', SCRIPTS, ids=lambda path: str(path.relative_to(TOOLS)))
def test_a_script_is_thin_and_says_what_it_needs(path):
    text = path.read_text()
    assert 'sys.path' not in text and len(text.splitlines()) <= MOST_LINES
    imported = [node for node in ast.walk(ast.parse(text))
                if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = [node.module if isinstance(node, ast.ImportFrom)
             else node.names[0].name for node in imported]
    first = next(name.split('.')[0] for name in names
                 if name.split('.')[0] in {'mmextra', *OTHERS})
    # It explains what is missing of the others.
    assert first == 'mmextra'
    line = next(line for line in text.splitlines()
                if line.startswith('import mmextra'))
    assert 'if not found: pip install -e .' in line


def test_without_the_package_the_remedy_is_shown(tmp_path):
    done = subprocess.run(
        [sys.executable, '-I', '-S', str(TOOLS / 'train.py')],
        cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "No module named 'mmextra'" in done.stderr
    assert 'if not found: pip install -e .' in done.stderr


def test_the_installer_needs_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, '-I', '-S', str(TOOLS / 'install_mmcv.py'),
         '--help'], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
