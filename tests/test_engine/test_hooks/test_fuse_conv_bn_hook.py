from types import SimpleNamespace

import pytest
import torch
from mmengine.model import BaseModel, MMDistributedDataParallel
from torch import nn

from mmextra.engine.hooks import FuseConvBNHook


class Model(BaseModel):

    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))

    def forward(self, x):
        return self.block(x)


def norms(model):
    return sum(isinstance(m, nn.BatchNorm2d) for m in model.modules())


@pytest.mark.parametrize('wrapped', [False, True])
def test_test_runs_on_a_fused_copy(wrapped):
    torch.manual_seed(0)
    model = inner = Model().eval()
    inner.block[1].running_mean.normal_()
    inner.block[1].running_var.uniform_(.5, 2)
    if wrapped:
        # As it looks from outside, without processes.
        model = MMDistributedDataParallel.__new__(MMDistributedDataParallel)
        nn.Module.__init__(model)
        model.module = inner
    runner, hook = SimpleNamespace(model=model), FuseConvBNHook()
    x = torch.rand(1, 3, 8, 8)
    wanted = inner(x)
    hook.before_test_epoch(runner)
    fused = runner.model.module if wrapped else runner.model
    assert norms(fused) == 0 and norms(inner) == 1
    torch.testing.assert_close(fused(x), wanted, atol=1e-6, rtol=1e-5)
    hook.after_test_epoch(runner, {})
    assert runner.model is model
    assert (model.module if wrapped else model) is inner
    assert torch.equal(inner(x), wanted)
