"""Models that take turns, so that a busy machine hits all alike."""
import functools
import statistics
import time
from typing import Any, Callable, Dict, List, Mapping, Sequence

import torch
import torch.nn as nn
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope

from .memory import peak_memory
from .turns import take_turns, time_call


class TimedModel:
    """One model, what it is fed and how long that took.

    Args:
        name (str): Its name.
        model (nn.Module): The model, on its device.
        scope (str): The config's default scope.
        batches (Mapping[str, Any]): What its data loader gives, for
            ``'train'`` and ``'test'``.
        device (str): The device.
    """

    def __init__(self, name: str, model: nn.Module, scope: str,
                 batches: Mapping[str, Any], device: str) -> None:
        self.name, self.model, self.scope = name, model, scope
        self.batches, self.device = batches, device
        # A rate of nothing: the weights shall stay what they are.
        self.optim = OptimWrapper(torch.optim.SGD(
            [p for p in model.parameters() if p.requires_grad], lr=1e-9))
        self.readings: Dict[str, List[Dict[str, float]]] = {}
        self.usage: Dict[str, Dict[str, float]] = {}
        self.parts: Dict[str, float] = {}

    def watch(self, part: str, owner: Any, name: str,
              clock: Callable[[], float] = time.perf_counter) -> None:
        """Add the time of a method's calls to the readings.

        Args:
            part (str): Key in the readings; methods may share one.
            owner (Any): What has the method.
            name (str): Name of the method.
            clock (Callable): Which time counts, in seconds.
        """
        method = getattr(owner, name)
        self.parts[part] = 0.

        @functools.wraps(method)
        def timed(*args, **kwargs):
            start = clock()
            result = method(*args, **kwargs)
            self.parts[part] += clock() - start
            return result

        setattr(owner, name, timed)

    def train_step(self) -> None:
        """Forward, backward and update."""
        self.model.train()
        self.model.train_step(self.batches['train'], self.optim)

    def test_step(self) -> None:
        """Inference with post-processing."""
        # Once, as a test does: parts may keep something between its images.
        if self.model.training:
            self.model.eval()
        with torch.no_grad():
            self.model.test_step(self.batches['test'])

    def step(self, mode: str) -> Callable[[], None]:
        """The step of a mode, under the config's own scope."""
        init_default_scope(self.scope)
        return dict(train=self.train_step, test=self.test_step)[mode]

    def read(self, step: Callable[[], None]) -> Dict[str, float]:
        """Run one step; gives its wall and process time, and that of the
        parts that are watched, in seconds."""
        self.parts = dict.fromkeys(self.parts, 0.)
        return dict(time_call(step, self.device), **self.parts)

    def weigh(self, mode: str) -> None:
        """Run one step and keep its peak of memory, in MiB."""
        peak = peak_memory(self.step(mode), self.device)
        self.usage[mode] = dict(peak_mib=peak / 2**20)

    def summary(self, mode: str) -> Dict[str, float]:
        """Medians of a mode's readings in milliseconds, and its usage."""
        readings = self.readings[mode]
        medians = {
            f'{key}_ms': 1000 * statistics.median(r[key] for r in readings)
            for key in readings[0]
        }
        walls = [1000 * reading['wall'] for reading in readings]
        return dict(
            model=self.name,
            mode=mode,
            rounds=len(readings),
            **medians,
            wall_min_ms=min(walls),
            wall_max_ms=max(walls),
            **self.usage[mode])


def race(models: Sequence[TimedModel], mode: str, rounds: int) -> None:
    """Time models turn by turn, after one round that does not count.

    Args:
        models (Sequence[TimedModel]): The models; they keep the readings.
        mode (str): ``'train'`` or ``'test'``.
        rounds (int): Number of rounds.
    """
    calls = [lambda m=model: m.read(m.step(mode)) for model in models]
    for model, readings in zip(models, take_turns(calls, rounds)):
        model.readings[mode] = readings
        model.weigh(mode)
