"""Time and memory of the local correspondence and of few-shot detectors.

`gcn` compares the forms of the graph convolution on random features: in a
test on many classes (with the objectness convolution, whose result alone is
kept), and in training on the pairs of a batch. `detector` compares whole
detectors, from their configs, with random weights, on one picture and as many
classes, of which every proposal is classified.

All take turns in one process; the time is that of the process (wall time is
no measure on a machine that does other work), the median of the rounds. The
memory is the peak of PyTorch's tensors beyond what is held before.

Example:
    python tools/analysis_tools/benchmark_few_shot.py gcn
    python tools/analysis_tools/benchmark_few_shot.py detector \
        configs/gcn_fsod/coco17-10shot-attention_rpn.py \
        configs/gcn_fsod/coco17-10shot.py
"""
import argparse
import statistics
import sys
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import mmextra  # noqa: E402, F401 isort: skip
from mmdet.structures import DetDataSample  # noqa: E402
from mmengine.config import Config  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from mmextra.evaluation.speed import (  # noqa: E402
    peak_memory,
    take_turns,
    time_call,
)
from mmextra.models.layers import LocalCorrespondenceGCN  # noqa: E402
from mmextra.utils.untrained_model import build_untrained  # noqa: E402

Steps = Dict[str, Callable[[], object]]


def measure(title: str, steps: Steps, rounds: int, per: Dict[str, int],
            differences: Optional[Dict[str, List[float]]] = None
            ) -> List[dict]:
    """Measure and print.

    Args:
        title (str): Of the table.
        steps (dict): Name to what to measure.
        rounds (int): Of which the median is taken.
        per (dict): What the time of each is divided by.
        differences (dict, optional): Relative differences to show.

    Returns:
        list[dict]: ``form``, ``seconds``, ``mib``, their ratios to the
        first's and ``differences``.
    """
    readings = dict(zip(steps, take_turns(
        [lambda step=step: time_call(step)['cpu'] for step in steps.values()],
        rounds, warm_up=int(rounds > 1))))
    table = Table(title=title)
    for heading in ('form', 'seconds', 'to the first', 'peak MiB',
                    'to the first', 'difference'):
        table.add_column(heading)
    rows = []
    for name, step in steps.items():
        row = dict(
            form=name,
            seconds=statistics.median(readings[name]) / per[name],
            mib=peak_memory(step, 'cpu') / 2**20,
            differences=(differences or {}).get(name, []))
        rows.append(row)
        row.update(
            seconds_ratio=row['seconds'] / rows[0]['seconds'],
            mib_ratio=row['mib'] / rows[0]['mib'])
        table.add_row(
            name, f'{row["seconds"]:.3f}', f'{row["seconds_ratio"]:.3f}',
            f'{row["mib"]:.0f}', f'{row["mib_ratio"]:.3f}',
            ', '.join(f'{value:.1e}' for value in row['differences']))
    Console(width=110).print(table)
    return rows


def random_features(args: argparse.Namespace, supports: int,
                    dtype: torch.dtype):
    """Non-negative features with a common part, like those of a backbone."""
    rng = torch.Generator().manual_seed(0)
    common = torch.rand(1, args.channels, generator=rng)

    def draw(number):
        noise = torch.rand(number, args.channels, generator=rng)
        return ((noise + common)**2).to(dtype)

    return draw(args.query), [draw(args.support) for _ in range(supports)]


def build_gcn(args: argparse.Namespace, impl: str) -> LocalCorrespondenceGCN:
    torch.manual_seed(0)
    return LocalCorrespondenceGCN(
        args.channels, (args.width, args.channels), impl=impl,
        class_chunk=args.chunk)


def textbook(query: Tensor, supports: Sequence[Tensor], theta1: Tensor,
             theta2: Tensor, temperature: float, project: Callable) -> Tensor:
    """Eq. 1 and 2 in the plainest way: one whole matrix per class."""
    found = []
    for support in supports:
        nodes = torch.cat([query, support])
        unit = F.normalize(nodes)
        distances = (2 - 2 * unit @ unit.t()).clamp_min(1e-12).sqrt()
        adjacency = torch.exp(-distances / temperature)
        adjacency = adjacency.fill_diagonal_(1.)
        degrees = adjacency.sum(1)
        normalised = adjacency / (degrees[:, None] * degrees[None]).sqrt()
        hidden = torch.relu(normalised @ (nodes @ theta1))
        local = torch.relu(normalised @ (hidden @ theta2))[:len(query)]
        found.append(project(local[None]))
    return torch.cat(found)


