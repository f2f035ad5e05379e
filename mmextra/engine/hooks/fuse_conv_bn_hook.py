"""Test with every batch normalisation folded into its convolution."""
import copy
from typing import Dict, Optional

from mmcv.cnn import fuse_conv_bn
from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner


@HOOKS.register_module()
class FuseConvBNHook(Hook):
    """Run the test on a fused copy of the model.

    The results differ by rounding alone. The model itself is put back when
    the test is over, so that other hooks see what they have seen before;
    validation during the training is not touched. Switch it off by
    ``--cfg-options default_hooks.fuse=None`` where it is one of the
    ``default_hooks``.
    """

    # Behind EMAHook, which swaps the weights before the test.
    priority = 'NORMAL'

    def __init__(self) -> None:
        self._model = None

    def before_test_epoch(self, runner: Runner) -> None:
        """Put a fused copy in the model's place."""
        model = runner.model
        wrapped = is_model_wrapper(model)
        self._model = model.module if wrapped else model
        fused = fuse_conv_bn(copy.deepcopy(self._model).eval())
        if wrapped:
            model.module = fused
        else:
            runner.model = fused

    def after_test_epoch(self,
                         runner: Runner,
                         metrics: Optional[Dict[str, float]] = None) -> None:
        """Put the model back."""
        if is_model_wrapper(runner.model):
            runner.model.module = self._model
        else:
            runner.model = self._model
        self._model = None
