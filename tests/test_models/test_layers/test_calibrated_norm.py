import pytest
import torch

from mmextra.models.layers import CalibratedNorm, calibrated_norm


def batches(number):
    rng = torch.Generator().manual_seed(0)
    spread = torch.tensor([1., 5, .2])[:, None, None]
    return [(torch.randn(2, 3, 8, 8, generator=rng) * spread + spread,
             torch.randn(2, 3, 4, 4, generator=rng) * spread + spread)
            for _ in range(number)]


def test_statistics_are_those_of_all_levels_and_batches():
    norm = CalibratedNorm(3)
    for each in batches(8):
        norm(each)
    cells = torch.cat([level.transpose(0, 1).flatten(1)
                       for each in batches(8) for level in each], 1)
    torch.testing.assert_close(norm.running_mean, cells.mean(1))
    torch.testing.assert_close(norm.running_var, cells.var(1), rtol=.05,
                               atol=0)
    norm.eval()
    found = torch.cat([level.transpose(0, 1).flatten(1)
                       for each in batches(8) for level in norm(each)], 1)
    assert found.mean(1).abs().max() < 1e-4
    assert (found.std(1) - 1).abs().max() < .05


def test_later_batches_change_nothing():
    norm = CalibratedNorm(1, num_batches=3)
    for value in (8., 0, 4, 100, 100):
        norm([torch.full((1, 1, 2, 2), value)])
    assert norm.running_mean.item() == pytest.approx(4)
    again = CalibratedNorm(1, num_batches=3)
    again.load_state_dict(norm.state_dict())
    again([torch.full((1, 1, 2, 2), 100.)])
    assert again.running_mean.item() == pytest.approx(4)


def test_a_picture_is_normalised_alike_in_training_and_in_a_test():
    norm = CalibratedNorm(3, num_batches=1)
    first, second = batches(2)
    norm(first)
    trained = norm(second)
    state = {key: value.clone() for key, value in norm.state_dict().items()}
    for ours, theirs in zip(norm.eval()(second), trained):
        assert torch.equal(ours, theirs)
    for key, value in norm.state_dict().items():
        assert torch.equal(value, state[key])


def test_gradient_is_that_of_a_scale():
    """Statistics are no path for it."""
    norm = CalibratedNorm(3)
    norm(batches(1)[0])
    level = batches(2)[1][0].requires_grad_()
    norm([level])[0].sum().backward()
    scale = (norm.running_var + norm.eps).rsqrt()[:, None, None]
    torch.testing.assert_close(level.grad, scale.expand_as(level))


def test_processes_have_the_same_statistics(monkeypatch):
    """Another one has seen features twice as large."""
    monkeypatch.setattr(
        calibrated_norm, 'reduce_mean',
        lambda own: (own + own * own.new_tensor([[4.], [2.]])) / 2)
    norm, alone = CalibratedNorm(3), CalibratedNorm(3)
    norm(batches(1)[0])
    monkeypatch.undo()
    alone(batches(1)[0])
    torch.testing.assert_close(norm.running_mean, alone.running_mean * 1.5)
    torch.testing.assert_close(norm.running_var, alone.running_var * 2.5)


def test_half_precision_is_left():
    norm = CalibratedNorm(2)
    level, = norm([torch.full((1, 2, 4, 4), 300.).bfloat16()])
    assert level.dtype == torch.float32
    assert norm.running_mean.tolist() == [300, 300]


def test_one_deviation_for_all_channels():
    norm = CalibratedNorm(3, per_channel=False)
    norm(batches(1)[0])
    norm.eval()
    found = torch.cat([level.transpose(0, 1).flatten(1)
                       for level in norm(batches(1)[0])], 1)
    assert found.mean(1).abs().max() < 1e-4
    assert found.var(1).mean().item() == pytest.approx(1, abs=1e-3)
    ratio = found.std(1) / norm.running_var.sqrt()
    torch.testing.assert_close(ratio, ratio[:1].expand(3))
