"""Refuse a dump of video results that would be cut short."""
from mmdet.registry import HOOKS
from mmengine.evaluator import DumpResults
from mmengine.hooks import Hook
from mmengine.runner import Runner


@HOOKS.register_module()
class VIDDumpCheckHook(Hook):
    """Stop ``tools/test.py --out`` before it loses results.

    mmengine keeps as many results as the dataset has entries. A video
    dataset has one entry per video but is tested frame by frame, so that
    of all frames only as many are written as there are videos, and nobody
    is told.
    """

    def before_test(self, runner: Runner) -> None:
        """Check the metrics of the test.

        Raises:
            ValueError: If results would be lost.
        """
        loader = runner.test_dataloader
        videos, frames = len(loader.dataset), len(loader.sampler)
        for metric in runner.test_evaluator.metrics:
            if isinstance(metric, DumpResults) and frames != videos:
                raise ValueError(
                    f'--out would write {videos} of {frames} results, for '
                    'mmengine cuts them to the number of videos. Let the '
                    'metric write them: --cfg-options '
                    'test_evaluator.out_file=results.json')
