"""Time of an exported model beside that of the model in PyTorch."""
import statistics
import time
from typing import Any, Callable, Dict, List

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.registry import DefaultScope

from mmextra_runtime.images import Prepared


def in_turns(calls: Dict[str, Callable[[], Any]], rounds: int,
             warm_up: int = 2) -> Dict[str, List[float]]:
    """Times of several functions, one after the other in every round.

    What else the machine does meets all of them alike.

    Args:
        calls (dict): The functions by name.
        rounds (int): How often each is timed.
        warm_up (int): Rounds before, which do not count.

    Returns:
        dict[str, list[float]]: Milliseconds of this process by name.
    """
    times: Dict[str, List[float]] = {name: [] for name in calls}
    for number in range(warm_up + rounds):
        for name, call in calls.items():
            begin = time.process_time()
            call()
            spent = 1000 * (time.process_time() - begin)
            if number >= warm_up:
                times[name].append(spent)
    return times


def ratios(times: Dict[str, List[float]], base: str) -> Dict[str, float]:
    """Median over the rounds of each time by that of ``base``."""
    return {
        name: statistics.median(own / other for own, other in zip(
            values, times[base]))
        for name, values in times.items()
    }


def eager_call(model: Any, prepared: Prepared) -> Callable[[], Any]:
    """The model in PyTorch on a prepared image, with its suppression."""
    image = torch.from_numpy(prepared.blob)
    metas = dict(
        img_shape=prepared.img_shape, ori_shape=prepared.ori_shape,
        scale_factor=prepared.scale, pad_shape=prepared.blob.shape[-2:],
        batch_input_shape=prepared.blob.shape[-2:])

    def call() -> Any:
        with torch.no_grad(), DefaultScope.overwrite_default_scope(
                model.cfg.get('default_scope', 'mmdet')):
            return model.predict(image, [DetDataSample(metainfo=dict(metas))])

    return call


def graph_call(runner: Any, prepared: Prepared) -> Callable[[], Any]:
    """The graph on a prepared image, with the runner's part behind it."""
    return lambda: runner.run_prepared([prepared])


def detector_speed(model: Any, runner: Any, image: np.ndarray,
                   rounds: int = 15) -> Dict[str, float]:
    """Compare a detector's graph with PyTorch.

    Args:
        model (nn.Module): As :func:`~.exporter.load_model` returns it.
        runner (Any): As :func:`mmextra_runtime.load` returns it.
        image (np.ndarray): (h, w, 3) uint8 BGR.
        rounds (int): How often each is timed.

    Returns:
        dict[str, float]: Median milliseconds ``torch_ms`` and ``graph_ms``,
        and the median ``ratio`` of the two.
    """
    prepared = runner.prepare(image)
    times = in_turns(dict(torch=eager_call(model, prepared),
                          graph=graph_call(runner, prepared)), rounds)
    return dict(
        torch_ms=statistics.median(times['torch']),
        graph_ms=statistics.median(times['graph']),
        ratio=ratios(times, 'torch')['graph'])


def stream_speed(runner: Any, image: np.ndarray,
                 rounds: int = 30) -> Dict[str, float]:
    """Compare a stream's forecast step with its read step.

    Args:
        runner (Any): As :func:`mmextra_runtime.load` returns it, with
            ``policy=dict(mode='alternate', interval=2)``.
        image (np.ndarray): (h, w, 3) uint8 BGR, every frame.
        rounds (int): Pairs of steps.

    Returns:
        dict[str, float]: Median milliseconds ``read_ms`` and
        ``forecast_ms``, and the median ``ratio``.
    """
    runner.reset()
    times = in_turns(dict(read=lambda: runner.step(image),
                          forecast=lambda: runner.step()), rounds)
    return dict(
        read_ms=statistics.median(times['read']),
        forecast_ms=statistics.median(times['forecast']),
        ratio=ratios(times, 'read')['forecast'])
