"""Time of an exported model beside that of the model in PyTorch."""
import statistics
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Union

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData

from mmextra_runtime.images import Prepared, read_image

from .plan import ExportError
from .verify import eager_detections, eager_stream


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


def let_pass(model: Any, image: Union[str, Path], candidates: int) -> float:
    """Set a single stage's threshold so that few boxes reach suppression.

    Without training nearly all boxes pass a threshold, or none, and their
    suppression would be most of what is timed.

    Args:
        model (nn.Module): As :func:`~.exporter.load_model` returns it; a
            single stage or a stream of one.
        image (str or Path): The image.
        candidates (int): Boxes of a class that pass on it; all if there are
            fewer.

    Returns:
        float: The threshold.

    Raises:
        ExportError: If the model has no such head.
    """
    host = getattr(model, 'detector', model)
    head: Any = getattr(host, 'bbox_head', None)
    if not hasattr(head, '_bbox_post_process'):
        raise ExportError(
            f'{type(model).__name__} has no single-stage head whose '
            'threshold could be set; leave --candidates out')
    settings = [part.test_cfg for part in (host, head)]
    for cfg in settings:
        cfg.score_thr = -1.
    passing: List[torch.Tensor] = []
    method = head._bbox_post_process

    def watched(results: InstanceData, *args: Any, **kwargs: Any
                ) -> InstanceData:
        passing.append(results.scores)
        # The rest is not needed, and its suppression takes minutes.
        return method(results[:1], *args, **kwargs)

    head._bbox_post_process = watched
    try:
        if host is model:
            eager_detections(model, image)
        else:
            eager_stream(model, dict(mode='always_read')).step(
                read_image(image))
    finally:
        del head._bbox_post_process
    scores = passing[0].sort(descending=True).values
    threshold = float(scores[candidates]) if len(
        scores) > candidates else float(scores.min()) / 2
    for cfg in settings:
        cfg.score_thr = threshold
    return threshold


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
