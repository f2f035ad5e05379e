"""The configs of the pages build, their links lead somewhere."""
import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmextra.models.dense_heads import LASAMixin
from mmextra.models.necks import UNetNeck
from mmextra.models.task_modules.assigners import SameCenterAssigner

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md',
         *ROOT.glob('docs/*.md'), *ROOT.glob('configs/*/README.md')]
MIXING = [ROOT / 'docs' / 'mixing.md', ROOT / 'docs' / 'zoo.md']


def configs_in(page):
    """Python blocks that open with a comment of nothing but a file name."""
    return dict(
        re.findall(
            r'```python\n# (\w+\.py)\n(.*?)```',
            page.read_text(),
            flags=re.S))


CONFIGS = {name: text for page in MIXING
           for name, text in configs_in(page).items()}
# What a page shows how to write.
SHOWN = ('configs/tempered/coco.py', )
PAPER_CONFIGS = [
    pytest.param(text, id=f'{page.parent.name}-{name}')
    for page in ROOT.glob('configs/*/README.md')
    for name, text in configs_in(page).items()
]


def build(name, tmp_path, text=None):
    path = tmp_path / name
    path.write_text(text or CONFIGS[name])
    cfg = Config.fromfile(path)
    if 'backbone' in cfg.model:
        cfg.model.backbone.init_cfg = None
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    if cfg.default_scope == 'mmrotate':
        from mmrotate.registry import MODELS
    else:
        from mmdet.registry import MODELS
    return cfg, MODELS.build(cfg.model).eval()


@pytest.mark.parametrize('name, kind', [
    ('lasa_retinanet.py', 'RetinaHead'), ('lasa_fcos.py', 'RotatedFCOSHead')])
def test_lasa_in_stock_configs(name, kind, tmp_path):
    _, model = build(name, tmp_path)
    head = model.bbox_head
    assert isinstance(head, LASAMixin) and head.lasa is not None
    assert kind in [c.__name__ for c in type(head).__mro__]
    torch.manual_seed(0)
    for parameter in head.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.1)
    metas = [dict(img_shape=(64, 64), scale_factor=(1., 1.))]
    with torch.no_grad():
        outs = head(model.extract_feat(torch.randn(1, 3, 64, 64)))
        aligned = head.predict_by_feat(
            *outs, batch_img_metas=metas, with_nms=False)[0]
        head.lasa = None
        raw = head.predict_by_feat(
            *outs, batch_img_metas=metas, with_nms=False)[0]
    assert len(raw) > 0
    assert aligned.scores.tolist() != raw.scores.tolist()


def test_neck_and_assigner_in_stock_configs(tmp_path):
    _, model = build('unet_retinanet.py', tmp_path)
    assert isinstance(model.neck, UNetNeck)
    outs = model(torch.randn(1, 3, 64, 64))
    assert [o.shape[-1] for o in outs[0]] == [8, 4]
    _, model = build('same_center_retinanet.py', tmp_path)
    assert isinstance(model.bbox_head.assigner, SameCenterAssigner)


def test_every_config_of_the_guides_is_used(tmp_path):
    assert set(CONFIGS) == {
        'lasa_retinanet.py', 'lasa_fcos.py', 'unet_retinanet.py',
        'same_center_retinanet.py', 'lcrpn_faster_rcnn.py',
        'with_benchmark.py'
    }
    cfg, _ = build('with_benchmark.py', tmp_path)
    from mmdet.registry import HOOKS
    assert HOOKS.build(cfg.custom_hooks[0]).references


@pytest.mark.parametrize('text', PAPER_CONFIGS)
def test_configs_of_the_papers_pages_build(text, tmp_path):
    build('snippet.py', tmp_path, text)


@pytest.mark.parametrize('page', PAGES,
                         ids=lambda p: f'{p.parent.name}-{p.stem}')
def test_files_named_in_the_pages_exist(page):
    text = page.read_text()
    for link in re.findall(r'\]\((?!http)([^)#]+)\)', text):
        assert (page.parent / link).exists(), link
    for path in re.findall(
            r'\b(?:configs|tools)/[\w./-]+\.(?:py|sh)', text):
        assert (ROOT / path).exists() or path in SHOWN, path
