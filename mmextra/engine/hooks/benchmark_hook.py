"""Write every evaluation as a row of a benchmark table."""
import math
import warnings
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence, Union

from mmdet.registry import HOOKS
from mmengine.dist import get_world_size, master_only
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from mmextra.evaluation.benchmark import (
    compare,
    dataset_facts,
    model_facts,
    save_row,
    versions,
)
from mmextra.evaluation.references import get_reference


def clean_metrics(metrics: Optional[Mapping[str, Any]]
                  ) -> Dict[str, Optional[float]]:
    """Keep the numbers among an evaluator's results.

    Args:
        metrics (Mapping[str, Any], optional): The results; tensors and
            arrays of one element count as numbers, texts and lists do not.

    Returns:
        Dict[str, float]: Key to number; None for nan and infinity, which
        JSON does not have, and for -1, by which COCO's evaluation says that
        there was no such object.
    """
    cleaned = {}
    for key, value in (metrics or {}).items():
        if isinstance(value, (str, bytes)):
            continue
        try:
            number = float(value)
        except (TypeError, ValueError, RuntimeError):
            continue
        known = math.isfinite(number) and number != -1
        cleaned[key] = number if known else None
    return cleaned


def config_name(filename: Optional[str]) -> str:
    """A config's path from its ``configs`` folder on, or its name.

    Args:
        filename (str, optional): The path; None for a config that was not
            read from a file.

    Returns:
        str: For example ``'configs/larsd/hrsd.py'``; never absolute.
    """
    if not filename:
        return 'not read from a file'
    parts = Path(filename).parts
    if 'configs' in parts[:-1]:
        start = len(parts) - 1 - parts[::-1].index('configs')
        return '/'.join(parts[start:])
    return parts[-1]


