# mmrotate's rotated RetinaNet on HRSC2016, data and schedule of LARSD.
# Not a row of the paper; the stock one-stage peer.
_base_ = [
    '../_base_/models/rotated_retinanet_r101.py',
    '../_base_/datasets/hrsc2016.py', '../_base_/schedules/larsd_90k.py'
]

custom_hooks = [dict(type='mmdet.BenchmarkHook', dataset='HRSC2016')]
