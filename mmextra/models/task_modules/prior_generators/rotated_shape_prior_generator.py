"""Shape priors of LARSD (Sec. II-B.2)."""
from typing import Dict, List, Optional, Sequence, Tuple, Union

import torch
from mmdet.models.task_modules.prior_generators import MlvlPointGenerator
from torch import Tensor

from mmextra.utils import register_in_both

Shape = Tuple[float, float]


@register_in_both('TASK_UTILS')
class RotatedShapePriorGenerator(MlvlPointGenerator):
    """Several (w, h) shapes without an angle at every location.

    Locations are ``((j + offset) * stride, (i + offset) * stride)``, row by
    row, and at each location the level's shapes in their order. Shapes come
    from k-means over the training boxes
    (``tools/analysis_tools/kmeans_anchors.py``).

    Args:
        strides (Sequence[int]): Stride of each level in pixels.
        anchors (Sequence[Sequence[tuple]], optional): (w, h) in pixels at
            the network's input scale, one list per level, all of the same
            length. None: one square of side ``base_scale * stride`` per
            location, the paper's mode without anchors.
        base_scale (float): Only for ``anchors=None``. Not in the paper.
        offset (float): Position of a location in its cell.

    Raises:
        ValueError: If the lists of shapes do not fit the levels or a shape
            is not positive.
    """

    def __init__(self,
                 strides: Sequence[int],
                 anchors: Optional[Sequence[Sequence[Shape]]] = None,
                 base_scale: float = 8.0,
                 offset: float = 0.5) -> None:
        super().__init__(strides, offset=offset)
        if anchors is None:
            anchors = [[(base_scale * w, base_scale * h)]
                       for w, h in self.strides]
        counts = [len(level) for level in anchors]
        if len(counts) != self.num_levels:
            raise ValueError(
                f'anchors has lists for {len(counts)} levels but strides '
                f'names {self.num_levels}: {list(strides)}')
        if len(set(counts)) != 1 or counts[0] == 0:
            raise ValueError(
                'every level needs the same number of anchors, for the head '
                f'is shared; got {counts} for the strides {list(strides)}')
        self.shapes = [torch.tensor(level, dtype=torch.float32)
                       for level in anchors]
        self._on_device: Dict[torch.device, List[Tensor]] = {}
        for stride, level in zip(strides, self.shapes):
            if level.shape[1:] != (2, ) or not (level > 0).all():
                raise ValueError(
                    'anchors must be pairs (w, h) of positive pixels; '
                    f'stride {stride} has {level.tolist()}')

    @property
    def num_base_priors(self) -> List[int]:
        """list[int]: Number of shapes at a location, per level."""
        return [len(level) for level in self.shapes]

    def single_level_grid_priors(self,
                                 featmap_size: Tuple[int, int],
                                 level_idx: int,
                                 dtype: torch.dtype = torch.float32,
                                 device: Union[str, torch.device] = 'cuda',
                                 with_stride: bool = False) -> Tensor:
        """Priors of one level.

        Args:
            featmap_size (tuple[int, int]): (H, W) of the level.
            level_idx (int): Index of the level.
            dtype (torch.dtype): Type of the result.
            device (str or torch.device): Place of the result.
            with_stride (bool): Part of the host's signature; no stride is
                appended.

        Returns:
            Tensor: (x, y, w, h, 0), shape (H * W * K, 5).
        """
        points = super().single_level_grid_priors(
            featmap_size, level_idx, dtype=dtype, device=device)
        shapes = self._shapes_on(points.device)[level_idx].to(points.dtype)
        # Not of the number of points, which a trace would keep.
        places = points[:, None].expand(-1, len(shapes), -1)
        shapes = torch.zeros_like(places) + shapes
        return torch.cat(
            [places, shapes, torch.zeros_like(places[..., :1])],
            dim=-1).reshape(-1, 5)

    @torch.inference_mode(False)  # or training could not use what is kept
    def _shapes_on(self, device: torch.device) -> List[Tensor]:
        """The shapes of all levels on a device, where they stay."""
        if device not in self._on_device:
            self._on_device[device] = [
                level.to(device) for level in self.shapes]
        return self._on_device[device]

    def single_level_valid_flags(self,
                                 featmap_size: Tuple[int, int],
                                 valid_size: Tuple[int, int],
                                 device: Union[str, torch.device] = 'cuda'
                                 ) -> Tensor:
        """Flags of the priors whose location lies in the image.

        Args:
            featmap_size (tuple[int, int]): (H, W) of the level.
            valid_size (tuple[int, int]): (H, W) of its part that the image
                covers.
            device (str or torch.device): Place of the result.

        Returns:
            Tensor: Bool, shape (H * W * K, ).
        """
        flags = super().single_level_valid_flags(featmap_size, valid_size,
                                                 device)
        return flags.repeat_interleave(self.num_base_priors[0])
