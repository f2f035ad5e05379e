# The complete model with p = 0.5 (Fig. 4); takes the checkpoint of
# imagenet_vid.py. Fig. 5 has no numbers.
_base_ = './imagenet_vid.py'

model = dict(policy=dict(threshold=0.5))
