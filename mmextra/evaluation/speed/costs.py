"""What models cost on their own data: work, time and memory."""
import warnings
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

import torch
import torch.nn as nn
from mmdet.registry import DATASETS, HOOKS
from mmengine.config import Config
from mmengine.runner import Runner, load_checkpoint

from mmextra.utils.checkpoint_fit import check_fit
from mmextra.utils.untrained_model import build_untrained

from ..benchmark import model_facts
from .timed_model import TimedModel, race

TIMES = dict(train='train_step_ms', test='latency_ms')
PEAKS = dict(train='train_peak_mib', test='test_peak_mib')


def count_macs(step: Callable[[], Any]) -> Optional[int]:
    """Multiply-adds of the convolutions and matrix products of a call.

    What papers call FLOPs is this number or twice as much; mmdet's
    ``get_flops.py`` prints this one.

    Args:
        step (Callable): The call.

    Returns:
        int: The number; None before PyTorch 2.1, which cannot count.
    """
    try:
        from torch.utils.flop_counter import FlopCounterMode
    except ImportError:
        return None
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops() // 2


def own_batch(cfg: Config, mode: str) -> Any:
    """The first batch of a config's data, a single sample for a test.

    Args:
        cfg (Config): The config.
        mode (str): ``'train'`` or ``'test'``.

    Returns:
        Any: What the data loader gives.
    """
    loader = dict(cfg[f'{mode}_dataloader'], num_workers=0)
    # Only workers know it.
    for key in ('persistent_workers', 'prefetch_factor'):
        loader.pop(key, None)
    if mode == 'test':
        loader['batch_size'] = 1
        loader.pop('batch_sampler', None)
    return next(iter(Runner.build_dataloader(loader, seed=0)))


def show_classes(cfg: Config, model: nn.Module) -> None:
    """Show a few-shot detector its classes, as its config's hook does.

    Args:
        cfg (Config): The config.
        model (nn.Module): Its model.
    """
    for hook in cfg.get('custom_hooks') or ():
        if hook['type'].endswith('SupportInitHook'):
            HOOKS.build(hook).show(
                model, DATASETS.build(cfg.test_dataloader.dataset))


class _Candidate:
    """A config on its way to a row of costs."""

    def __init__(self, path: str, checkpoint: Optional[str],
                 options: Mapping[str, Any]) -> None:
        self.row: Dict[str, Any] = dict(config=path, problems=[])
        self.cfg = Config.fromfile(path)
        self.cfg.merge_from_dict(dict(options))
        self.checkpoint = checkpoint
        self.timed: Optional[TimedModel] = None

    def attempt(self, what: str, call: Callable[[], Any]) -> Any:
        """The result of a call, or None and a note why there is none.

        One model that cannot be measured must not end the others.
        """
        try:
            return call()
        except Exception as error:
            text = str(error).strip().splitlines()
            self.row['problems'].append(
                f'{what}: {type(error).__name__}'
                f'{": " + text[0] if text else ""}')
            return None

    def build(self, device: str) -> None:
        scope = self.cfg.get('default_scope', 'mmdet')
        # Nothing depends on pretrained weights that is worth a download.
        model = build_untrained(self.cfg)
        if self.checkpoint:
            check_fit(model, self.checkpoint)
            load_checkpoint(model, self.checkpoint, map_location='cpu')
        else:
            model.init_weights()
        self.row.update(model_facts(model))
        batches = {
            mode: self.attempt(
                f'{mode} data', lambda mode=mode: own_batch(self.cfg, mode))
            for mode in TIMES
        }
        model.to(device)
        self.attempt('supports', lambda: show_classes(self.cfg, model))
        self.timed = TimedModel(
            self.row['config'], model, scope, batches, device)

    def ready(self, mode: str) -> bool:
        """Whether a step of the mode works."""
        if self.timed is None or self.timed.batches[mode] is None:
            return False
        worked = self.attempt(
            f'{mode} step', lambda: self.timed.step(mode)() or True)
        return bool(worked)


def model_costs(configs: Sequence[str],
                checkpoints: Optional[Sequence[Optional[str]]] = None,
                rounds: int = 5,
                device: str = 'cpu',
                options: Optional[Mapping[str, Any]] = None
                ) -> List[Dict[str, Any]]:
    """Measure models on the first batches of their own data.

    The models take turns. A training step has the config's batch, and a
    plain SGD instead of its optimizer; a test step has one sample.

    Args:
        configs (Sequence[str]): Config files.
        checkpoints (Sequence[str], optional): Their weights; a model
            without is untrained, of which the post-processing has another
            number of boxes to deal with.
        rounds (int): Number of rounds that count.
        device (str): The device.
        options (Mapping[str, Any], optional): Config key to value, for all.

    Returns:
        List[Dict[str, Any]]: For each config ``config``, ``parameters``,
        ``trainable``, ``state``, ``macs`` of the test step, ``batch_size``
        of the training step, ``train_step_ms``, ``latency_ms`` (medians of
        wall time), ``train_peak_mib``, ``test_peak_mib``, ``rounds``,
        ``device``, ``threads`` and ``problems``: why a value is missing.
    """
    candidates = []
    for path, checkpoint in zip(
            configs, checkpoints or [None] * len(configs)):
        candidate = _Candidate(path, checkpoint, options or {})
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            candidate.attempt('model', lambda c=candidate: c.build(device))
        candidates.append(candidate)
    for mode in TIMES:
        ready = [each for each in candidates if each.ready(mode)]
        race([each.timed for each in ready], mode, rounds)
        for each in ready:
            summary = each.timed.summary(mode)
            each.row[TIMES[mode]] = summary['wall_ms']
            each.row[PEAKS[mode]] = summary['peak_mib']
            if mode == 'test':
                each.row['macs'] = each.attempt(
                    'multiply-adds',
                    lambda each=each: count_macs(each.timed.step('test')))
            else:
                each.row['batch_size'] = each.cfg.train_dataloader.get(
                    'batch_size')
    for each in candidates:
        each.row.update(rounds=rounds, device=device,
                        threads=torch.get_num_threads())
    return [each.row for each in candidates]