@HOOKS.register_module()
class BenchmarkHook(Hook):
    """Write each validation and test result to a benchmark table.

    After every evaluation the process of rank 0 writes ``benchmark.json``
    and ``benchmark.md``: the measured metrics, the paper's numbers, their
    difference, and what makes the numbers comparable (config, data, epoch,
    seed, checkpoint, parameters, versions). A row is identified by name,
    dataset and split, so that a re-run replaces its own row.
    ``tools/benchmark_table.py`` merges the files of several runs.

    A difference is given only where the data is that of the paper. A
    dataset counts as the paper's when ``dataset`` says so, or when it is of
    the benchmark's own class and has as many samples as the paper tests on.
    Data with a ``SYNTHETIC.json`` in its root is synthetic whatever the
    config says; it is shown under its own name.

    Args:
        reference (str | Sequence[str], optional): Id(s) of the paper's rows
            to stand beside the result, ``<paper>/table<N>/<row>/<dataset>``.
        name (str, optional): Name of the row. By default the config's path
            inside ``configs`` without its suffix.
        dataset (str, optional): Name of the evaluated dataset. By default
            the name of its class.
        split (str, optional): Name of the evaluated split. By default the
            stem of the annotation file, or else ``'val'`` or ``'test'``.
        synthetic (bool): Declares the data generated.
        out_dir (str, optional): Where to write. By default the work_dir.

    Raises:
        ValueError: If a reference is unknown; the message lists the legal
            ids.

    Example:
        >>> custom_hooks = [
        ...     dict(type='BenchmarkHook', dataset='HRSC2016',
        ...          reference='larsd/table4/LARSD-11/HRSC2016')]
    """

    # After LoggerHook, so that the log has the numbers first.
    priority = 'LOW'

    def __init__(self,
                 reference: Union[None, str, Sequence[str]] = None,
                 name: Optional[str] = None,
                 dataset: Optional[str] = None,
                 split: Optional[str] = None,
                 synthetic: bool = False,
                 out_dir: Optional[str] = None) -> None:
        ids = [reference] if isinstance(reference, str) else reference or []
        self.references = [get_reference(each) for each in ids]
        self.name = name
        self.dataset = dataset
        self.split = split
        self.synthetic = synthetic
        self.out_dir = out_dir
        self._checkpoint_meta: Dict[str, Any] = {}
        self._warned = set()

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Keep the epoch, iteration and seed that a checkpoint records."""
        self._checkpoint_meta = checkpoint.get('meta') or {}

    def after_val_epoch(self,
                        runner: Runner,
                        metrics: Optional[Dict[str, float]] = None) -> None:
        self._write(runner, metrics, 'val')

    def after_test_epoch(self,
                         runner: Runner,
                         metrics: Optional[Dict[str, float]] = None) -> None:
        self._write(runner, metrics, 'test')

    @master_only
    def _write(self, runner: Runner, metrics: Optional[Dict[str, float]],
               mode: str) -> None:
        row = self.make_row(runner, metrics, mode)
        self._warn_missing(row)
        save_row(Path(self.out_dir or runner.work_dir), row)

    def make_row(self, runner: Runner, metrics: Optional[Mapping[str, Any]],
                 mode: str) -> Dict[str, Any]:
        """The row of one evaluation.

        Args:
            runner (Runner): The runner.
            metrics (Mapping[str, Any], optional): The evaluators' results.
            mode (str): ``'val'`` or ``'test'``.

        Returns:
            Dict[str, Any]: The row, ready for JSON.
        """
        loader = getattr(runner, f'{mode}_dataloader')
        facts = dataset_facts(loader.dataset, self.dataset, self.synthetic)
        model = runner.model
        counts = model_facts(
            model.module if is_model_wrapper(model) else model)
        measured = clean_metrics(metrics)
        countable = {f'model/{key}': n for key, n in counts.items()}
        comparisons = [
            entry for reference in self.references
            for entry in compare({**measured, **countable}, reference, facts)
        ]
        config = config_name(runner.cfg.filename)
        notice = (getattr(loader.dataset, 'metainfo', None) or {}).get(
            'notice')
        return dict(
            **(dict(notice=notice) if notice else {}),
            name=self.name or self._default_name(runner, config),
            dataset=facts.name,
            split=self.split or facts.split or mode,
            mode=mode,
            synthetic=facts.synthetic,
            generator=facts.generator,
            ann_file=facts.ann_file,
            samples=facts.samples,
            measured=measured,
            comparisons=comparisons,
            config=config,
            **self._progress(runner),
            world_size=get_world_size(),
            model=counts,
            versions=versions(),
            date=datetime.now(timezone.utc).isoformat(timespec='seconds'))

    @staticmethod
    def _default_name(runner: Runner, config: str) -> str:
        if not runner.cfg.filename:
            return Path(runner.work_dir).name
        stem = config[:-len(Path(config).suffix)]
        return stem[len('configs/'):] if stem.startswith('configs/') else stem

    def _progress(self, runner: Runner) -> Dict[str, Any]:
        """Epoch, iteration, seed and checkpoint of the evaluated weights."""
        loaded = Path(runner._load_from).name if runner._load_from else None
        # Asking a runner that only tests for its epoch would build the
        # training loop and with it the training data.
        if isinstance(runner._train_loop, dict) or runner._train_loop is None:
            meta = self._checkpoint_meta
            return dict(
                epoch=meta.get('epoch'),
                iter=meta.get('iter'),
                seed=meta.get('seed', runner.seed),
                checkpoint=loaded)
        return dict(
            epoch=runner.epoch,
            iter=runner.iter,
            seed=runner.seed,
            checkpoint=f'this run, started from {loaded}'
            if loaded else 'this run')

    def _warn_missing(self, row: Dict[str, Any]) -> None:
        for entry in row['comparisons']:
            key = entry['key']
            if key is None or entry['measured'] is not None \
                    or key in self._warned:
                continue
            self._warned.add(key)
            warnings.warn(
                f'BenchmarkHook: {entry["reason"]}, so '
                f'{entry["reference"]} has no measured {entry["metric"]}. '
                f'Evaluated were: {", ".join(row["measured"]) or "nothing"}.',
                stacklevel=2)
