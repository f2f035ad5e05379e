"""The sampling points of LASA that suit a trained detector."""
import itertools
import json
import logging
import math
from contextlib import contextmanager
from pickle import UnpicklingError
from typing import Any, Dict, Iterator, List, Optional, Sequence

import torch
from mmdet.models.detectors import BaseDetector
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, load_checkpoint
from mmrotate.registry import METRICS
from rich.progress import track

from mmextra.evaluation.benchmark.render import markdown_table
from mmextra.evaluation.metrics import RBoxAPMetric
from mmextra.models.dense_heads import LASAMixin
from mmextra.models.task_modules.lasa import Pattern, lasa_points
from mmextra.utils.output_cache import OutputCache, run_network

IOU_THRS = [percent / 100 for percent in range(50, 100, 5)]
VALUES = ('AP50', 'AP75', 'mAP')
SETTING = ('pattern', 'extent', 'mode')


def settings_of(patterns: Sequence[Pattern], extents: Sequence[float],
                modes: Sequence[str]) -> List[Optional[dict]]:
    """None for LASA off, then every combination.

    Raises:
        ValueError: If a pattern is unknown or an extent not in (0, 1].
    """
    combined = [dict(zip(SETTING, values))
                for values in itertools.product(patterns, extents, modes)]
    for pattern, extent in itertools.product(patterns, extents):
        lasa_points(pattern, extent)
    return [None, *combined]


def lasa_head(model: BaseDetector) -> Any:
    """The head of a detector.

    Raises:
        ValueError: If it has no LASA.
    """
    head = getattr(model, 'bbox_head', None)
    if not isinstance(head, LASAMixin):
        raise ValueError(
            f'the bbox_head of {type(model).__name__} is a '
            f'{type(head).__name__}, which has no LASA; give the config '
            "bbox_head=dict(type='LASAHead', base=<its type>, ...), the "
            'checkpoint fits as it is')
    return head


def ap_evaluator(config: Any) -> Evaluator:
    """The rotated APs of an evaluator config, at all IoU thresholds.

    Args:
        config (dict or list[dict]): ``test_evaluator`` of a config. What
            is no :class:`RBoxAPMetric` in it is left out.

    Returns:
        Evaluator: With the metrics, in their order.

    Raises:
        ValueError: If there is no such metric.
    """
    entries = config if isinstance(config, (list, tuple)) else [config]
    kinds = [METRICS.get(entry['type']) for entry in entries]
    wanted = [dict(entry, iou_thrs=IOU_THRS)
              for entry, kind in zip(entries, kinds)
              if isinstance(kind, type) and issubclass(kind, RBoxAPMetric)]
    if not wanted:
        raise ValueError(
            'the evaluator of the config has only '
            f'{", ".join(entry["type"] for entry in entries)}; put an '
            'RBoxAPMetric or a MergedRBoxAPMetric into it')
    return Evaluator([METRICS.build(entry) for entry in wanted])


@torch.no_grad()
def evaluate(model: BaseDetector, cache: OutputCache, lasa: Optional[dict],
             evaluator: Evaluator, device: torch.device) -> Dict[str, float]:
    """Score and suppress the boxes with one setting and measure them.

    Args:
        model (BaseDetector): The detector that the outputs are from.
        cache (OutputCache): The outputs.
        lasa (dict, optional): Config of the alignment; None is off.
        evaluator (Evaluator): With ``dataset_meta``.
        device (torch.device): Where to work.

    Returns:
        dict[str, float]: Of every metric the values that :data:`VALUES`
        names, with the metric's prefix.
    """
    head: Any = lasa_head(model)
    head.set_lasa(lasa)
    for index, samples in enumerate(cache.samples):
        found = head.predict_by_feat(
            *cache.restore(index, device), rescale=True,
            batch_img_metas=[sample.metainfo for sample in samples])
        evaluator.process(model.add_pred_to_datasample(samples, found))
    measured = evaluator.evaluate(sum(map(len, cache.samples)))
    return {key: value for key, value in measured.items()
            if key.rsplit('/', 1)[-1] in VALUES}


