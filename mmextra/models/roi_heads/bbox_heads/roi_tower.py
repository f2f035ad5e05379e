"""The towers that regress boxes from the RoI features of pairs."""
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn


class RoITower(BaseModule):
    """Convolutions and mean pooling down to a vector.

    "Several convolutions and mean pooling layers" (section 3.2). Not in the
    paper: which. 1 x 1, mean over 3 x 3, 3 x 3 without padding, 1 x 1, mean
    over the rest, without biases, as Attention RPN's patch relation.

    Args:
        in_channels (int): Channels of the RoI features.
        mid_channels (int): Channels inside.
        out_channels (int): Channels of the last convolution.
        keep_cells (bool): Instead of the last mean the 3 x 3 cells one after
            the other (not in the paper), which tells where in the RoI
            something lies: padded convolutions on each RoI, as ResNet's last
            stage has, tell it too, and without them a mean cannot.
    """

    def __init__(self, in_channels: int, mid_channels: int,
                 out_channels: int, keep_cells: bool = False) -> None:
        super().__init__()
        self.keep_cells = keep_cells
        self.conv1 = nn.Conv2d(in_channels, mid_channels, 1, bias=False)
        self.conv2 = nn.Conv2d(mid_channels, mid_channels, 3, bias=False)
        self.conv3 = nn.Conv2d(mid_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, 7, 7) features to (N, out_channels) vectors, nine times as
        long with ``keep_cells``."""
        x = F.avg_pool2d(F.relu(self.conv1(x)), 3, 1)
        x = F.relu(self.conv3(F.relu(self.conv2(x))))
        return x.flatten(1) if self.keep_cells else x.mean((2, 3))


class EdgeTower(BaseModule):
    """Padded convolutions before a mean pooling to 3 x 3 cells.

    Another reading of "several convolutions and mean pooling layers"
    (section 3.2). :class:`RoITower` pools before any convolution sees more
    than a cell, so that the steps at an object's edges are gone; here two
    3 x 3 see them at the full resolution, and their padding tells where in
    the RoI a cell lies. Then 7 x 7 is pooled to 3 x 3, in windows of three
    that share a row, and the cells stay apart. Without biases.

    Args:
        in_channels (int): Channels of the RoI features.
        mid_channels (int): Channels inside.
        out_channels (int): Channels of the last convolution.
    """

    def __init__(self, in_channels: int, mid_channels: int,
                 out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, mid_channels, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(
            mid_channels, mid_channels, 3, padding=1, bias=False)
        self.conv3 = nn.Conv2d(mid_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, 7, 7) features to (N, 9 out_channels), cell by cell of each
        channel."""
        x = F.relu(self.conv2(F.relu(self.conv1(x))))
        return F.relu(self.conv3(F.avg_pool2d(x, 3, 2))).flatten(1)
