from copy import deepcopy
from types import SimpleNamespace

import torch
from torch import nn

from mmextra.engine.hooks import ChannelsLastHook
from mmextra.models.layers import LSM


def test_same_results_and_the_maps_follow():
    torch.manual_seed(0)
    # In double precision, for a bias before a batch norm has no gradient.
    plain = nn.Sequential(nn.Conv2d(3, 8, 3), LSM(8, 8),
                          nn.Conv2d(8, 4, 1)).double()
    model = deepcopy(plain)
    hook = ChannelsLastHook()
    hook.before_train(SimpleNamespace(model=model))
    x = torch.rand(2, 3, 18, 18, dtype=torch.double)
    found, wanted = model(x), plain(x)
    torch.testing.assert_close(found, wanted)
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert not wanted.is_contiguous(memory_format=torch.channels_last)
    for out in (found, wanted):
        out.square().sum().backward()
    for one, two in zip(model.parameters(), plain.parameters()):
        torch.testing.assert_close(one.grad, two.grad)
    plain.load_state_dict(model.state_dict())
