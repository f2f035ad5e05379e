# The complete model with encoders that predict the change of the map only and
# learn at the rate of the detector; not in the paper.
_base_ = './imagenet_vid.py'

model = dict(temporal=dict(residual=True))
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={'temporal.': dict(lr_mult=1.)}))
