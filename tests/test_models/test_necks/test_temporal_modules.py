import pytest
import torch

from mmextra.models.necks import (
    FeatureForecastModule,
    RecurrentFeatureModule,
    mix_maps,
)
from tests.helpers import fill_lstm_cell, fill_weight, worked_case


def test_read_forecast_read_of_the_worked_case():
    case = worked_case('feature_forecast', 'encoder_pair_residual')
    module = FeatureForecastModule(4, 2, residual=True).double().eval()
    for encoder, attention, cell in ((module.enc1[0], 0.1, 4.2),
                                     (module.enc2[0], 0.2, 4.9)):
        fill_weight(encoder.attention.conv.weight, attention)
        fill_lstm_cell(encoder.cell, cell)
    state, pending = module.init_state(), None
    for expected in case['expected']:
        feats = pending
        if expected['op'] == 'read':
            feats = (torch.tensor(expected['F']).double(), )
        out = module.step(feats, state)
        state, pending = out.state, out.forecast
        seen = module.combine(feats, out.converted)
        for key, found in (('F', feats), ('F_hat_next', out.forecast),
                           ('F_tilde', out.converted), ('F_bar', seen)):
            torch.testing.assert_close(
                found[0], torch.tensor(expected[key]).double(), rtol=0,
                atol=case['tolerance'])


def test_injected_residual_changes_nothing():
    torch.manual_seed(0)
    module = FeatureForecastModule(6, 3, residual=True)
    module.init_weights()
    state = None
    for _ in range(3):
        feat = torch.rand(2, 6, 4, 4)
        out = module.step((feat, ), state)
        state = out.state
        assert torch.equal(out.forecast[0], feat)
        assert torch.equal(out.converted[0], feat)
        for training in (True, False):
            module.train(training)
            assert torch.equal(
                module.combine((feat, ), out.converted)[0], feat)


def test_mix_chooses_for_each_sample():
    feat, converted = torch.zeros(3, 2, 1, 1), torch.full((3, 2, 1, 1), 4.)
    choice = torch.tensor([0, 1, 2])
    for shaped in (choice, choice.reshape(3, 1, 1, 1)):
        mixed = mix_maps(feat, converted, shaped)
        assert mixed[:, 0].flatten().tolist() == [0, 4, 2]


def test_mix_is_drawn_in_training_only_and_keeps_gradients():
    torch.manual_seed(0)
    module = FeatureForecastModule(1, 1, train_mix_probs=(.5, .3, .2))
    feat = torch.zeros(4000, 1, 1, 1)
    converted = torch.full_like(feat, 4.).requires_grad_()
    seen = module.combine((feat, ), (converted, ))[0]
    shares = [(seen == value).float().mean().item() for value in (0, 4, 2)]
    assert shares == pytest.approx([.5, .3, .2], abs=.03)
    # Whatever is drawn, the converted map is in the graph.
    never = module.combine((feat, ), (converted, ),
                           torch.zeros(4000, dtype=torch.long))[0]
    never.sum().backward()
    assert converted.grad is not None and converted.grad.abs().sum() == 0
    module.eval()
    assert (module.combine((feat, ), (converted, ))[0] == 2).all()


@pytest.mark.parametrize('mode, value', [
    ('current', 1.), ('converted', 3.), ('mean', 2.)])
def test_what_the_detector_sees(mode, value):
    module = FeatureForecastModule(1, 1, combine=mode).eval()
    maps = [(torch.full((1, 1, 1, 1), v), ) for v in (1., 3.)]
    assert module.combine(*maps)[0].item() == value
    module.train()
    if mode != 'mean':
        assert module.combine(*maps)[0].item() == value


def test_levels_that_are_not_encoded_are_held():
    torch.manual_seed(0)
    module = FeatureForecastModule(
        (3, 2), (2, 2), levels=(2, 0)).eval()
    feats = tuple(torch.rand(1, c, s, s)
                  for c, s in ((2, 8), (5, 4), (3, 2)))
    out = module.step(feats, None)
    assert out.forecast[1] is feats[1] and out.converted[1] is feats[1]
    for level in (0, 2):
        assert out.forecast[level].shape == feats[level].shape
        assert not torch.equal(out.forecast[level], feats[level])
    seen = module.combine(feats, out.converted)
    assert seen[1] is feats[1]
    torch.testing.assert_close(seen[0], (feats[0] + out.converted[0]) / 2)
    with pytest.raises(ValueError, match='there are 2 maps'):
        module.step(feats[:2], None)


def test_recurrent_module_does_not_forecast():
    torch.manual_seed(0)
    module = RecurrentFeatureModule(4, 2)
    frames = torch.rand(2, 1, 4, 3, 3)
    first = module.step((frames[0], ), None)
    second = module.step((frames[1], ), first.state)
    fresh = module.step((frames[1], ), None)
    assert first.forecast is None and not module.forecasts
    assert not torch.equal(second.converted[0], fresh.converted[0])
    assert module.combine((frames[1], ), second.converted)[0] is \
        second.converted[0]


def test_state_is_no_part_of_the_module():
    module = FeatureForecastModule(3, 2)
    before = set(module.state_dict())
    module.step((torch.rand(1, 3, 2, 2), ), None)
    assert set(module.state_dict()) == before
    assert not list(module.buffers())


@pytest.mark.parametrize('wrong', [
    dict(combine='sum'), dict(train_mix_probs=(.5, .5)),
    dict(train_mix_probs=(.5, .2, .2)), dict(levels=(0, 0)),
    dict(in_channels=(3, 3))])
def test_wrong_arguments(wrong):
    with pytest.raises(ValueError):
        FeatureForecastModule(**{'in_channels': 3, **wrong})
