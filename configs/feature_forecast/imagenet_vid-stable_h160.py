# imagenet_vid-stable.py with narrower states, for small devices; not in the
# paper.
_base_ = './imagenet_vid-stable.py'

model = dict(temporal=dict(hidden_channels=160))
