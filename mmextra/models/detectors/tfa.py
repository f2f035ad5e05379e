"""TFA, a baseline."""
from typing import Optional, Sequence

from mmdet.models.detectors import TwoStageDetector
from mmdet.registry import MODELS

from .freezing import FrozenPartsMixin


@MODELS.register_module()
class TFA(FrozenPartsMixin, TwoStageDetector):
    """Two-stage detector of which fine-tuning trains the last layers only.

    Wang et al., "Frustratingly Simple Few-Shot Object Detection", ICML 2020.

    Args:
        frozen_parameters (Sequence[str], optional): Modules that do not
            train, by name.
        kwargs: See mmdet's ``TwoStageDetector``.

    Raises:
        ValueError: If a module to freeze is not there.
    """

    def __init__(self,
                 *args,
                 frozen_parameters: Optional[Sequence[str]] = None,
                 **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.freeze(frozen_parameters)
