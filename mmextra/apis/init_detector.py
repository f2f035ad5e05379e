"""Detectors for inference, faster without another result."""
from pathlib import Path
from typing import Any, Optional, Sequence, Tuple, Union, cast

import torch
from mmcv.cnn import fuse_conv_bn
from mmcv.ops import RoIAlign
from mmdet.apis import init_detector as init_stock_detector
from mmdet.models.roi_heads.roi_extractors import BaseRoIExtractor
from mmengine.config import Config
from torch import Tensor, nn

from mmextra.models.layers import BagRoIAlign
from mmextra.utils.checkpoint_fit import check_fit


def init_detector(config: Union[str, Path, Config],
                  checkpoint: Optional[str] = None,
                  device: str = 'cuda:0',
                  *,
                  fold_norm: bool = False,
                  channels_last: bool = False,
                  bag_roi_align: bool = False,
                  **kwargs: Any) -> nn.Module:
    """mmdet's ``init_detector``, with what makes inference faster.

    The results are the same but for rounding. A model that was changed so
    cannot be trained, and its weights do not go back into a checkpoint.
    Unlike mmdet's it refuses a checkpoint of another model.

    Args:
        config (str, Path or Config): Config of any detector of mmdet or
            mmrotate.
        checkpoint (str, optional): Its weights.
        device (str): Where to run it.
        fold_norm (bool): See :func:`fold_norms`.
        channels_last (bool): See :func:`use_channels_last`.
        bag_roi_align (bool): See :func:`use_bag_roi_align`.
        **kwargs: See :func:`mmdet.apis.init_detector`.

    Returns:
        nn.Module: The detector in evaluation mode.

    Raises:
        ValueError: If the checkpoint is not one of this model, see
            :func:`~mmextra.utils.checkpoint_fit.check_fit`.
    """
    model = init_stock_detector(config, checkpoint, device=device, **kwargs)
    if checkpoint is not None:
        check_fit(model, str(checkpoint))
    if bag_roi_align:
        use_bag_roi_align(model)
    if fold_norm:
        fold_norms(model)
    if channels_last:
        use_channels_last(model)
    return model


def fold_norms(model: nn.Module) -> None:
    """Fold batch normalisation into the convolutions before it, in place.

    In backbone and neck alone: heads share convolutions between the levels
    that have a normalisation each.

    Args:
        model (nn.Module): A detector in evaluation mode.
    """
    for part in _feature_parts(model):
        fuse_conv_bn(part)


def use_bag_roi_align(model: nn.Module) -> None:
    """Exchange mmcv's RoIAlign for one that is faster on a CPU, in place.

    Args:
        model (nn.Module): A two-stage detector; others stay as they are. On
            a CUDA device nothing changes, see :class:`BagRoIAlign`.
    """
    for extractor in model.modules():
        if isinstance(extractor, BaseRoIExtractor):
            extractor.roi_layers = nn.ModuleList(
                _bag_layer(layer) for layer in extractor.roi_layers)


def _bag_layer(layer: nn.Module) -> nn.Module:
    if type(layer) is not RoIAlign:
        return layer
    return BagRoIAlign(
        layer.output_size, layer.spatial_scale, layer.sampling_ratio,
        layer.pool_mode, layer.aligned, layer.use_torchvision)


def use_channels_last(model: nn.Module) -> None:
    """Let backbone and neck work with the channels innermost, in place.

    The maps leave them in the usual order, for mmcv's operators on CPUs read
    the memory without looking at its order: RoIAlign of a map in
    ``channels_last`` is silently wrong. Those inside a backbone, such as
    deformable convolutions, refuse such maps, and so does this.

    Args:
        model (nn.Module): A detector in evaluation mode.

    Raises:
        TypeError: If backbone or neck has an operator of mmcv.
    """
    parts = _feature_parts(model)
    for part in parts:
        for name, module in part.named_modules():
            if type(module).__module__.startswith('mmcv.ops.'):
                raise TypeError(
                    f'{name} of {type(part).__name__} is a '
                    f'{type(module).__name__} of mmcv, which needs maps in '
                    'the usual order; leave channels_last off')
        cast(Any, part).to(memory_format=torch.channels_last)
    parts[-1].register_forward_hook(_in_usual_order)


def _feature_parts(model: nn.Module) -> Sequence[nn.Module]:
    """Backbone and, if there is one, neck of a detector or of the one that
    it wraps."""
    detector = getattr(model, 'detector', model)
    return [part for part in (getattr(detector, 'backbone', None),
                              getattr(detector, 'neck', None))
            if isinstance(part, nn.Module)]


def _in_usual_order(module: nn.Module, args: Any,
                    maps: Sequence[Tensor]) -> Tuple[Tensor, ...]:
    return tuple(each.contiguous() for each in maps)
