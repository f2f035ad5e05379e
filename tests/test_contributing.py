"""The worked example of CONTRIBUTING.md works."""
import re
import textwrap
from pathlib import Path

import pytest
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmextra.evaluation.references.loader import read_paper
from mmextra.models import dense_heads

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / 'CONTRIBUTING.md').read_text()
PARTS = {
    name: textwrap.dedent(text) for name, text in re.findall(
        r'   # ([\w.]+)\n(.*?)   ```', PAGE, flags=re.S)
}
NAME = 'TemperedRetinaHead'


@pytest.fixture
def head(monkeypatch):
    """The class of the page, as if the package held it."""
    space = {'__name__': 'tempered_retina_head'}
    exec(compile(PARTS['tempered_retina_head.py'],
                 'tempered_retina_head.py', 'exec'), space)
    monkeypatch.setattr(dense_heads, NAME, space[NAME], raising=False)
    yield space[NAME]
    MODELS.module_dict.pop(NAME)


def test_the_parts_are_all_there():
    assert set(PARTS) == {
        'tempered_retina_head.py', 'coco.py', 'test_tempered_retina_head.py',
        'tempered.yml'
    }


def test_config_and_paper_row(head, tmp_path):
    for name in ('coco.py', 'tempered.yml'):
        (tmp_path / name).write_text(PARTS[name])
    cfg = Config.fromfile(tmp_path / 'coco.py')
    cfg.model.backbone.init_cfg = None
    init_default_scope('mmdet')
    assert isinstance(MODELS.build(cfg.model).bbox_head, head)
    row, = read_paper(tmp_path / 'tempered.yml').rows
    assert row.id == cfg.custom_hooks[0].reference


def test_the_test_of_the_page_passes(head):
    space = {}
    exec(compile(PARTS['test_tempered_retina_head.py'], 'page', 'exec'),
         space)
    tests = [value for key, value in space.items() if key.startswith('test')]
    assert len(tests) == 2
    for test in tests:
        test()


def test_paths_of_the_page_exist():
    made_up = re.compile('tempered')
    for path in re.findall(
            r'\b(?:configs|tools|tests|mmextra)/[\w./-]+', PAGE):
        if not made_up.search(path):
            assert (ROOT / path.rstrip('.')).exists(), path
