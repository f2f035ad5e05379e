import pytest
import torch

from mmextra.models.layers import (
    SupportFeatures,
    channel_activation,
    fuse_shots,
    map_to_nodes,
)
from tests.helpers import worked_case


def test_worked_case():
    case = worked_case('gcn_fsod', 'support_shots_mean')
    maps = torch.tensor(case['inputs']['maps'], dtype=torch.float64)
    want = {key: torch.tensor(value, dtype=torch.float64)
            for key, value in case['expected'].items()}
    exact = dict(rtol=0, atol=case['atol'])
    mean = fuse_shots(maps, 2)[0]
    torch.testing.assert_close(mean, want['S_f'], **exact)
    torch.testing.assert_close(map_to_nodes(mean), want['nodes_mean'],
                               **exact)
    whole = fuse_shots(maps, 2, 'concat')[0]
    torch.testing.assert_close(map_to_nodes(whole), want['nodes_concat'],
                               **exact)
    for one in (mean, whole):
        vectors = SupportFeatures(one[None], one[None]).vectors
        torch.testing.assert_close(vectors[0], want['s_f'], **exact)


def test_classes_stay_apart():
    maps = torch.arange(6.).reshape(6, 1, 1, 1)
    assert fuse_shots(maps, 3).flatten().tolist() == [1, 4]
    with pytest.raises(ValueError, match='no multiple of 4'):
        fuse_shots(maps, 4)
    with pytest.raises(ValueError, match='concat'):
        fuse_shots(maps, 3, 'max')


def test_channel_activation_is_a_one_cell_correlation():
    rng = torch.Generator().manual_seed(0)
    query = torch.randn(2, 3, 4, 5, generator=rng)
    vector = torch.randn(3, generator=rng)
    want = torch.nn.functional.conv2d(
        query, vector[:, None, None, None], groups=3)
    torch.testing.assert_close(channel_activation(query, vector), want)
