"""The harness finds what is planted, and counts what it should."""
import copy

import numpy as np
import pytest
import torch
from mmcv.ops import batched_nms, nms, roi_align
from torch import nn

from tests.pretend_device.device import DeviceError, PretendGPU, PretendTensor


@pytest.fixture
def gpu():
    with PretendGPU() as gpu:
        yield gpu


class Planted(nn.Module):
    """A convolution, and one line behind it."""

    def __init__(self, line):
        super().__init__()
        self.conv, self.line = nn.Conv2d(3, 4, 3), line
        self.loose = torch.ones(4, 1, 1)  # no buffer: stays on the host
        self.register_buffer('held', torch.ones(4, 1, 1))

    def forward(self, x):
        return self.line(self, self.conv(x))


BUGS = dict(
    arange=lambda m, x: x * torch.arange(6),
    loose=lambda m, x: x * m.loose,
    one=lambda m, x: x * torch.ones(1),
    numpy=lambda m, x: x.detach().numpy(),
    asarray=lambda m, x: np.asarray(x.detach()),
    cat=lambda m, x: torch.cat([x, torch.zeros(1, 4, 6, 6)]),
    stack=lambda m, x: torch.stack([x[0], torch.zeros(4, 6, 6)]),
    index_of_host_tensor=lambda m, x: torch.arange(6)[x.argmax(1)],
    into_host=lambda m, x: torch.zeros(2).add_(x.sum()),
    fill_from_host=lambda m, x: x.detach().index_put_(
        (x.argmax(),), torch.zeros(4, 6, 6)),
    integers=lambda m, x: x.long().flatten(1) @ x.long().flatten(1).t(),
    nms=lambda m, x: nms(x[0, 0, :, :4].contiguous(), torch.rand(6), .5),
    roi=lambda m, x: roi_align(x, torch.zeros(1, 5), (2, 2)))


@pytest.mark.parametrize('bug', BUGS)
def test_planted_bug_is_found(gpu, bug):
    model = Planted(BUGS[bug]).to('cuda:0')
    with pytest.raises((DeviceError, TypeError)):
        model(torch.rand(2, 3, 8, 8).cuda())


def test_sound_model_passes(gpu):
    model = Planted(lambda m, x: x * m.held).to('cuda')
    out = model(torch.rand(2, 3, 8, 8, device='cuda'))
    out.sum().backward()
    assert isinstance(model.conv.weight.grad, PretendTensor)
    assert out.is_cuda and str(out.device) == 'cuda:0'
    assert gpu.ledger.count('sync') == 0


@pytest.mark.parametrize('line, kind, number', [
    (lambda x: x[x > 0], 'sync', 1),
    (lambda x: x.nonzero(), 'sync', 1),
    (lambda x: x.sum().item(), 'sync', 1),
    (lambda x: bool((x > 0).any()), 'sync', 1),
    (lambda x: x.tolist(), 'sync', 1),
    (lambda x: x.cpu().numpy(), 'sync', 1),
    (lambda x: torch.bincount(x.long()), 'sync', 1),
    (lambda x: [int(v) for v in x[:3]], 'sync', 3),
    (lambda x: x.repeat_interleave(torch.ones_like(x).long()), 'sync', 1),
    (lambda x: x.repeat_interleave(torch.ones_like(x).long(),
                                   output_size=6), 'sync', 0),
    (lambda x: x.repeat_interleave(2), 'sync', 0),
    (lambda x: x.masked_fill(x > 0, 0), 'sync', 0),
    (lambda x: x.__setitem__(x > 0, 0.), 'sync', 0),
    (lambda x: x.__setitem__(x > 0, x.sum()), 'sync', 1),
    (lambda x: torch.cuda.synchronize(), 'sync', 1),
    (lambda x: x * 2 + torch.tensor(1.), 'upload', 0),
    (lambda x: x[[0, 1]], 'upload', 1),
    (lambda x: x[torch.tensor([0, 1])], 'upload', 1),
    (lambda x: x.new_tensor([1., 2.]), 'upload', 1),
    (lambda x: torch.tensor([1., 2.], device=x.device), 'upload', 1),
    (lambda x: x.new_zeros(3) + torch.arange(3, device='cuda'), 'upload', 0),
    (lambda x: x.double().sum(), 'float64', 2),
])
def test_what_is_counted(gpu, line, kind, number):
    x = torch.arange(6.).cuda()
    gpu.ledger.reset()
    line(x)
    assert gpu.ledger.count(kind) == number, gpu.ledger.report()


def test_results_and_gradients_are_those_of_the_cpu():
    torch.manual_seed(0)
    boxes, scores = torch.rand(30, 4), torch.rand(30)
    boxes[:, 2:] += boxes[:, :2]
    image, rois = torch.rand(1, 2, 8, 8), torch.tensor([[0., 1, 1, 5, 5]])

    def run(device):
        b, s, x, r = (t.to(device) for t in (boxes, scores, image, rois))
        x = x.clone().requires_grad_()
        found, keep = batched_nms(b, s, torch.zeros_like(s).long(),
                                  dict(type='nms', iou_threshold=.3))
        roi_align(x, r, (3, 3)).square().sum().backward()
        return [t.cpu() for t in (found, keep, x.grad)]

    wanted = run('cpu')
    with PretendGPU() as gpu:
        for got, want in zip(run('cuda'), wanted):
            assert torch.equal(got, want)
        model = copy.deepcopy(Planted(BUGS['loose']).cuda())
        assert isinstance(model.conv.weight, nn.Parameter)
        assert gpu.ledger.held > 0
        del model, got
    # All memory is given back.
    assert gpu.ledger.held == 0


def test_peak_of_memory(gpu):
    x = torch.zeros(1000, device='cuda')
    view = x[10:]
    assert gpu.ledger.peak == 4000
    y = x + 1
    del x, view
    z = y * 2
    assert gpu.ledger.peak == 8000 and gpu.ledger.held == 8000
    del y, z