def test_forms(args: argparse.Namespace) -> List[dict]:
    """Many classes, without gradient."""
    query, supports = random_features(args, args.classes, torch.float32)
    weight = torch.randn(15, args.channels) * .01

    def step(impl, number, *inputs):
        module = build_gcn(
            args, 'dense' if impl == 'textbook' else impl).to(
                inputs[0].dtype)

        def project(local):
            return F.linear(local, weight.to(local.dtype))

        def run():
            with torch.no_grad():
                if impl == 'textbook':
                    return textbook(
                        inputs[0], inputs[1][:number], module.theta1,
                        module.theta2, module.temperature, project)
                return module(inputs[0], inputs[1][:number], project)

        return run

    # Its time and memory per class do not depend on their number.
    numbers = dict(
        textbook=args.dense_classes, dense=args.dense_classes,
        cache=args.classes, stream=args.classes)
    differences = {}
    exact = step('dense', 2, query.double(), [s.double() for s in
                                              supports[:2]])()
    for name in numbers:
        found = step(name, 2, query, supports)()
        double = step(name, 2, query.double(), [
            s.double() for s in supports[:2]])()
        differences[name] = [
            ((one - exact).abs().max() / exact.abs().max()).item()
            for one in (found, double)
        ]
    return measure(
        f'per class, {args.classes} classes, n={args.query}, '
        f'm={args.support}, C={args.channels}, width {args.width}; '
        'largest relative difference in float32 and float64 to dense float64',
        {name: step(name, number, query, supports)
         for name, number in numbers.items()}, args.rounds, numbers,
        differences)


def train_forms(args: argparse.Namespace) -> List[dict]:
    """Forward and backward of the pairs of one query."""
    steps = {}
    gradients = {}
    for impl in ('dense', 'block'):
        module = build_gcn(args, impl)
        query, supports = random_features(args, args.pairs, torch.float32)
        leaves = [query.requires_grad_(), *(
            s.requires_grad_() for s in supports)]

        def run(module=module, leaves=leaves):
            for leaf in leaves:
                leaf.grad = None
            module(leaves[0], leaves[1:]).square().sum().backward()
            return leaves[0].grad

        steps[impl] = run
        gradients[impl] = run().clone()
    change = (gradients['block'] - gradients['dense']).abs().max() / \
        gradients['dense'].abs().max()
    return measure(
        f'forward and backward, {args.pairs} pairs, n={args.query}, '
        f'm={args.support}; difference of the query\'s gradient',
        steps, args.rounds, dict.fromkeys(steps, 1),
        dict(block=[change.item()]))


def detector_step(path: str, args: argparse.Namespace
                  ) -> Callable[[], object]:
    """One picture through a detector that knows as many classes."""
    torch.manual_seed(0)
    model = build_untrained(Config.fromfile(path))
    model.init_weights()
    model.eval()
    rng = torch.Generator().manual_seed(0)
    head = model.rpn_head
    with torch.no_grad():
        features = model.extract_feat(torch.rand(
            1, 3, 320, 320, generator=rng) * 255 - 120)
        rois = torch.tensor([[0., 16, 16, 304, 304]])
        roi = model.roi_head.extract_rois(features, rois)[0]
        one = features[0][0]
        if head.support_feat == 'roi':
            one = model.roi_head.bbox_roi_extractor(features, rois)[0]

        def other(tensor):
            noise = torch.rand(tensor.shape, generator=rng)
            return tensor * (.5 + noise)

        for label in range(args.classes):
            own = other(one)
            model.support_bank[label] = dict(
                map=own, vec=own.mean((1, 2)), roi=other(roi))
    image = torch.randint(0, 256, (3, *args.image), generator=rng,
                          dtype=torch.uint8)

    def run():
        sample = DetDataSample(metainfo=dict(
            img_shape=tuple(args.image), ori_shape=tuple(args.image),
            scale_factor=(1., 1.), img_id=0))
        with torch.no_grad():
            return model.test_step(dict(inputs=[image],
                                        data_samples=[sample]))

    return run


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=['gcn', 'detector'])
    parser.add_argument('configs', nargs='*',
                        help='of detectors; ratios are to the first')
    parser.add_argument('--modes', nargs='+', default=['test', 'train'],
                        choices=['test', 'train'])
    parser.add_argument('--query', type=int, default=4200)
    parser.add_argument('--support', type=int, default=400)
    parser.add_argument('--channels', type=int, default=1024)
    parser.add_argument('--width', type=int, default=256)
    parser.add_argument('--classes', type=int, default=20)
    parser.add_argument('--dense-classes', type=int, default=2,
                        help='classes that the dense form is measured on')
    parser.add_argument('--pairs', type=int, default=1)
    parser.add_argument('--chunk', type=int,
                        help='classes that the shared forms multiply at once')
    parser.add_argument('--image', type=int, nargs=2, default=[600, 1000],
                        help='height and width in pixels')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--threads', type=int, default=1)
    args = parser.parse_args(argv)
    if (args.what == 'detector') != bool(args.configs):
        parser.error('give configs with detector, and only with it')
    return args


def main(argv: Optional[Sequence[str]] = None) -> List[dict]:
    """Command line; returns the rows, see :func:`measure`."""
    args = parse_args(argv)
    torch.set_num_threads(args.threads)
    if args.what == 'gcn':
        forms = dict(test=test_forms, train=train_forms)
        return [row for mode in args.modes for row in forms[mode](args)]
    steps = {Path(path).stem: detector_step(path, args)
             for path in args.configs}
    return measure(
        f'one {args.image[0]} x {args.image[1]} picture, {args.classes} '
        'classes', steps, args.rounds, dict.fromkeys(steps, 1))


if __name__ == '__main__':
    main()
