# Every second frame is read (Fig. 5, "alternates"); takes the checkpoint of
# imagenet_vid.py. Fig. 5 has no numbers.
_base_ = './imagenet_vid.py'

model = dict(policy=dict(mode='alternate', interval=2))
