"""The pictures of the pages are what their tool draws today."""
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmextra.apis.paper_pictures import SCENES
from mmextra.utils import published_weights
from mmextra.visualization import PictureVisualizer
from tests.helpers import ROOT, load_tool

paper_pictures = load_tool('paper_pictures.py')
IMAGES = ROOT / 'docs' / 'images'


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    out = tmp_path_factory.mktemp('pictures')
    paper_pictures.main([str(out)])
    return out


FOUND = [f'{name}_found' for name in SCENES
         if f'{name}_{Path(SCENES[name].config).stem}' in published_weights()]


@pytest.mark.parametrize('name', [*(f'{paper}_scenes' for paper in SCENES),
                                  *FOUND])
def test_kept_pictures_are_today_s(drawn, name):
    kept, today = (cv2.imread(str(folder / f'{name}.jpg'))
                   for folder in (IMAGES, drawn))
    assert kept.shape == today.shape
    # Fonts, JPEG and random numbers of other versions may differ a little.
    assert np.abs(kept.astype(float) - today).mean() < 3


def test_every_strip_shows_boxes(drawn, tmp_path, monkeypatch):
    monkeypatch.setattr(PictureVisualizer, '_draw_instances',
                        lambda self, image, *args: image)
    paper_pictures.main([str(tmp_path)])
    for paper in SCENES:
        bare, full = (cv2.imread(str(folder / f'{paper}_scenes.jpg'))
                      for folder in (tmp_path, drawn))
        changed = np.abs(bare.astype(float) - full).max(-1) > 40
        # Outlines, not the whole scene.
        assert .002 < changed.mean() < .1, paper


def test_every_paper_has_its_picture_on_the_first_page():
    text = (ROOT / 'README.md').read_text()
    head = text[:text.index('\n## ')]
    shown = re.findall(r'docs/images/(\w+)_scenes\.jpg', head)
    assert sorted(shown) == sorted(SCENES)
    for paper in SCENES:
        path = IMAGES / f'{paper}_scenes.jpg'
        assert path.stat().st_size < 150_000


@pytest.mark.parametrize('name', FOUND)
def test_detections_are_on_the_paper_s_page(name):
    paper = name.removesuffix('_found')
    page = (ROOT / 'configs' / paper / 'README.md').read_text()
    assert f'docs/images/{name}.jpg' in page
    assert (IMAGES / f'{name}.jpg').stat().st_size < 150_000
