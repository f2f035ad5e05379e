"""Compare speed and memory of detectors fairly: in one process, turn by turn.

Every round runs each model once on the same images, so whatever else the
machine does hits all alike. Weights are random, and untrained score maps are
noise, of which any number of boxes may pass a threshold. So of sigmoid heads
of single-stage models the best ``--candidates`` boxes of each image, and no
others, are made to pass ``score_thr``; ``nms_pre`` is raised where it is
smaller, and LASA, which would drop most of them again, drops none. The boxes
that reach NMS are counted nevertheless and shown, per image. Other models
keep what they have: of two-stage ones the proposals before the RPN's NMS are
counted.

``--variant`` shows each model a second time with a part of the tests switched,
for example without LASA: the same weights, and nothing but the keys named is
changed.

The memory is the peak that one more, untimed step needs beyond what is held
before it (weights, images): PyTorch's own tensors, not the work space of
libraries.

Example:
    python tools/analysis_tools/benchmark_speed.py \
        configs/larsd/hrsd-rotated_retinanet.py configs/larsd/hrsd.py
    python tools/analysis_tools/benchmark_speed.py configs/larsd/hrsd.py \
        --modes test --variant model.test_cfg.lasa=None
"""
import argparse
import functools
import json
import math
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import mmextra  # noqa: E402, F401 isort: skip
from mmcv.cnn import fuse_conv_bn  # noqa: E402
from mmdet.models.dense_heads import YOLOXHead  # noqa: E402
from mmengine.config import Config, DictAction  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from mmextra.evaluation.benchmark import write_atomic  # noqa: E402
from mmextra.evaluation.speed import (  # noqa: E402
    TimedModel,
    race,
    random_batch,
)
from mmextra.models.dense_heads import YOLOv5Head  # noqa: E402
from mmextra.utils.untrained_model import build_untrained  # noqa: E402


def _with_objectness(level: torch.Tensor, objectness: torch.Tensor,
                     num_attrib: int) -> torch.Tensor:
    """A map of YOLOv5's head with another objectness and a sure class.

    Args:
        level (torch.Tensor): Shape (B, A * num_attrib, H, W).
        objectness (torch.Tensor): Logits, shape (B, A, H, W).
        num_attrib (int): Box, objectness and classes of an anchor.

    Returns:
        torch.Tensor: Shape of ``level``.
    """
    level = level.unflatten(1, (-1, num_attrib)).clone()
    level[:, :, 4] = objectness
    level[:, :, 5:] = -math.inf
    level[:, :, 5] = 20.
    return level.flatten(1, 2)


def _sure(levels: Sequence[torch.Tensor]) -> List[torch.Tensor]:
    """Class logits (B, C, H, W) that are all sure of the first class."""
    levels = [torch.full_like(level, -math.inf) for level in levels]
    for level in levels:
        level[:, 0] = 20.
    return levels


def apply_variant(cfg: Config, variant: Dict[str, Any]) -> None:
    """Change keys of a config.

    Args:
        cfg (Config): The config.
        variant (dict[str, Any]): Key, as in ``model.test_cfg.lasa``, to
            value.

    Raises:
        ValueError: If the config lacks a key (nothing would read it), or has
            the value already.
    """
    for key, value in variant.items():
        node = cfg
        for part in key.split('.'):
            if not isinstance(node, dict) and not isinstance(
                    node, Config) or part not in node:
                raise ValueError(
                    f'--variant {key}: {cfg.filename} has no such key; name '
                    'one that it has')
            node = node[part]
        if node == value:
            raise ValueError(f'--variant {key}: {cfg.filename} has the value '
                             f'{value} already; give another one')
    cfg.merge_from_dict(variant)


def take_weights(model: torch.nn.Module,
                 weights: Dict[str, torch.Tensor]) -> None:
    """Give a model the weights of the one that it is a variant of.

    Args:
        model (nn.Module): The model.
        weights (dict[str, Tensor]): Of the other.

    Raises:
        ValueError: If they do not fit.
    """
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(
            '--variant is for settings that leave the weights as they are; '
            f'write a config for others ({error})') from error


