"""Parameters and multiplications of the parts of a feature forecast."""
from typing import Any, Dict, List, Sequence, Tuple

import torch
from torch import nn

from mmextra.models.detectors import FeatureForecastDetector
from mmextra.models.layers import CorrelationScheduler


def count_macs(module: nn.Module, inputs: Sequence,
               output: Any) -> int:
    """Multiplications of one call of a layer.

    Args:
        module (nn.Module): The layer.
        inputs (Sequence): Its inputs.
        output (Tensor): What it returned.

    Returns:
        int: The number; 0 for layers that are not counted.
    """
    if isinstance(module, nn.Conv2d):
        return output.shape[0] * module.weight.numel() * \
            output.shape[-2] * output.shape[-1]
    if isinstance(module, nn.Linear):
        return module.weight.numel() * output.numel() // output.shape[-1]
    if isinstance(module, CorrelationScheduler):
        # The rest of it are layers of their own.
        return inputs[0].numel() * (2 * module.max_displacement + 1)**2
    return 0


def part_costs(model: FeatureForecastDetector,
               size: int) -> List[Tuple[str, int, int]]:
    """Name, parameters and multiplications of every part.

    Args:
        model (FeatureForecastDetector): The model.
        size (int): Side of the images in pixels.

    Returns:
        list[tuple[str, int, int]]: The parts, the head last.
    """
    parts = dict(model.detector.named_children())
    parts.pop('data_preprocessor', None)
    for name in ('temporal', 'scheduler'):
        if getattr(model, name) is not None:
            parts[name] = getattr(model, name)
    macs: Dict[str, int] = dict.fromkeys(parts, 0)
    handles = []
    for name, part in parts.items():
        for module in part.modules():
            def add(module: nn.Module, inputs: Any, output: Any,
                    name: str = name) -> None:
                macs[name] += count_macs(module, inputs, output)
            handles.append(module.register_forward_hook(add))
    model.eval()
    with torch.no_grad():
        maps = model.extract_maps(torch.zeros(1, 3, size, size))
        step = model.step_maps(maps, None, ask_scheduler=True)
        model.detector.bbox_head(model.head_maps(step.det_feats))
    for handle in handles:
        handle.remove()
    return [(name, sum(p.numel() for p in part.parameters()), macs[name])
            for name, part in parts.items()]


def forecast_costs(model: FeatureForecastDetector, size: int) -> List[dict]:
    """Costs of the parts, and of a read and a forecast.

    Args:
        model (FeatureForecastDetector): The model.
        size (int): Side of the images in pixels.

    Returns:
        list[dict]: ``part``, ``params`` and ``macs``; the last two rows are
        ``read``, all parts, and ``forecast``, all but the backbone (and the
        neck, if the forecast is inserted after it).
    """
    rows: List[Dict[str, Any]] = [
        dict(part=name, params=params, macs=macs)
            for name, params, macs in part_costs(model, size)]
    only_read = {'backbone'} | ({'neck'} if model.insert == 'neck' else set())
    for name, wanted in (('read', rows), ('forecast', [
            row for row in rows if row['part'] not in only_read])):
        rows = [*rows, dict(part=name, **{
            key: sum(row[key] for row in wanted)
            for key in ('params', 'macs')})]
    return rows
