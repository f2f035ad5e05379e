# LARSD-11 on HRSD (Tables I and IV): P2-P4, anchors, LASA.
_base_ = [
    '../_base_/models/larsd_r101.py', '../_base_/datasets/hrsd.py',
    '../_base_/schedules/larsd_90k.py'
]

custom_hooks = [
    dict(
        type='mmdet.BenchmarkHook',
        reference='larsd/table4/LARSD-11/HRSD',
        dataset='HRSD')
]