class Contestant(TimedModel):
    """One model, from a config file, its inputs and its readings.

    Args:
        path (str): The config file.
        args (argparse.Namespace): The command line.
        first (Contestant, optional): Whose weights it gets; then
            ``args.variant`` is applied to the config.

    Raises:
        ValueError: If the variant is none, or its weights are others.
    """

    def __init__(self, path: str, args: argparse.Namespace,
                 first: Optional['Contestant'] = None) -> None:
        cfg = Config.fromfile(path)
        name = Path(path).stem
        if first is not None:
            apply_variant(cfg, args.variant)
            name = ' '.join([name, *(
                f'{key}={value}' for key, value in args.variant.items())])
        scope = cfg.get('default_scope', 'mmdet')
        model = build_untrained(cfg)
        model.init_weights()
        if first is not None:
            take_weights(model, first.weights)
        # Before they are fused.
        self.weights = model.state_dict() if args.variant else {}
        if args.fuse:
            model = fuse_conv_bn(model.eval())
        self.batch = random_batch(
            args.batch_size, args.size, args.objects,
            self._num_classes(cfg.model), scope == 'mmrotate')
        super().__init__(
            name, model.to(args.device), scope,
            dict(train=self.batch, test=self.batch), args.device)
        self.assign_time = 0.0
        self._watch_assigners()
        self.nms_boxes = 0
        head = getattr(self.model, 'bbox_head', None)
        if head is not None:
            self._count_boxes(head)
            if getattr(head, 'use_sigmoid_cls', False) or isinstance(
                    head, YOLOv5Head):
                self._even_out(head, args.candidates)
        elif hasattr(self.model, 'rpn_head'):
            self._count_boxes(self.model.rpn_head)

    @staticmethod
    def _num_classes(model: dict) -> int:
        head = model.get('bbox_head') or model.get('roi_head').bbox_head
        return (head[0] if isinstance(head, list) else head).num_classes

    def _watch_assigners(self) -> None:
        """Sum up the time that label assignment takes."""
        for module in self.model.modules():
            assigners = getattr(module, 'assigner', None) or getattr(
                module, 'bbox_assigner', None) or []
            for assigner in assigners if isinstance(
                    assigners, list) else [assigners]:
                name = ('assign_levels' if hasattr(
                    assigner, 'assign_levels') else 'assign')
                method = getattr(assigner, name)
                setattr(assigner, name, self._timed(method))

    def _timed(self, method):
        @functools.wraps(method)
        def timed(*args, **kwargs):
            start = time.perf_counter()
            result = method(*args, **kwargs)
            self.assign_time += time.perf_counter() - start
            return result

        return timed

    def _count_boxes(self, head: torch.nn.Module) -> None:
        """Count what the head hands to NMS."""
        method = head._bbox_post_process

        @functools.wraps(method)
        def counted(results, *args, with_nms=True, **kwargs):
            # LASA asks for the candidates without NMS first.
            if with_nms:
                self.nms_boxes += len(results)
            return method(results, *args, with_nms=with_nms, **kwargs)

        head._bbox_post_process = counted

    def _even_out(self, head: torch.nn.Module, candidates: int) -> None:
        """Let so many boxes of each image pass, the best ones."""
        with torch.no_grad():
            data = self.model.data_preprocessor(self.batch, False)
            self.model.eval()
            outputs = head(self.model.extract_feat(data['inputs']))
        levels = outputs[0]
        if isinstance(head, YOLOv5Head):
            levels = [level.unflatten(1, (-1, head.num_attrib))[:, :, 4]
                      for level in levels]
        elif isinstance(head, YOLOXHead):
            levels = outputs[2]
        logits = torch.cat([level.flatten(1) for level in levels], 1)
        wanted = min(candidates, logits.shape[1])
        best = logits.topk(wanted).indices
        # Not a shift: faint maps have equal values at the limit.
        threshold = logits.new_tensor(head.test_cfg.get('score_thr', 0.))
        passing = threshold.logit(eps=1e-3) + torch.linspace(
            2, 1, wanted, device=logits.device)
        even = torch.full_like(logits, -math.inf).scatter_(
            1, best, passing.expand_as(best))
        even = [part.reshape(level.shape) for part, level in zip(
            even.split([level[0].numel() for level in levels], 1), levels)]
        def replace(module, inputs, outputs):
            if module.training:
                return None
            if isinstance(module, YOLOv5Head):
                return [_with_objectness(level, part, module.num_attrib)
                        for level, part in zip(outputs[0], even)],
            if isinstance(module, YOLOXHead):
                return _sure(outputs[0]), outputs[1], even
            return (even, *outputs[1:])

        head.register_forward_hook(replace)
        head.test_cfg.nms_pre = max(head.test_cfg.get('nms_pre', 0), wanted)
        if getattr(head, 'lasa', None) is not None:
            # Under zero: samples of a box may all lie on dropped ones.
            head.lasa.min_score = -1.

    def read(self, step: Callable[[], None]) -> Dict[str, float]:
        """Add the time of label assignment."""
        self.assign_time = 0.0
        return dict(super().read(step), assign=self.assign_time)

    def weigh(self, mode: str) -> None:
        """Add the boxes before NMS, per image."""
        self.nms_boxes = 0
        super().weigh(mode)
        self.usage[mode]['nms_boxes'] = self.nms_boxes / len(
            self.batch['inputs'])


