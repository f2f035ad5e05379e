"""What holds for every script under tools."""
import ast
import re
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


LOGGED = """\
11/29 08:00:00 - mmengine - INFO - Epoch(train)  [1][ 10/120]  base_lr: \
1.0e-03 lr: 1.0e-03  eta: 0:09:00  time: 0.3  data_time: 0.1  loss: 3.1  \
loss_cls: 1.0  loss_bbox: 2.1
11/29 08:00:30 - mmengine - INFO - Epoch(train)  [1][120/120]  base_lr: \
1.0e-03 lr: 1.0e-03  eta: 0:08:00  time: 0.3  data_time: 0.1  \
grad_norm: 5.5  loss: 2.4000  loss_cls: 0.9  loss_bbox: 1.5
11/29 08:00:31 - mmengine - INFO - Saving checkpoint at 1 epochs
11/29 08:00:40 - mmengine - INFO - Epoch(val) [12][1/5]    eta: 0:00:04
11/29 08:00:50 - mmengine - INFO - Epoch(val) [12][5/5]    \
voc07/AP50: 0.8250  voc12/AP50: 0.8500
11/29 08:00:50 - mmengine - INFO - resumed epoch: 12, iter: 1440
"""


def test_quick_start_shows_one_line_an_epoch():
    """Its whole output is to fit two screens."""
    script = (TOOLS / 'quickstart.sh').read_text()
    results = re.search("^results='(.*?)'$", script, re.M | re.S)[1]
    shown = subprocess.run(
        ['sed', '-un', results], input=LOGGED, text=True, check=True,
        capture_output=True).stdout.splitlines()
    assert shown == [
        'Epoch(train)  [1]  eta: 0:08:00  loss: 2.4000',
        'Epoch(val) [12][5/5]    voc07/AP50: 0.8250  voc12/AP50: 0.8500',
        '11/29 08:00:50 - mmengine - INFO - resumed epoch: 12, iter: 1440']
