"""ResNet without its last stages, "T1" and "T2" of COVID-CT-Mask-Net."""
from typing import List, Literal, Sequence

from mmdet.models.backbones import ResNet
from mmdet.registry import MODELS

from mmextra.utils.checks import check_choice

Output = Literal['last', 'all']


@MODELS.register_module()
class TruncatedResNet(ResNet):
    """ResNet whose last stages are deleted (Section 2, Fig. 1a).

    The stages that are kept have the names of mmdet's and torchvision's
    ResNet, so their weights load; those of the deleted stages and ``fc`` are
    left over, which the log tells.

    Args:
        depth (int): 18, 34, 50, 101 or 152; the paper has 18 and 34.
        truncation (int): Number of deleted stages: 0, 1 (T1) or 2 (T2); 3 is
            not in the paper.
        out (str): ``'last'`` outputs the last kept stage alone, as the
            paper, ``'all'`` every kept stage.
        **kwargs: See :class:`mmdet.models.backbones.ResNet`. ``num_stages``,
            ``strides`` and ``out_indices`` follow from the arguments above;
            where they are given they must agree. ``dilations`` has one
            entry for each kept stage.

    Attributes:
        out_channels (list[int]): Channels of the outputs.
        out_strides (list[int]): Their strides in pixels of the input.

    Raises:
        ValueError: If an argument is out of its range, or one of ``kwargs``
            does not fit the truncation.
    """

    def __init__(self,
                 depth: int,
                 truncation: int = 0,
                 out: Output = 'last',
                 **kwargs) -> None:
        check_choice('depth', depth, sorted(self.arch_settings))
        check_choice('truncation', truncation, range(4),
                     'it is the number of deleted stages')
        check_choice('out', out, Output)
        kept = 4 - truncation
        _check('num_stages', kwargs.pop('num_stages', kept), kept, truncation)
        indices = tuple(range(kept)) if out == 'all' else (kept - 1, )
        _check('out_indices', kwargs.pop('out_indices', indices), indices,
               truncation)
        strides = (1, 2, 2, 2)[:kept]
        _check('strides', kwargs.pop('strides', strides), strides, truncation)
        dilations = kwargs.pop('dilations', (1, ) * kept)
        if not isinstance(dilations, Sequence) or len(dilations) != kept:
            raise ValueError(
                f'dilations={dilations} needs {kept} entries, for '
                f'truncation={truncation} keeps {kept} stages')
        super().__init__(
            depth,
            num_stages=kept,
            strides=strides,
            dilations=dilations,
            out_indices=indices,
            **kwargs)
        self.truncation = truncation
        self.out_channels: List[int] = []
        self.out_strides: List[int] = []
        stride = 4
        for stage in range(kept):
            stride *= strides[stage]
            if stage in self.out_indices:
                self.out_strides.append(stride)
                self.out_channels.append(
                    self.base_channels * 2**stage * self.block.expansion)


def _check(name: str, given, implied, truncation: int) -> None:
    if isinstance(given, Sequence):
        given = tuple(given)
    if given != implied:
        raise ValueError(
            f'{name}={given} contradicts truncation={truncation}, which '
            f'implies {name}={implied}; leave {name} out')
