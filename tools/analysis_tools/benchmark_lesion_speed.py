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
import functools
import json
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import mmextra  # noqa: E402, F401 isort: skip
import torch  # noqa: E402
from mmdet.structures.mask import BitmapMasks  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from mmextra.evaluation.benchmark import write_atomic  # noqa: E402
from mmextra.evaluation.speed import (  # noqa: E402
    TimedModel,
    race,
    random_batch,
)
from mmextra.models.detectors import COVIDCTMaskNet  # noqa: E402
from mmextra.utils.untrained_model import (  # noqa: E402
    build_untrained,
    load_config,
)


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


class Contestant(TimedModel):
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
        cfg = load_config(name)
        if '::' in name:
            for head in ('bbox_head', 'mask_head'):
                cfg.model.roi_head[head].num_classes = 1
        model = build_untrained(cfg)
        model.init_weights()
        batch = lesion_batch(size, lesions)
        super().__init__(Path(name).stem, model, 'mmdet',
                         dict(train=batch, test=batch), 'cpu')
        self.parts: Dict[str, float] = defaultdict(float)
        self.is_classifier = isinstance(model, COVIDCTMaskNet)
        if self.is_classifier:
            for owner, method in ((model, '_rank_image'), (model, '_rows'),
                                  (model.img_head, 'forward')):
                self._note('ranking', owner, method)
            self._note('predict', model, 'predict')
        else:
            model.roi_head.test_cfg.update(
                score_thr=0., max_per_img=detections)

    def _note(self, part: str, owner: torch.nn.Module, name: str) -> None:
        """Add the process time of a method's calls to a part's."""
        method = getattr(owner, name)

        @functools.wraps(method)
        def timed(*args, **kwargs):
            start = time.process_time()
            result = method(*args, **kwargs)
            self.parts[part] += time.process_time() - start
            return result

        setattr(owner, name, timed)

    def read(self, step: Callable[[], None]) -> Dict[str, float]:
        """Add the time of the parts of a classifier."""
        self.parts.clear()
        return dict(super().read(step), **self.parts)

    def ranking_share(self) -> float:
        """Median share of ranking and S in the rest of a prediction."""
        return statistics.median(
            reading['ranking'] / (reading['predict'] - reading['ranking'])
            for reading in self.readings['test'])


def summarise(contestants: List[Contestant], modes: Sequence[str]
              ) -> List[dict]:
    """Median process times, and how many times faster than the first."""
    rows = []
    for each in contestants:
        row = dict(model=each.name)
        for mode in modes:
            row[f'{mode} ms'] = each.summary(mode)['cpu_ms']
            first = contestants[0].summary(mode)['cpu_ms']
            row[f'{mode} speed-up'] = first / row[f'{mode} ms']
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
    for mode in args.modes:
        race(contestants, mode, args.rounds)
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
