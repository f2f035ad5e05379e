"""Fill a batch of ranked RoIs to a fixed number (Section 3, item 2).

Each function gives the rank of the RoI for every place of the batch: a
non-decreasing list that holds every rank, so that each copy stands right
after its original and the order of the ranks is kept.
"""
from typing import Literal, Optional, Union

import torch
from torch import Tensor

from mmextra.utils.checks import check_choice

ReplicationMode = Literal['random', 'draw', 'even']


def cuts_to_index(cuts: Tensor, size: int) -> Tensor:
    """Blocks of copies between cuts.

    Args:
        cuts (Tensor): (n - 1, ) places, ascending, where the second to the
            n-th RoI start; the first starts at 0.
        size (int): Number of places.

    Returns:
        Tensor: (size, ) ranks, 0 to n - 1.
    """
    places = torch.arange(size, device=cuts.device)
    return torch.searchsorted(cuts.contiguous(), places, right=True)


def draws_to_index(num_rois: int, draws: Tensor) -> Tensor:
    """One more copy of each RoI that was drawn.

    Args:
        num_rois (int): Number of RoIs.
        draws (Tensor): (m, ) ranks that were drawn, 0 to num_rois - 1.

    Returns:
        Tensor: (num_rois + m, ) ranks. [3, 1, 2] with the draws 0 and 2
        becomes [3, 3, 1, 2, 2], the example of the paper.
    """
    ranks = torch.arange(num_rois, device=draws.device)
    return torch.cat([ranks, draws]).sort().values


def even_index(num_rois: Union[int, Tensor], size: int) -> Tensor:
    """As many copies of each RoI, one more of the first.

    Args:
        num_rois (int or Tensor): Number n of real RoIs; in a trace a tensor.
        size (int): Size B of the batch.

    Returns:
        Tensor: (B, ) ranks; B // n copies of each, one more of the first
        B % n.
    """
    places = torch.arange(size)
    copies, more = size // num_rois, size % num_rois
    border = more * (copies + 1)
    return torch.where(places < border, places // (copies + 1),
                       more + (places - border) // copies)


def replication_index(num_rois: int,
                      size: int,
                      mode: ReplicationMode = 'even',
                      generator: Optional[torch.Generator] = None,
                      device: Optional[torch.device] = None) -> Tensor:
    """Which RoI stands at which place of the batch.

    Args:
        num_rois (int): Number n of real RoIs, 1 to ``size``.
        size (int): Size B of the batch.
        mode (str): ``'random'``: n - 1 different cuts, drawn from 1 to
            B - 2, so that the last RoI has two copies or more; the released
            code's way. ``'draw'``: B - n RoIs drawn with replacement, the
            paper's words. ``'even'``: B // n copies of each and one more of
            the first B % n; not in the paper, nothing is drawn.
        generator (torch.Generator, optional): Source of the draws, on the
            CPU.
        device (torch.device, optional): Where to put the result.

    Returns:
        Tensor: (B, ) ranks, see the module.

    Raises:
        ValueError: If ``num_rois`` or ``mode`` is not one of those above.
    """
    check_choice('replication', mode, ReplicationMode)
    if not 1 <= num_rois <= size:
        raise ValueError(
            f'{num_rois} RoIs cannot be replicated to {size}: needed are 1 '
            f'to {size}')
    if num_rois == size:
        index = torch.arange(size)
    elif mode == 'random':
        cuts = 1 + torch.randperm(
            size - 2, generator=generator)[:num_rois - 1]
        index = cuts_to_index(cuts.sort().values, size)
    elif mode == 'draw':
        index = draws_to_index(
            num_rois,
            torch.randint(num_rois, (size - num_rois, ), generator=generator))
    else:
        index = even_index(num_rois, size)
    return index.to(device)
