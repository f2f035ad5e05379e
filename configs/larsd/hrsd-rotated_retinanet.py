# mmrotate's rotated RetinaNet on HRSD, data and schedule of LARSD.
# Not a row of the paper; the stock one-stage peer.
_base_ = [
    '../_base_/models/rotated_retinanet_r101.py',
    '../_base_/datasets/hrsd.py', '../_base_/schedules/larsd_90k.py'
]

custom_hooks = [dict(type='mmdet.BenchmarkHook', dataset='HRSD')]
