import pytest
from mmdet.registry import PARAM_SCHEDULERS
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from torch import nn

from mmextra.engine.schedulers import GroupMultiStepLR
from tests.helpers import TOOLS, worked_case

SCHEDULE = TOOLS.parent / 'configs/_base_/schedules/feature_forecast_40e.py'


class Model(nn.Module):
    """Parts named as those of the detector."""

    def __init__(self):
        super().__init__()
        for name in ('detector', 'temporal', 'scheduler'):
            setattr(self, name, nn.Sequential(nn.Linear(1, 1)))


def test_schedule_of_the_paper():
    init_default_scope('mmdet')
    cfg, model = Config.fromfile(SCHEDULE), Model()
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    schedulers = [PARAM_SCHEDULERS.build(
        each, default_args=dict(optimizer=wrapper))
        for each in cfg.param_scheduler]
    phase, = [h for h in cfg.custom_hooks if 'decision_begin' in h]
    rates = []
    for _ in range(cfg.train_cfg.max_epochs):
        rates.append([wrapper.param_groups[k]['lr'] for k in (0, 2, 4)])
        wrapper.optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    table = worked_case('feature_forecast', 'lr_by_epoch')['table']
    assert len(rates) == 40 and len(table) > 5
    for row in table:
        epoch = row['epoch0']
        assert rates[epoch] == pytest.approx(
            [row[k] for k in ('backbone_detector', 'encoder', 'scheduler')])
        assert row['scheduler_loss_active'] == (
            epoch >= phase['decision_begin'])
        assert row['thinning'] == (epoch < phase['thinning_off'])


def test_unknown_group_is_told():
    wrapper = build_optim_wrapper(
        Model(), dict(optimizer=dict(type='SGD', lr=.1)))
    with pytest.raises(ValueError, match="groups \\['main'\\]"):
        GroupMultiStepLR(wrapper, group='scheduler', milestones=[1])
