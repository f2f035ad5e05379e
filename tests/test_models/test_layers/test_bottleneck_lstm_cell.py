import pytest
import torch
import torch.nn.functional as F

from mmextra.models.layers import BottleneckLSTMCell, lstm_update
from tests.helpers import fill_lstm_cell, worked_case


def test_two_steps_of_the_worked_case():
    case = worked_case('feature_forecast', 'lstm_step_relu6')
    cell = BottleneckLSTMCell(2, 2).double()
    fill_lstm_cell(cell, 0.3)
    state, hidden = None, torch.zeros(1, 2, 3, 3, dtype=torch.float64)
    for t, expected in enumerate(case['expected']):
        x = torch.tensor(case['inputs'][f'x{t}'], dtype=torch.float64)
        found = dict(bottleneck=cell.bottleneck(x, hidden))
        out, state = cell(x, state)
        hidden = state[0].double()
        found.update(h=state[0], c=state[1])
        for key, value in found.items():
            torch.testing.assert_close(
                value.double(), torch.tensor(expected[key]).double(),
                rtol=0, atol=1e-5)
        assert torch.equal(out, hidden)


def test_relu_differs_from_relu6_above_six():
    gates = torch.full((1, 4, 1, 1), 20.)
    for act, most in ((F.relu6, 6.), (F.relu, 20.)):
        hidden, cell = lstm_update(gates, torch.zeros(1, 1, 1, 1), act)
        assert cell.item() == pytest.approx(most, rel=1e-6)
        assert hidden.item() == pytest.approx(most, rel=1e-6)
    gates[:] = 0
    _, cell = lstm_update(gates, torch.ones(1, 1, 1, 1), F.relu, 1.0)
    assert cell.item() == pytest.approx(1 / (1 + 2.718281828**-1))
    _, cell = lstm_update(gates, torch.full((1, 1, 1, 1), 9.), F.relu,
                          clip_state=2.)
    assert cell.item() == 2


def test_projection_and_residual():
    torch.manual_seed(0)
    x = torch.randn(2, 6, 4, 5)
    plain = BottleneckLSTMCell(6, 3, out_channels=6)
    plain.init_weights()
    out, (hidden, cell) = plain(x)
    assert out.shape == x.shape and hidden.shape == cell.shape == (2, 3, 4, 5)
    assert out.abs().sum() > 0
    for initialised in (False, True):
        start = BottleneckLSTMCell(6, 3, out_channels=6, residual=True)
        if initialised:
            start.init_weights()
        out, state = start(x)
        assert torch.equal(out, x)
        out, _ = start(x, state, skip=2 * x)
        assert torch.equal(out, 2 * x)
    literal = BottleneckLSTMCell(6, 6, out_channels=6)
    assert literal.proj is None
    with pytest.raises(ValueError, match='out_channels=6'):
        BottleneckLSTMCell(6, 3, residual=True)


def test_the_first_state_is_worth_learning_from():
    torch.manual_seed(0)
    cell = BottleneckLSTMCell(320, 64, out_channels=320)
    cell.init_weights()
    x = torch.rand(2, 320, 5, 5)
    _, (hidden, _) = cell(x)
    assert hidden.std() > 0.05 * x.std()
    assert not cell.b_pw.bias.any() and not cell.proj.bias.any()


def test_gradients_reach_every_weight_and_the_first_frame():
    torch.manual_seed(0)
    cell = BottleneckLSTMCell(3, 4, out_channels=3)
    frames = torch.rand(3, 1, 3, 5, 5, requires_grad=True)
    state = None
    for frame in frames:
        out, state = cell(frame, state)
    out.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0
               for p in cell.parameters())
    assert frames.grad[0].abs().sum() > 0


def test_state_is_float32_under_autocast():
    cell = BottleneckLSTMCell(4, 3, out_channels=4)
    with torch.autocast('cpu', torch.bfloat16):
        _, state = cell(torch.rand(1, 4, 3, 3))
        _, state = cell(torch.rand(1, 4, 3, 3).bfloat16(), state)
    assert {each.dtype for each in state} == {torch.float32}


def test_state_of_other_maps_is_refused():
    cell = BottleneckLSTMCell(2, 2)
    _, state = cell(torch.rand(1, 2, 3, 3))
    with pytest.raises(ValueError, match='start a new video'):
        cell(torch.rand(1, 2, 4, 3), state)
