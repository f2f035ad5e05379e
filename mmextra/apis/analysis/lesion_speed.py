"""Speed of lesion detectors and classifiers, which need masks and labels.

Research only, not a medical device.
"""
import statistics
import time
from pathlib import Path
from typing import Any, Dict, List, Sequence

import torch
from mmdet.structures.mask import BitmapMasks

from mmextra.apis.init_detector import fold_norms, use_channels_last
from mmextra.evaluation.speed import TimedModel, random_batch
from mmextra.models.detectors import COVIDCTMaskNet
from mmextra.utils.untrained_model import build_untrained, load_config


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


class LesionContestant(TimedModel):
    """One model and its readings.

    Args:
        name (str): Path of a config, or ``mmdet::...`` for one of mmdet's,
            which gets one class.
        size (int): Side of the image in pixels.
        lesions (int): Ground truths.
        detections (int): Detections that get masks.
        optimized (bool): Whether normalisation is folded and the memory
            reordered, as ``init_detector`` does on demand. Such a model is
            for tests alone.
    """

    def __init__(self, name: str, size: int, lesions: int, detections: int,
                 optimized: bool = False) -> None:
        cfg = load_config(name)
        if '::' in name:
            for head in ('bbox_head', 'mask_head'):
                cfg.model.roi_head[head].num_classes = 1
        model = build_untrained(cfg)
        model.init_weights()
        self.optimized = optimized
        if optimized:
            model.eval()
            fold_norms(model)
            use_channels_last(model)
        batch = lesion_batch(size, lesions)
        super().__init__(Path(name).stem + ', optimized' * optimized, model,
                         'mmdet', dict(train=batch, test=batch), 'cpu')
        self.is_classifier = isinstance(model, COVIDCTMaskNet)
        if self.is_classifier:
            for owner, method in ((model, '_rank_image'), (model, '_rows'),
                                  (model.img_head, 'forward')):
                self.watch('ranking', owner, method, time.process_time)
            self.watch('predict', model, 'predict', time.process_time)
        else:
            model.roi_head.test_cfg.update(
                score_thr=0., max_per_img=detections)

    def ranking_share(self) -> float:
        """Median share of ranking and S in the rest of a prediction."""
        return statistics.median(
            reading['ranking'] / (reading['predict'] - reading['ranking'])
            for reading in self.readings['test'])


def summarise(contestants: List[LesionContestant], modes: Sequence[str]
              ) -> List[dict]:
    """Median process times, and how many times faster than the first."""
    rows = []
    for each in contestants:
        row: Dict[str, Any] = dict(model=each.name)
        for mode in modes:
            if each.optimized and mode != 'test':
                row[f'{mode} ms'] = row[f'{mode} speed-up'] = None
                continue
            row[f'{mode} ms'] = each.summary(mode)['cpu_ms']
            first = contestants[0].summary(mode)['cpu_ms']
            row[f'{mode} speed-up'] = first / row[f'{mode} ms']
        row['ranking and S %'] = (
            100 * each.ranking_share()
            if each.is_classifier and 'test' in modes else None)
        rows.append(row)
    return rows
