"""The snippets that begin with trained weights do what they say."""
import re

import pytest
import torch
from mmengine.config import Config

from mmextra.utils import published_weights
from tests.helpers import ROOT, load_tool

PAGES = ['docs/start.md', 'weights/README.md']


def python_blocks(page):
    return [block for block in re.findall(
        r'```python\n(.*?)```', (ROOT / page).read_text(), flags=re.S)
        if 'mmextra://' in block]


@pytest.fixture(scope='module')
def harbour(tmp_path_factory):
    """A folder with the images of the snippets."""
    folder = tmp_path_factory.mktemp('snippets')
    load_tool('make_synthetic.py').main(
        ['harbour', str(folder / 'data/synthetic_harbour'),
         '--num-train', '1', '--num-val', '1', '--num-test', '2'])
    (folder / 'configs').symlink_to(ROOT / 'configs')
    return folder


@pytest.mark.parametrize('page', PAGES)
def test_snippets_find_ships(page, harbour, monkeypatch):
    pytest.importorskip('mmrotate')
    monkeypatch.chdir(harbour)
    block, = python_blocks(page)
    names = {}
    exec(block, names)
    found = names['result'].pred_instances
    assert found.bboxes.shape[1] == 5
    assert (found.scores > .5).sum() >= 2
    assert torch.isfinite(found.bboxes.tensor if hasattr(
        found.bboxes, 'tensor') else found.bboxes).all()


def test_the_demo_takes_a_name(harbour, tmp_path, monkeypatch):
    pytest.importorskip('mmrotate')
    monkeypatch.chdir(harbour)
    image = 'data/synthetic_harbour/FullDataSet/AllImages/100200001.bmp'
    demo = load_tool('image_demo.py')
    arguments = [image, 'configs/larsd/synthetic.py']
    demo.main([*arguments, 'mmextra://larsd_synthetic', '--out-dir',
               str(tmp_path / 'out')])
    assert len(list((tmp_path / 'out').iterdir())) == 1
    with pytest.raises(SystemExit, match='no weights mmextra://larsd_sea'):
        demo.main([*arguments, 'mmextra://larsd_sea', '--out-dir',
                   str(tmp_path / 'none')])


def test_the_page_names_the_config_of_each():
    page = (ROOT / 'weights' / 'README.md').read_text()
    for name, weights in published_weights().items():
        config = weights.config.removeprefix('configs/')
        assert f'| `mmextra://{name}` | `{config}` |' in page
        assert Config.fromfile(ROOT / weights.config).model
