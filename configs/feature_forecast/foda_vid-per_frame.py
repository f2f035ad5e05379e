# The detector of foda_vid-pretrain.py alone, tested frame by frame as videos;
# with policy.between its last boxes may be repeated or moved. Not in the
# paper.
_base_ = './foda_vid.py'

model = dict(
    temporal=None,
    scheduler=None,
    loss_forecast=None,
    rollout_cfg=dict(steps=0),
    policy=dict(mode='always_read'))
# Without the scheduler's.
param_scheduler = _base_.param_scheduler[:1]
