"""A feature pyramid of one level, the neck of the lightweight models."""
from typing import Any, Tuple

from mmdet.models.necks import FPN
from mmdet.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class SingleLevelFPN(FPN):
    """One lateral and one output convolution on the backbone's last map.

    Section 2 and Fig. 1 of COVID-CT-Mask-Net: "a single layer of Feature
    Pyramid Network". Its keys are those of a
    :class:`mmdet.models.necks.FPN` with one level.

    Args:
        in_channels (int): Channels of the backbone's last output; of several
            outputs the others are not used.
        out_channels (int): Channels of the level.
        num_outs (int): 1, so that a config written for ``FPN`` may keep it.
        **kwargs: See :class:`mmdet.models.necks.FPN`, for example
            ``norm_cfg``, ``init_cfg``.

    Raises:
        TypeError: If ``in_channels`` is a list.
        ValueError: If ``num_outs`` is not 1.
    """

    def __init__(self, in_channels: int, out_channels: int = 256,
                 num_outs: int = 1, **kwargs: Any) -> None:
        if not isinstance(in_channels, int):
            raise TypeError(
                'SingleLevelFPN takes the channels of one map, an int; got '
                f'in_channels={in_channels!r}. mmdet\'s FPN takes several.')
        if num_outs != 1:
            raise ValueError(
                f'SingleLevelFPN has one output, got num_outs={num_outs}. '
                'Leave num_outs out, or take mmdet\'s FPN.')
        super().__init__(
            in_channels=[in_channels],
            out_channels=out_channels,
            num_outs=num_outs,
            **kwargs)

    def forward(self, inputs: Tuple[Tensor]) -> Tuple[Tensor]:
        """Map the last of the inputs.

        Args:
            inputs (tuple[Tensor]): Outputs of the backbone; the last is
                (N, ``in_channels``, H, W).

        Returns:
            tuple[Tensor]: One map, (N, ``out_channels``, H, W).
        """
        return super().forward(inputs[-1:])
