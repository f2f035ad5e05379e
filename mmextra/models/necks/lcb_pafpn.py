"""Neck of YOLOv5s and of LCB-YOLOv5s (Sec. 2.3, Fig. 2)."""
from typing import Literal, Optional, Sequence, Tuple

from mmdet.models.necks import YOLOXPAFPN
from mmdet.registry import MODELS
from mmdet.utils import ConfigType, OptMultiConfig
from torch import Tensor, nn

from mmextra.utils.checks import check_choice

from ..backbones.lcb_darknet import TORCH_INIT
from ..layers.yolo_blocks import BN, SILU, Dres2Layer

CSP = Literal['c3', 'dres2']


@MODELS.register_module()
class LCBPAFPN(YOLOXPAFPN):
    """Path aggregation of YOLOv5, with C3 or the paper's Dres2.

    Wired as mmdet's ``YOLOXPAFPN``, without its last 1x1 convolutions
    unless ``out_channels`` asks for them. Top-down and bottom-up blocks are
    all of one kind.

    Not in the paper: which of the neck's C3s are replaced; here all.

    Args:
        in_channels (Sequence[int]): Channels of the maps, finest first, at
            least two.
        num_csp_blocks (int): Res units in each C3; a Dres2 always has two
            Res2 units.
        csp (str): 'c3' or 'dres2'.
        res2_scale (int): Groups of a Res2 unit.
        add_identity (bool): Whether Res2 units add their input. The Res
            units of the neck's C3s never do.
        out_channels (int, optional): Bring every output to so many channels
            by a 1x1 convolution, as YOLOX's head needs it.
        norm_cfg (dict): Normalisation.
        act_cfg (dict): Activation.
        zero_init_residual (bool): Let every Res2 unit start as the identity,
            its last normalisation at zero, so that the neck learns at first
            as one of C3s without blocks. Not in the paper.
        init_cfg (dict or list[dict], optional): Initialisation.

    Raises:
        ValueError: If ``csp`` is unknown, there is a single level, or the
            channels cannot be divided into ``res2_scale`` groups; or
            ``zero_init_residual`` meets C3s, or units without shortcut.
    """

    def __init__(self,
                 in_channels: Sequence[int],
                 num_csp_blocks: int = 1,
                 *,
                 csp: CSP = 'c3',
                 res2_scale: int = 4,
                 add_identity: bool = True,
                 out_channels: Optional[int] = None,
                 zero_init_residual: bool = False,
                 norm_cfg: ConfigType = BN,
                 act_cfg: ConfigType = SILU,
                 init_cfg: OptMultiConfig = TORCH_INIT) -> None:
        check_choice('csp', csp, CSP)
        if len(in_channels) < 2:
            raise ValueError('LCBPAFPN needs at least two levels, got '
                             f'in_channels={list(in_channels)}')
        if zero_init_residual and csp != 'dres2':
            raise ValueError("zero_init_residual is of Res2 units; set "
                             f"csp='dres2' or leave it out (csp={csp!r})")
        super().__init__(
            in_channels,
            out_channels or 1,
            num_csp_blocks=num_csp_blocks,
            norm_cfg=norm_cfg,
            act_cfg=act_cfg,
            init_cfg=init_cfg)
        if out_channels is None:
            self.out_convs = nn.ModuleList()
        if csp == 'dres2':
            for blocks in (self.top_down_blocks, self.bottom_up_blocks):
                for i, c3 in enumerate(blocks):
                    blocks[i] = Dres2Layer(
                        c3.main_conv.in_channels,
                        c3.final_conv.out_channels,
                        res2_scale,
                        add_identity,
                        norm_cfg=norm_cfg,
                        act_cfg=act_cfg,
                        zero_init_residual=zero_init_residual)

    def forward(self, inputs: Sequence[Tensor]) -> Tuple[Tensor, ...]:
        """Fuse the backbone's maps, down and up again.

        Args:
            inputs (Sequence[Tensor]): Maps of shape (B, C_i, H_i, W_i),
                finest first, each twice the size of the next.

        Returns:
            tuple[Tensor]: Maps of the same sizes, finest first, with the
            same channels unless ``out_channels`` was given.

        Raises:
            ValueError: If the number of maps is wrong, or a map is not twice
                the size of the next.
        """
        if len(inputs) != len(self.in_channels):
            raise ValueError(f'LCBPAFPN was built for '
                             f'{len(self.in_channels)} maps, got '
                             f'{len(inputs)}')
        sizes = [tuple(x.shape[-2:]) for x in inputs]
        for fine, coarse in zip(sizes, sizes[1:]):
            if fine != (2 * coarse[0], 2 * coarse[1]):
                raise ValueError(
                    'height and width of the network\'s input must be '
                    'multiples of its largest stride; the maps measure '
                    f'{sizes}. Set pad_size_divisor in data_preprocessor')
        return super().forward(inputs)
