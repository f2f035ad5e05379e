import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmextra.models.img_heads import (
    cuts_to_index,
    draws_to_index,
    replication_index,
)
from tests.helpers import worked_case

PAPER = worked_case('covid_ct_mask_net', 'replication_paper_example')
AUTHOR = worked_case('covid_ct_mask_net', 'replication_author')


def test_example_of_the_paper():
    index = draws_to_index(PAPER['n'], torch.tensor(PAPER['draw']))
    assert index.tolist() == PAPER['index'] and len(index) == PAPER['size']
    assert torch.tensor([3, 1, 2])[index].tolist() == PAPER['values']


def test_released_way():
    index = cuts_to_index(torch.tensor(AUTHOR['cuts']), AUTHOR['size'])
    assert index.tolist() == AUTHOR['index']
    assert cuts_to_index(torch.tensor([2, 3]), 5).tolist() == AUTHOR[
        'n3_size5_cuts_2_3']
    generator = torch.Generator().manual_seed(0)
    drawn = {tuple(replication_index(3, 5, 'random', generator).tolist())
             for _ in range(60)}
    assert drawn == set(map(tuple, AUTHOR['all_valid_n3_size5']))


def test_even():
    assert replication_index(3, 8, 'even').tolist() == [0, 0, 0, 1, 1, 1, 2, 2]


@given(st.integers(1, 40), st.integers(0, 40),
       st.sampled_from(['random', 'draw', 'even']), st.integers(0, 9))
def test_keeps_every_rank_in_order(num_rois, more, mode, seed):
    size = num_rois + more
    args = num_rois, size, mode
    index = replication_index(*args, torch.Generator().manual_seed(seed))
    assert index.shape == (size, ) and (index.diff() >= 0).all()
    assert index.unique().tolist() == list(range(num_rois))
    again = replication_index(*args, torch.Generator().manual_seed(seed))
    assert torch.equal(index, again)
    if mode == 'random' and more:
        assert (index == num_rois - 1).sum() >= 2
    if mode == 'even':
        assert index.bincount().max() - index.bincount().min() <= 1


def test_impossible_numbers():
    for num_rois in (0, 6):
        with pytest.raises(ValueError, match='1 to 5'):
            replication_index(num_rois, 5)
    with pytest.raises(ValueError, match='even'):
        replication_index(1, 2, 'copy')
