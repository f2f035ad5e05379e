"""Weights, state and arithmetic of configs, as Table 1 counts them.

Research only, not a medical device.
"""
import copy
from functools import partial
from pathlib import Path
from typing import List, Optional, Sequence

import torch
from mmdet.models.detectors import BaseDetector
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config
from mmengine.structures import InstanceData

from mmextra.evaluation.benchmark import model_facts
from mmextra.evaluation.references import get_reference
from mmextra.utils.untrained_model import build_untrained

# Rows of Table 1 and the configs that build them.
BACKBONES = dict(
    ResNet50='r50', ResNet18='r18', ResNet18_T1='r18_t1',
    ResNet18_T2='r18_t2', ResNet34='r34', ResNet34_T1='r34_t1',
    ResNet34_T2='r34_t2')
R50 = Path('_base_', 'models', 'lesion_mask_rcnn_r50.py')


def state_of(module: torch.nn.Module) -> int:
    """Numbers in a module's state dict."""
    return sum(value.numel() for value in module.state_dict().values())


def paper_state(cfg: dict, model: torch.nn.Module, configs: Path) -> int:
    """The state as the paper counted it.

    Args:
        cfg (dict): Config of the model.
        model (nn.Module): The model of the config.
        configs (Path): The project's ``configs``.

    Returns:
        int: State of the full model less that of the deleted stages.
    """
    truncation = cfg['backbone'].get('truncation', 0)
    if truncation:
        full_cfg = copy.deepcopy(cfg)
        full_cfg['backbone']['truncation'] = 0
        full_cfg['backbone']['init_cfg'] = None
        backbone = MODELS.build(full_cfg['backbone'])
        full_cfg['neck']['in_channels'] = backbone.out_channels[-1]
        full = MODELS.build(full_cfg)
        deleted = full.backbone.res_layers[-truncation:]
        return state_of(full) - sum(
            state_of(getattr(full.backbone, name)) for name in deleted)
    total = state_of(model)
    if cfg['type'] == 'COVIDCTMaskNet' and cfg['backbone']['depth'] == 50:
        head = Config.fromfile(configs / R50).model.roi_head.mask_head
        head.num_classes = cfg['roi_head']['bbox_head']['num_classes']
        total += state_of(MODELS.build(head))
    return total


def flops_of(model: BaseDetector, height: int, width: int) -> float:
    """Multiply-accumulate operations of one forward pass without
    post-processing, as mmengine counts them."""
    sample = DetDataSample(metainfo=dict(
        img_shape=(height, width), ori_shape=(height, width),
        pad_shape=(height, width), batch_input_shape=(height, width),
        scale_factor=(1., 1.), img_path='random'))
    sample.gt_instances = InstanceData()
    image = torch.randint(0, 256, (3, height, width))
    data = model.data_preprocessor(
        dict(inputs=[image], data_samples=[sample]), False)
    model.eval()
    model.forward = partial(model.forward, data_samples=data['data_samples'])
    with torch.no_grad():
        return get_model_complexity_info(
            model, None, inputs=data['inputs'], show_table=False,
            show_arch=False)['flops']


def count_parameters(path: Path, configs: Path,
                     shape: Optional[Sequence[int]] = None) -> dict:
    """All counts of a config.

    Args:
        path (Path): The config.
        configs (Path): The project's ``configs``.
        shape (Sequence[int], optional): Height and width for the operations.

    Returns:
        dict: ``weights``, ``trainable``, ``state``, ``paper_way`` (None for
        models of other backbones) and, with ``shape``, ``gflops``.
    """
    cfg = Config.fromfile(path)
    # How many RoIs are left to count for depends on the weights.
    torch.manual_seed(0)
    model = build_untrained(cfg)
    facts = model_facts(model)
    truncated = cfg.model.backbone.type == 'TruncatedResNet'
    row = dict(
        config=path.stem,
        weights=facts['parameters'],
        trainable=facts['trainable'],
        state=facts['state'],
        paper_way=(paper_state(cfg.model, model, configs)
                   if truncated else None))
    if shape:
        row['gflops'] = flops_of(model, *shape) / 1e9
    return row


def table1(configs: Path,
           shape: Optional[Sequence[int]] = None) -> List[dict]:
    """The 14 rows of Table 1, each with the printed millions.

    See :func:`count_parameters`.
    """
    rows = []
    for kind, prefix, dataset in (('seg', 'cncb', 'CNCB'),
                                  ('cls', 'covidx', 'COVIDx-CT')):
        for name, suffix in BACKBONES.items():
            row = count_parameters(
                configs / 'covid_ct_mask_net' / f'{prefix}-{suffix}.py',
                configs, shape)
            reference = get_reference(
                f'covid_ct_mask_net/table1/{kind}_{name}/{dataset}')
            row['printed'] = reference.values[
                'Total parameters'].value
            rows.append(row)
    return rows
