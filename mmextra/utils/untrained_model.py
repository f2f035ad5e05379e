"""Models of configs without weights, so that nothing is downloaded."""
import copy
from typing import Any

from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.model import BaseModel
from mmengine.registry import init_default_scope


def load_config(name: str) -> Config:
    """A config file, or one of an installed package (``mmdet::...``)."""
    return get_config(name) if '::' in name else Config.fromfile(name)


def _drop_pretrained(node: Any) -> None:
    """Let parts of a model's config be initialised by chance, in place."""
    if isinstance(node, dict):
        init = node.get('init_cfg')
        inits = init if isinstance(init, list) else [init]
        if any(each and each.get('type') == 'Pretrained' for each in inits):
            node['init_cfg'] = None
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for each in node:
            _drop_pretrained(each)


def build_untrained(cfg: Config) -> BaseModel:
    """The model of a config, for what does not depend on its weights.

    Args:
        cfg (Config): The config, which stays as it is. Its
            ``default_scope`` becomes the current one.

    Returns:
        BaseModel: The model; no part is pretrained, so ``init_weights``
        downloads nothing.
    """
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    # Detectors change the configs of their parts.
    model = copy.deepcopy(cfg.model)
    _drop_pretrained(model)
    return MODELS.build(model)