@contextmanager
def quiet() -> Iterator[None]:
    """Without the metrics' own tables."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def sweep(cfg: Config, checkpoint: str, settings: List[Optional[dict]],
          split: str = 'test', device: str = 'cpu',
          limit: int = 2**31) -> dict:
    """Measure a checkpoint with every setting.

    Args:
        cfg (Config): Config of the detector.
        checkpoint (str): File of its weights.
        settings (list[dict]): See :func:`settings_of`.
        split (str): 'test' or 'val', the loader and evaluator to use.
        device (str): Where to work.
        limit (int): See :class:`OutputCache`.

    Returns:
        dict: ``rows``, one per setting with its ``pattern``, ``extent``,
        ``mode`` and ``metrics``, and ``cache`` in words.

    Raises:
        KeyError: If the config lacks a part.
        ValueError: If checkpoint, head, evaluator or size do not allow it.
    """
    for key in ('model', f'{split}_dataloader', f'{split}_evaluator'):
        if cfg.get(key) is None:
            raise KeyError(f'the config has no {key}')
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    model = revert_sync_batchnorm(MODELS.build(cfg.model))
    head = lasa_head(model)
    try:
        # Strictly: with some random weights there is nothing to find.
        load_checkpoint(model, checkpoint, map_location='cpu', strict=True)
    except (EOFError, RuntimeError, UnpicklingError) as error:
        raise ValueError(
            f'{checkpoint} is no checkpoint of this config: '
            f'{" ".join(str(error).split())[:300]}') from error
    model.to(device)
    evaluator = ap_evaluator(cfg[f'{split}_evaluator'])
    loader = Runner.build_dataloader(cfg[f'{split}_dataloader'])
    evaluator.dataset_meta = loader.dataset.metainfo
    cache = run_network(model, loader, limit)
    base = head.test_cfg.get('lasa') or dict(type='LocalityAwareScoreAlign')
    rows = []
    with quiet():
        for setting in track(settings, 'LASA'):
            metrics = evaluate(
                model, cache, setting and dict(base, **setting), evaluator,
                torch.device(device))
            rows.append(dict(
                setting or dict.fromkeys(SETTING), metrics=metrics))
    return dict(rows=rows, cache=cache.describe())


def cells(rows: List[dict]) -> List[List[str]]:
    """Heading and rows of the table; * marks a column's best values."""
    keys = list(rows[0]['metrics'])
    best = {key: max((row['metrics'][key] for row in rows
                      if not math.isnan(row['metrics'][key])), default=None)
            for key in keys}
    lines = [[*SETTING, *keys]]
    for row in rows:
        off = row['pattern'] is None
        lines.append(
            ['off', '', ''] if off else
            [row['pattern'], f'{row["extent"]:g}', row['mode']])
        for key in keys:
            value = row['metrics'][key]
            lines[-1].append(
                f'{value:.4f}' + ('*' if value == best[key] else ''))
    return lines


def to_markdown(result: dict) -> str:
    """The result as a document."""
    heading, *body = cells(result['rows'])
    return '\n'.join([
        f'# LASA settings of `{result["config"]}`', '',
        f'Checkpoint `{result["checkpoint"]}`, {result["split"]} set, '
        f'{result["cache"]}. * marks the best of a column.', '',
        markdown_table(heading, body)])


def to_json(result: dict) -> str:
    """The result as JSON; an AP that is not a number becomes null."""
    rows = [dict(row, metrics={
        key: None if math.isnan(value) else value
        for key, value in row['metrics'].items()}) for row in result['rows']]
    return json.dumps(dict(result, rows=rows), indent=2,
                      allow_nan=False) + '\n'


WRITERS = {'.json': to_json, '.md': to_markdown}
