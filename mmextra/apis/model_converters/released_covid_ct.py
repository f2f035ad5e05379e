"""Weights in the layout of the released COVID-CT-Mask-Net.

Research only, not a medical device.
"""
import pickle
import re
from types import SimpleNamespace
from typing import Any, Dict, Optional

import torch
from torch import Tensor

# Their names, and ours.
RULES = [(re.compile(pattern), replacement) for pattern, replacement in (
    (r'backbone\.body\.(.+)', r'backbone.\1'),
    (r'backbone\.fpn\.inner_blocks\.(\d+)\.(.+)',
     r'neck.lateral_convs.\1.conv.\2'),
    (r'backbone\.fpn\.layer_blocks\.(\d+)\.(.+)',
     r'neck.fpn_convs.\1.conv.\2'),
    (r'rpn\.head\.conv\.(.+)', r'rpn_head.rpn_conv.\1'),
    (r'rpn\.head\.cls_logits\.(.+)', r'rpn_head.rpn_cls.\1'),
    (r'rpn\.head\.bbox_pred\.(.+)', r'rpn_head.rpn_reg.\1'),
    (r'roi_heads\.box_head\.fc6\.(.+)',
     r'roi_head.bbox_head.shared_fcs.0.\1'),
    (r'roi_heads\.box_head\.fc7\.(.+)',
     r'roi_head.bbox_head.shared_fcs.1.\1'),
    (r'roi_heads\.box_predictor\.cls_score\.(.+)',
     r'roi_head.bbox_head.fc_cls.\1'),
    (r'roi_heads\.box_predictor\.bbox_pred\.(.+)',
     r'roi_head.bbox_head.fc_reg.\1'),
    (r'roi_heads\.mask_head\.mask_fcn(\d+)\.(.+)',
     r'roi_head.mask_head.convs.\1.conv.\2'),
    (r'roi_heads\.mask_predictor\.conv5_mask\.(.+)',
     r'roi_head.mask_head.upsample.\1'),
    (r'roi_heads\.mask_predictor\.mask_fcn_logits\.(.+)',
     r'roi_head.mask_head.conv_logits.\1'),
    (r's2new\.fc_scores\.(.+)', r'img_head.fcs.0.\1'),
    (r's2new\.fc_scores_2\.(.+)', r'img_head.fcs.1.\1'),
    # The released code has the longer name, the paper's text the other.
    (r's2new\.fc_(?:scores_)?img\.(.+)', r'img_head.fc_img.\1'),
)]
SAFE = {('collections', 'OrderedDict'),
        ('torch._utils', '_rebuild_tensor_v2'),
        ('torch._utils', '_rebuild_parameter')}


class Stub:
    """Stands in for every object that is no tensor."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass


class TensorUnpickler(pickle.Unpickler):
    """Unpickles tensors; everything else becomes a :class:`Stub`."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in SAFE or (
                module == 'torch' and name.endswith('Storage')):
            return super().find_class(module, name)
        return Stub


def load_tensors(path: str) -> Dict[str, Tensor]:
    """The tensors of a file, whatever else it pickles.

    Args:
        path (str): A file of ``torch.save``.

    Returns:
        dict[str, Tensor]: The largest dictionary of tensors in it.

    Raises:
        ValueError: If it has none.
    """
    tensors_only = SimpleNamespace(
        __name__='tensors_only', Unpickler=TensorUnpickler,
        load=lambda file, **kwargs: TensorUnpickler(file, **kwargs).load())
    loaded = torch.load(path, map_location='cpu', weights_only=False,
                        pickle_module=tensors_only)
    if not isinstance(loaded, dict):
        raise ValueError(f'{path}: holds no weights but {type(loaded)}')
    found = [loaded] + [v for v in loaded.values() if isinstance(v, dict)]
    tensors = max(({k: v for k, v in each.items() if isinstance(v, Tensor)}
                   for each in found), key=len)
    if not tensors:
        raise ValueError(f'{path}: holds no tensors')
    return tensors


def rename(name: str) -> Optional[str]:
    """Our name of a weight; None if there is no such weight here."""
    for pattern, replacement in RULES:
        if pattern.fullmatch(name):
            return pattern.sub(replacement, name)
    return None


def from_released(weights: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Rename the weights and reorder those that depend on classes.

    The background comes first there and last here; its rows of boxes and
    masks, which are never used, do not exist here; their convolutions of
    masks count from 1.

    Args:
        weights (dict[str, Tensor]): In the released layout.

    Returns:
        dict[str, Tensor]: In ours.

    Raises:
        ValueError: If a name is unknown.
    """
    converted, unknown = {}, []
    for name, value in weights.items():
        new = rename(name)
        if new is None:
            unknown.append(name)
            continue
        if '.fc_cls.' in new:
            value = value.roll(-1, dims=0)
        elif '.fc_reg.' in new:
            value = value[4:]
        elif '.conv_logits.' in new:
            value = value[1:]
        elif '.mask_head.convs.' in new:
            new = re.sub(r'convs\.(\d+)',
                         lambda m: f'convs.{int(m.group(1)) - 1}', new)
        converted[new] = value
    if unknown:
        raise ValueError(
            f'{len(unknown)} unknown weights, the first: '
            f'{", ".join(unknown[:5])}')
    return converted
