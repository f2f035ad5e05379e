"""Compare the speed of detectors fairly: in one process, turn by turn.

Every round runs each model once on the same images, so whatever else the
machine does hits all alike. Weights are random; the scores of single-stage
heads are shifted so that every model has the same number of candidates for
its post-processing (``--candidates``), as trained models have and untrained
ones have not. Two-stage models keep their own number of proposals.

Example:
    python tools/analysis_tools/benchmark_speed.py \
        configs/larsd/hrsd-rotated_retinanet.py configs/larsd/hrsd.py
"""
import argparse
import functools
import json
import math
import statistics
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import mmextra  # noqa: E402, F401 isort: skip
from mmdet.registry import MODELS  # noqa: E402
from mmdet.structures import DetDataSample  # noqa: E402
from mmdet.structures.bbox import HorizontalBoxes  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.optim import OptimWrapper  # noqa: E402
from mmengine.registry import init_default_scope  # noqa: E402
from mmengine.structures import InstanceData  # noqa: E402
from mmrotate.structures.bbox import RotatedBoxes  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402


def random_batch(batch_size: int, size: int, objects: int, num_classes: int,
                 rotated: bool) -> dict:
    """Noise images with ship-like boxes spread over a grid.

    Args:
        batch_size (int): Number of images.
        size (int): Side of the square images in pixels.
        objects (int): Boxes per image.
        num_classes (int): Labels are below it.
        rotated (bool): Kind of boxes.

    Returns:
        dict: ``inputs`` and ``data_samples`` as a data loader gives them.
    """
    rng = torch.Generator().manual_seed(0)
    side = math.ceil(math.sqrt(objects))
    cell = size / side
    inputs, samples = [], []
    for _ in range(batch_size):
        image = torch.randint(
            0, 256, (3, size, size), generator=rng, dtype=torch.uint8)
        index = torch.arange(objects)
        noise = torch.rand(objects, 4, generator=rng)
        centers = torch.stack([index % side, index // side], -1) + 0.5
        length = cell * (0.6 + 0.8 * noise[:, 0])
        boxes = torch.cat([
            centers * cell, length[:, None],
            (length / (3 + 4 * noise[:, 1]))[:, None],
            ((noise[:, 2] - 0.5) * math.pi)[:, None]
        ], dim=-1)
        boxes = RotatedBoxes(boxes)
        if not rotated:
            boxes = HorizontalBoxes(boxes.convert_to('hbox').tensor)
        sample = DetDataSample(metainfo=dict(
            img_shape=(size, size), ori_shape=(size, size),
            pad_shape=(size, size), batch_input_shape=(size, size),
            scale_factor=(1.0, 1.0), img_id=0, img_path=''))
        sample.gt_instances = InstanceData(
            bboxes=boxes,
            labels=torch.randint(0, num_classes, (objects, ), generator=rng))
        sample.ignored_instances = InstanceData(
            bboxes=boxes[:0], labels=torch.zeros(0, dtype=torch.long))
        inputs.append(image)
        samples.append(sample)
    return dict(inputs=inputs, data_samples=samples)


class Contestant:
    """One model, its inputs and its clock readings.

    Args:
        path (str): Config file.
        args (argparse.Namespace): The command line.
    """

    def __init__(self, path: str, args: argparse.Namespace) -> None:
        self.name = Path(path).stem
        cfg = Config.fromfile(path)
        # The readings do not depend on the weights' values.
        cfg.model.backbone.init_cfg = None
        self.scope = cfg.get('default_scope', 'mmdet')
        init_default_scope(self.scope)
        self.model = MODELS.build(cfg.model)
        self.model.init_weights()
        self.model.to(args.device)
        self.batch = random_batch(
            args.batch_size, args.size, args.objects,
            self._num_classes(cfg.model), self.scope == 'mmrotate')
        self.optim = OptimWrapper(
            torch.optim.SGD(self.model.parameters(), lr=1e-9))
        self.assign_time = 0.0
        self._watch_assigners()
        head = getattr(self.model, 'bbox_head', None)
        if head is not None:
            self._even_out(head, args)
        self.readings = {}

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

    def _even_out(self, head: torch.nn.Module,
                  args: argparse.Namespace) -> None:
        """Shift the logits so that ``--candidates`` pass the threshold."""
        threshold = head.test_cfg.score_thr
        logit = math.log(threshold / (1 - threshold))
        with torch.no_grad():
            data = self.model.data_preprocessor(self.batch, False)
            self.model.eval()
            outs = head(self.model.extract_feat(data['inputs']))
        logits = torch.cat([level.flatten() for level in outs[0]])
        wanted = min(args.candidates * args.batch_size, len(logits))
        shift = logit - logits.topk(wanted).values[-1].item() + 1e-6

        def add(module, inputs, outputs):
            if module.training:
                return None
            return ([level + shift for level in outputs[0]], *outputs[1:])

        head.register_forward_hook(add)

    def train_step(self) -> None:
        self.model.train()
        self.model.train_step(self.batch, self.optim)

    def test_step(self) -> None:
        self.model.eval()
        with torch.no_grad():
            self.model.test_step(self.batch)

    def clock(self, mode: str, device: str, warm_up: bool) -> None:
        """Run one step and note its wall, process and assignment time."""
        init_default_scope(self.scope)
        step = dict(train=self.train_step, test=self.test_step)[mode]
        self.assign_time = 0.0
        if device != 'cpu':
            torch.cuda.synchronize()
        wall, cpu = time.perf_counter(), time.process_time()
        step()
        if device != 'cpu':
            torch.cuda.synchronize()
        reading = (time.perf_counter() - wall, time.process_time() - cpu,
                   self.assign_time)
        if not warm_up:
            self.readings.setdefault(mode, []).append(reading)


def summarise(contestants: list, mode: str) -> list:
    """Medians of all readings, and their ratio to the first model's."""
    rows = []
    for contestant in contestants:
        wall, cpu, assign = (
            [1000 * value for value in column]
            for column in zip(*contestant.readings[mode]))
        rows.append(dict(
            model=contestant.name, mode=mode, rounds=len(wall),
            wall_ms=statistics.median(wall), wall_min_ms=min(wall),
            wall_max_ms=max(wall), cpu_ms=statistics.median(cpu),
            assign_ms=statistics.median(assign)))
    for row in rows:
        row['wall_ratio'] = row['wall_ms'] / rows[0]['wall_ms']
        row['cpu_ratio'] = row['cpu_ms'] / rows[0]['cpu_ms']
    return rows


def show(rows: list, args: argparse.Namespace) -> None:
    table = Table(title=f'{rows[0]["mode"]} step, {args.batch_size} x '
                  f'{args.size} x {args.size}, {args.device}, '
                  f'{args.threads} threads, median of {rows[0]["rounds"]}')
    for heading in ('model', 'wall ms', 'min-max', 'ratio', 'process ms',
                    'ratio', 'assignment ms'):
        table.add_column(heading)
    for row in rows:
        table.add_row(
            row['model'], f'{row["wall_ms"]:.1f}',
            f'{row["wall_min_ms"]:.1f}-{row["wall_max_ms"]:.1f}',
            f'{row["wall_ratio"]:.3f}', f'{row["cpu_ms"]:.1f}',
            f'{row["cpu_ratio"]:.3f}', f'{row["assign_ms"]:.1f}')
    Console(width=110).print(table)


def parse_args(argv=None) -> argparse.Namespace:
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
                        help='boxes per image that reach post-processing')
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--out', type=Path, help='write the rows as JSON')
    return parser.parse_args(argv)


def main(argv=None) -> None:
    args = parse_args(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    contestants = [Contestant(path, args) for path in args.configs]
    rows = []
    for mode in args.modes:
        for turn in range(args.rounds + 1):
            for contestant in contestants:
                contestant.clock(mode, args.device, warm_up=turn == 0)
        rows += summarise(contestants, mode)
        show(rows[-len(contestants):], args)
    if args.out:
        args.out.write_text(json.dumps(rows, indent=2) + '\n')


if __name__ == '__main__':
    main()
