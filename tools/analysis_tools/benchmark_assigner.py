"""Compare the speed of label assignment on the same priors and boxes.

LARSD's assigner needs one table of shapes and boxes, the stock one the
rotated IoU of every prior and box. Both take turns in one process, so
whatever else the machine does hits both alike.

Example:
    python tools/analysis_tools/benchmark_assigner.py --objects 5 20 100
"""
import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

# First, because it explains what is missing.
import mmextra  # noqa: E402, F401  # isort: skip
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmrotate.registry import TASK_UTILS
from mmrotate.structures.bbox import RotatedBoxes
from rich.console import Console
from rich.table import Table

from mmextra.evaluation.benchmark import write_atomic
from mmextra.evaluation.speed import random_batch, take_turns, time_call

MODELS = Path(__file__).resolve().parents[2] / 'configs/_base_/models'


def contestants(size: int, objects: int) -> Dict[str, Callable[[], object]]:
    """Both assigners, ready to run on one image.

    Args:
        size (int): Side of the image in pixels.
        objects (int): Number of ground truths.

    Returns:
        dict[str, Callable]: Name and call without arguments.
    """
    init_default_scope('mmrotate')
    larsd = Config.fromfile(MODELS / 'larsd_r101.py').model
    stock = Config.fromfile(MODELS / 'rotated_retinanet_r101.py').model
    generator = TASK_UTILS.build(larsd.bbox_head.anchor_generator)
    priors = generator.grid_priors(
        [(size // stride[1], size // stride[0])
         for stride in generator.strides], device='cpu')
    points = [level[::count, :2] for level, count in zip(
        priors, generator.num_base_priors)]
    batch = random_batch(1, size, objects, 1, rotated=True)
    gts = batch['data_samples'][0].gt_instances
    flat = InstanceData(priors=RotatedBoxes(torch.cat(priors)))
    same_center = TASK_UTILS.build(larsd.train_cfg.assigner)
    max_iou = TASK_UTILS.build(stock.train_cfg.assigner)
    return {
        'same_center': lambda: same_center.assign_levels(
            points, generator.shapes, gts.bboxes.tensor),
        'max_iou': lambda: max_iou.assign(flat, gts),
    }


def measure(size: int, objects: int, rounds: int) -> dict:
    """Medians of interleaved rounds, after one to warm up.

    Returns:
        dict: ``objects``, ``same_center_ms``, ``max_iou_ms`` and ``ratio``,
        how many times faster the first is.
    """
    calls = contestants(size, objects)
    readings = take_turns(
        [lambda call=call: 1000 * time_call(call)['wall']
         for call in calls.values()], rounds)
    row = {f'{name}_ms': statistics.median(values)
           for name, values in zip(calls, readings)}
    return dict(objects=objects, **row,
                ratio=row['max_iou_ms'] / row['same_center_ms'])


def main(argv: Optional[Sequence[str]] = None) -> List[dict]:
    """Command line; returns the rows, see :func:`measure`."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--objects', type=int, nargs='+',
                        default=[5, 20, 100], help='ground truths per image')
    parser.add_argument('--size', type=int, default=512)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--out', type=Path, help='write the rows as JSON')
    args = parser.parse_args(argv)
    if min(args.rounds, args.size, args.threads, *args.objects) < 1:
        parser.error('all numbers must be positive')
    torch.set_num_threads(args.threads)
    rows = [measure(args.size, objects, args.rounds)
            for objects in args.objects]
    table = Table(title=f'{args.size} x {args.size}, {args.threads} threads, '
                  f'median of {args.rounds}')
    for title in ('objects', 'SameCenterAssigner ms', 'MaxIoUAssigner ms',
                  'ratio'):
        table.add_column(title, justify='right')
    for row in rows:
        table.add_row(str(row['objects']), f'{row["same_center_ms"]:.2f}',
                      f'{row["max_iou_ms"]:.1f}', f'{row["ratio"]:.0f}')
    Console(width=100).print(table)
    if args.out:
        write_atomic(args.out, json.dumps(rows, indent=2) + '\n')
    return rows


if __name__ == '__main__':
    main()
