"""Compare the speed of lesion detectors and classifiers, turn by turn.

Research only, not a medical device. Like benchmark_speed.py, for models that
need masks or an image label. Every round runs each model once on the same
image, and the time of the process is taken, so that other work on the machine
hits all alike and counts little. Weights are random: untrained scores are
noise, so every detector gets masks for the same number of detections. Of
classifiers the share that ranking the RoIs and module S have in the rest of
the forward pass is told as well.

Example:
    python tools/analysis_tools/benchmark_lesion_speed.py \
        mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py \
        configs/covid_ct_mask_net/cncb-r18_t1.py
"""
import argparse
import json
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import mmextra  # noqa: E402, F401 isort: skip
import torch  # noqa: E402
from benchmark_speed import random_batch  # noqa: E402
from mmdet.registry import MODELS  # noqa: E402
from mmdet.structures.mask import BitmapMasks  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.hub import get_config  # noqa: E402
from mmengine.optim import OptimWrapper  # noqa: E402
from mmengine.registry import init_default_scope  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from mmextra.evaluation.benchmark import write_atomic  # noqa: E402
from mmextra.models.detectors import COVIDCTMaskNet  # noqa: E402


def lesion_batch(size: int, lesions: int) -> dict:
    """One noise image with boxes, full masks in them and a label."""
    batch = random_batch(1, size, lesions, 1, rotated=False)
    sample = batch['data_samples'][0]
    boxes = sample.gt_instances.bboxes
    boxes.clip_([size, size])
    masks = torch.zeros(lesions, size, size, dtype=torch.uint8)
    for mask, (x1, y1, x2, y2) in zip(masks, boxes.tensor.int().tolist()):
        mask[y1:y2, x1:x2] = 1
    sample.gt_instances.masks = BitmapMasks(masks.numpy(), size, size)
    sample.set_metainfo(dict(img_label=1))
    return batch


class Contestant:
    """One model and its readings.

    Args:
        name (str): Path of a config, or ``mmdet::...`` for one of mmdet's,
            which gets one class.
        size (int): Side of the image in pixels.
        lesions (int): Ground truths.
        detections (int): Detections that get masks.
    """

    def __init__(self, name: str, size: int, lesions: int,
                 detections: int) -> None:
        self.name = Path(name).stem
        cfg = get_config(name) if '::' in name else Config.fromfile(name)
        init_default_scope('mmdet')
        cfg.model.backbone.init_cfg = None
        if '::' in name:
            for head in ('bbox_head', 'mask_head'):
                cfg.model.roi_head[head].num_classes = 1
        self.model = MODELS.build(cfg.model)
        self.model.init_weights()
        self.batch = lesion_batch(size, lesions)
        self.optim = OptimWrapper(torch.optim.SGD(
            [p for p in self.model.parameters() if p.requires_grad], lr=1e-9))
        self.times: Dict[str, List[float]] = defaultdict(list)
        self.is_classifier = isinstance(self.model, COVIDCTMaskNet)
        if self.is_classifier:
            for owner, part in ((self.model, '_rank_image'),
                                (self.model, '_rows'),
                                (self.model.img_head, 'forward'),
                                (self.model, 'predict')):
                self._note(owner, part)
        else:
            self.model.roi_head.test_cfg.update(
                score_thr=0., max_per_img=detections)

    def _note(self, owner: torch.nn.Module, part: str) -> None:
        method = getattr(owner, part)
        setattr(owner, part, lambda *args, **kwargs: self._timed(
            part, lambda: method(*args, **kwargs)))

    def _timed(self, name: str, step: Callable) -> object:
        start = time.process_time()
        result = step()
        self.times[name].append(time.process_time() - start)
        return result

    def step(self, mode: str) -> None:
        """Run a step and note its time."""
        self.model.train(mode == 'train')
        if mode == 'train':
            self._timed(mode, lambda: self.model.train_step(
                self.batch, self.optim))
        else:
            with torch.no_grad():
                self._timed(mode, lambda: self.model.test_step(self.batch))

    def forget(self) -> None:
        """Forget the readings of the warm-up."""
        self.times.clear()

    def ranking_share(self) -> float:
        """Median share of ranking and S in the rest of a prediction."""
        # One image per pass; training steps have no "predict".
        passes = len(self.times['predict'])
        parts = [sum(each) for each in zip(*(
            self.times[name][-passes:]
            for name in ('_rank_image', '_rows', 'forward')))]
        return statistics.median(
            part / (whole - part)
            for part, whole in zip(parts, self.times['predict']))


def summarise(contestants: List[Contestant], modes: Sequence[str]
              ) -> List[dict]:
    """Median process times, and how many times faster than the first."""
    rows = []
    for each in contestants:
        row = dict(model=each.name)
        for mode in modes:
            row[f'{mode} ms'] = 1000 * statistics.median(each.times[mode])
            first = statistics.median(contestants[0].times[mode])
            row[f'{mode} speed-up'] = 1000 * first / row[f'{mode} ms']
        row['ranking and S %'] = (
            100 * each.ranking_share()
            if each.is_classifier and 'test' in modes else None)
        rows.append(row)
    return rows


def main(argv: Optional[Sequence[str]] = None) -> List[dict]:
    """Command line; returns the rows, see :func:`summarise`."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='+',
                        help='config files; ratios are to the first')
    parser.add_argument('--modes', nargs='+', default=['train', 'test'],
                        choices=['train', 'test'])
    parser.add_argument('--size', type=int, default=512)
    parser.add_argument('--lesions', type=int, default=4)
    parser.add_argument('--detections', type=int, default=16,
                        help='detections that get masks')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--out', type=Path, help='write the rows as JSON')
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    contestants = [
        Contestant(name, args.size, args.lesions, args.detections)
        for name in args.configs
    ]
    for turn in range(args.rounds + 1):
        for each in contestants:
            for mode in args.modes:
                each.step(mode)
            if turn == 0:
                each.forget()
    rows = summarise(contestants, args.modes)
    table = Table(title=f'{args.size} x {args.size}, {args.threads} threads, '
                  f'process time, median of {args.rounds}')
    for key in rows[0]:
        table.add_column(key)
    for row in rows:
        table.add_row(*(
            value if isinstance(value, str) else '-' if value is None else
            f'{value:.2f}' for value in row.values()))
    Console(width=110).print(table)
    if args.out:
        write_atomic(args.out, json.dumps(rows, indent=2) + '\n')
    return rows


if __name__ == '__main__':
    main()
