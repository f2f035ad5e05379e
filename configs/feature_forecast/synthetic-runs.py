# synthetic.py with forecasts trained for what the detector finds in runs of
# two, and an error that weighs more where the map changes. Not in the paper.
_base_ = './synthetic.py'

model = dict(
    loss_forecast=dict(motion_weight=1.),
    rollout_cfg=dict(steps=2, head_weight=1.))
