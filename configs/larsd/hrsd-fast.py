# LARSD-11 with a cheaper neck: channels are reduced before the 3 x 3
# convolutions, and half as many in the head. Not in the paper.
_base_ = './hrsd.py'

model = dict(
    neck=dict(
        mid_channels=[64, 128, 256], out_channels=64, fuse_order='1x1-3x3'),
    bbox_head=dict(in_channels=64, feat_channels=64))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        name='LARSD-fast',
        dataset='HRSD')
]
