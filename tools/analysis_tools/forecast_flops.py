"""Parameters and multiplications of the parts of a feature forecast.

Convolutions and fully connected layers are counted by their shapes, biases,
activations and normalisation are not; the correlation as products over all
displacements. A read costs everything, a forecast all but the backbone (and
the neck, if the forecast is inserted after it).

Example:
    python tools/analysis_tools/forecast_flops.py \
        configs/feature_forecast/imagenet_vid.py
"""
import argparse
import sys
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

# First, because it explains what is missing.
import mmextra  # noqa: E402, F401  # isort: skip
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from rich.console import Console
from rich.table import Table
from torch import nn

from mmextra.models.detectors import FeatureForecastDetector
from mmextra.models.layers import CorrelationScheduler


def count_macs(module: nn.Module, inputs: Sequence, output) -> int:
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


def measure(model: FeatureForecastDetector,
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
            def add(module, inputs, output, name=name):
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


def main(argv: Optional[Sequence[str]] = None) -> List[dict]:
    """Command line; returns the rows that it prints."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config')
    parser.add_argument('--size', type=int, default=320)
    args = parser.parse_args(argv)
    cfg = Config.fromfile(args.config)
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    model = MODELS.build(cfg.model)
    if not isinstance(model, FeatureForecastDetector):
        sys.exit('forecast_flops.py: the config has a '
                 f'{type(model).__name__}; for it there is "python '
                 'tools/mmdet_tool.py analysis_tools/get_flops.py"')
    parts = measure(model, args.size)
    only_read = {'backbone'} | ({'neck'} if model.insert == 'neck' else set())
    rows = [dict(part=name, params=params, macs=macs)
            for name, params, macs in parts]
    for name, wanted in (('read', rows), ('forecast', [
            r for r in rows if r['part'] not in only_read])):
        rows = rows + [dict(part=name, params=sum(
            r['params'] for r in wanted), macs=sum(
                r['macs'] for r in wanted))]
    table = Table(title=f'{Path(args.config).stem}, 1 x {args.size} x '
                  f'{args.size}')
    for heading in ('part', 'parameters, M', 'multiplications, M'):
        table.add_column(heading)
    for row in rows:
        table.add_row(row['part'], f'{row["params"] / 1e6:.2f}',
                      f'{row["macs"] / 1e6:.1f}')
    Console(width=100).print(table)
    return rows


if __name__ == '__main__':
    main()