def summarise(contestants: List[Contestant], mode: str) -> List[dict]:
    """Medians of all readings, and their ratio to the first model's."""
    rows = [contestant.summary(mode) for contestant in contestants]
    for row in rows:
        row['wall_ratio'] = row['wall_ms'] / rows[0]['wall_ms']
        row['cpu_ratio'] = row['cpu_ms'] / rows[0]['cpu_ms']
    return rows


def show(rows: List[dict], args: argparse.Namespace) -> None:
    table = Table(title=f'{rows[0]["mode"]} step, {args.batch_size} x '
                  f'{args.size} x {args.size}, {args.device}, '
                  f'{args.threads} threads, median of {rows[0]["rounds"]}')
    for heading in ('model', 'wall ms', 'min-max', 'ratio', 'process ms',
                    'ratio', 'assignment ms', 'boxes to NMS', 'peak MiB'):
        table.add_column(heading)
    for row in rows:
        table.add_row(
            row['model'], f'{row["wall_ms"]:.1f}',
            f'{row["wall_min_ms"]:.1f}-{row["wall_max_ms"]:.1f}',
            f'{row["wall_ratio"]:.3f}', f'{row["cpu_ms"]:.1f}',
            f'{row["cpu_ratio"]:.3f}', f'{row["assign_ms"]:.1f}',
            f'{row["nms_boxes"]:g}', f'{row["peak_mib"]:.1f}')
    Console(width=140).print(table)


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='+',
                        help='config files; ratios are to the first')
    parser.add_argument('--modes', nargs='+', default=['train', 'test'],
                        choices=['train', 'test'])
    parser.add_argument('--size', type=int, default=512)
    parser.add_argument('--batch-size', type=int, default=1)
    parser.add_argument('--objects', type=int, default=100,
                        help='ground truths per image')
    parser.add_argument('--candidates', type=int, default=1500,
                        help='boxes per image that reach NMS in a test')
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--fuse', action='store_true',
                        help='fold batch normalisations into convolutions; '
                        'for tests')
    parser.add_argument('--variant', nargs='+', action=DictAction,
                        metavar='KEY=VALUE', help='show every model once '
                        'more, with the same weights and these keys of the '
                        'config changed; for tests')
    parser.add_argument('--out', type=Path, help='write the rows as JSON')
    args = parser.parse_args(argv)
    if min(args.size, args.batch_size, args.objects, args.candidates,
           args.rounds, args.threads) < 1:
        parser.error('all numbers must be positive')
    if args.fuse and 'train' in args.modes:
        parser.error('a fused model is not trained; give --modes test')
    if args.variant and 'train' in args.modes:
        parser.error('--variant compares tests; give --modes test')
    return args


def main(argv: Optional[Sequence[str]] = None) -> List[dict]:
    """Command line; returns the rows, see :func:`summarise`."""
    args = parse_args(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    contestants = []
    for path in args.configs:
        contestants.append(Contestant(path, args))
        if args.variant:
            try:
                contestants.append(Contestant(path, args, contestants[-1]))
            except ValueError as error:
                raise SystemExit(f'benchmark_speed: {error}') from error
    rows = []
    for mode in args.modes:
        race(contestants, mode, args.rounds)
        rows += summarise(contestants, mode)
        show(rows[-len(contestants):], args)
    if args.out:
        write_atomic(args.out, json.dumps(rows, indent=2) + '\n')
    return rows


if __name__ == '__main__':
    main()
