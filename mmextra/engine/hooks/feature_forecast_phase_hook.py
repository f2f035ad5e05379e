"""Phases of the training of a feature forecast (Section 4.2)."""
from typing import Any, Iterator

from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop, Runner

from mmextra.datasets.transforms import ThinningClipSample


def clip_samplers(dataset: Any) -> Iterator[ThinningClipSample]:
    """The clip samplers of a dataset, inside of any wrappers.

    Args:
        dataset (Any): The dataset.

    Yields:
        ThinningClipSample: Each of them.
    """
    if hasattr(dataset, 'datasets'):
        for inner in dataset.datasets:
            yield from clip_samplers(inner)
    elif hasattr(dataset, 'dataset'):
        yield from clip_samplers(dataset.dataset)
    else:
        for step in dataset.pipeline.transforms:
            if isinstance(step, ThinningClipSample):
                yield step


@HOOKS.register_module()
class FeatureForecastPhaseHook(Hook):
    """Switch the scheduler on and the thinning off at their epochs.

    What holds is derived from the epoch alone, so it is right after a
    resume. Epochs are counted from 0, so the loop has to count them.

    Args:
        decision_begin (int): First epoch that trains the scheduler.
        thinning_off (int): First epoch whose clips are of consecutive
            frames.
    """

    def __init__(self,
                 decision_begin: int = 25,
                 thinning_off: int = 38) -> None:
        self.decision_begin = decision_begin
        self.thinning_off = thinning_off

    def before_train(self, runner: Runner) -> None:
        """Refuse a loop whose epoch stays 0.

        Raises:
            ValueError: If training does not go by epochs.
        """
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise ValueError(
                'FeatureForecastPhaseHook switches at epochs, which '
                f'{type(runner.train_loop).__name__} does not count, so the '
                'scheduler would never be trained. Train with '
                'train_cfg=dict(by_epoch=True, max_epochs=...)')

    def before_train_epoch(self, runner: Runner) -> None:
        """Set the phase of the epoch that begins."""
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        model.decision_active = runner.epoch >= self.decision_begin
        thinning = runner.epoch < self.thinning_off
        loader = runner.train_dataloader
        for sampler in clip_samplers(loader.dataset):
            if sampler.thinning == thinning:
                continue
            sampler.thinning = thinning
            if getattr(loader, 'persistent_workers', False):
                # Workers have copies; those of a new iterator are up to
                # date.
                loader._iterator = None
