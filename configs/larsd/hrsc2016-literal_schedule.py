# LARSD-11 with the rate "divided by ten for every 10k iterations", taken
# by the letter: after 30k iterations it is 1e-6.
_base_ = './hrsc2016.py'

param_scheduler = [
    dict(type='LinearLR', start_factor=1 / 3, by_epoch=False, begin=0,
         end=500),
    dict(type='StepLR', begin=0, end=90000, by_epoch=False, step_size=10000,
         gamma=0.1)
]
