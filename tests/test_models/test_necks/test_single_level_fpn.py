import pytest
import torch
from mmdet.models.necks import FPN

from mmextra.models.necks import SingleLevelFPN


def test_equals_fpn_of_one_level_on_the_last_map():
    torch.manual_seed(0)
    neck = SingleLevelFPN(6, 8)
    stock = FPN([6], 8, num_outs=1)
    stock.load_state_dict(neck.state_dict())
    maps = [torch.randn(1, 3, 8, 8), torch.randn(1, 6, 4, 4)]
    out, = neck(maps)
    assert torch.equal(out, stock(maps[-1:])[0])
    assert out.shape == (1, 8, 4, 4)


def test_takes_one_number():
    with pytest.raises(TypeError, match='FPN'):
        SingleLevelFPN([64, 128])


def test_has_one_output_alone():
    assert SingleLevelFPN(in_channels=6, num_outs=1).num_outs == 1
    for wrong in (5, 0, None):
        with pytest.raises(ValueError, match=f'num_outs={wrong}'):
            SingleLevelFPN(in_channels=6, num_outs=wrong)
