# LARSD-11 whose neck reduces the channels before its 3 x 3 convolutions. Not
# in the paper.
_base_ = './hrsd.py'

model = dict(neck=dict(fuse_order='1x1-3x3'))

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        name='LARSD-reduce_first',
        dataset='HRSD')
]
