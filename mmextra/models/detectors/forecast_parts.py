"""Which parts of a feature forecast go together."""
from typing import Any

from mmextra.utils.checks import check_choice, check_keys


def check_parts(model: Any, inserts: Any, scheduler_inputs: Any) -> None:
    """Refuse parts that do not go together.

    Args:
        model (FeatureForecastDetector): With its parts and settings.
        inserts (Any): ``Literal`` of what ``insert`` may be.
        scheduler_inputs (Any): The same of ``scheduler_input``.

    Raises:
        ValueError: If they do not; the text says what to do.
    """
    policy = model.new_policy()
    check_choice('insert', model.insert, inserts)
    check_choice('scheduler_input', model.scheduler_input, scheduler_inputs)
    check_keys('test_cfg', model.test_cfg, ['timing'],
               'score_thr and the like belong into detector.test_cfg')
    if model.insert == 'neck' and not model.detector.with_neck:
        raise ValueError("insert='neck', but the detector has no neck; "
                         "use insert='backbone'")
    check_policy(model, policy)
    if model.forecasts:
        return
    name = type(model.temporal).__name__
    for what, wrong in (('scheduler', model.scheduler is not None),
                        ('loss_forecast', model.loss_forecast is not None),
                        ('rollout_cfg.steps', model.rollout_cfg.steps)):
        if wrong:
            raise ValueError(
                f'{what} needs a temporal module that forecasts, and {name} '
                'does not; set scheduler=None, loss_forecast=None and no '
                'rollout_cfg')


def check_policy(model: Any, policy: Any) -> None:
    """Refuse a policy that the model cannot follow.

    Args:
        model (FeatureForecastDetector): The model.
        policy (ReadPolicy): The policy.

    Raises:
        ValueError: If it cannot; the text says what to do.
    """
    if policy.reads_all:
        return
    if policy.asks_scheduler and model.scheduler is None:
        raise ValueError(
            "policy mode 'scheduler' needs a scheduler; give one, or "
            "set policy=dict(mode='always_read')")
    if policy.forecasts and not model.forecasts:
        raise ValueError(
            f'policy mode {policy.mode!r} needs a temporal module that '
            f'forecasts, and {type(model.temporal).__name__} does not; set '
            "policy=dict(mode='always_read'), or show the last boxes where "
            "a frame is not read by between='repeat' or 'move'")
